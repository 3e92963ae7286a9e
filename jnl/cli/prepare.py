"""Download a data set once and write it in the form that jnl reads.

jnl prepare mnist [--dir=DIR]

This needs TensorFlow, once: pip install tensorflow. Training does not need it.
"""

import argparse
from collections.abc import Sequence

from jnl.data.download import PREPARED, prepare


def main(arguments: Sequence[str]) -> int:
    """Run the command and return the exit code 0."""
    parser = argparse.ArgumentParser(
        "jnl prepare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", help=f"{', '.join(PREPARED)}, or another name of TFDS")
    parser.add_argument("--dir", help="where to write (default: the TFDS directory)")
    asked = parser.parse_args(arguments)
    print(f"{asked.name} is ready in {prepare(asked.name, asked.dir)}")
    return 0
