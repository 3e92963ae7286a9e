"""Export a trained model to files that work without jnl.

jnl export WORKDIR [--out model] [--point TITLE] [--run N] [--network N] [--model MODULE:NAME]

The folder has the program (StableHLO, for CPU, CUDA and TPU), its weights (safetensors), the names of the classes, of
texts the words, and a README with the lines that load the program. The README also says how inputs are made. The folder
must be new or empty, or hold an earlier export.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from jnl.cli._choice import add_choice
from jnl.inference.export import export
from jnl.inference.load import load
from jnl.support.paths import expanded


def main(arguments: Sequence[str]) -> int:
    """Run the command and return the exit code 0."""
    parser = argparse.ArgumentParser(
        "jnl export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workdir", type=expanded, metavar="WORKDIR")
    parser.add_argument("--out", type=expanded, default=Path("model"), help="the folder to write")
    add_choice(parser)
    asked = parser.parse_args(arguments)
    files = export(
        load(asked.workdir, model=asked.model), asked.out, point=asked.point, run=asked.run, network=asked.network
    )
    for file in files:
        print(f"{file} ({file.stat().st_size:,} bytes)")
    return 0
