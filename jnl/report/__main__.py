"""Make one page from workdirs, with every figure and table as files beside it.

python -m jnl.report WORKDIR... --out report/ [--baseline standard]
    [--label-wave-window 3] [--label-wave-patience 3]

A WORKDIR is a folder that train.py --workdir wrote, or a folder that contains such folders. The page is
report/index.html.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from jnl.core.errors import exit_code
from jnl.ops.curves import LABEL_WAVE, LabelWave
from jnl.report.cells import BASELINE
from jnl.report.report import write


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, or 2 for an error that the user can correct."""
    parser = argparse.ArgumentParser("python -m jnl.report", description=__doc__.partition("\n")[0])
    parser.add_argument("workdirs", nargs="+", type=Path, metavar="WORKDIR")
    parser.add_argument("--out", type=Path, required=True, help="the folder for the page and its files")
    parser.add_argument("--baseline", default=BASELINE, help="the strategy that others are compared with")
    for name, epochs, text in (
        ("window", LABEL_WAVE.window, "number of epochs over which Label Wave averages changes of predictions"),
        ("patience", LABEL_WAVE.patience, "number of epochs without a lower average after which Label Wave stops"),
    ):
        parser.add_argument(f"--label-wave-{name}", type=int, default=epochs, metavar="EPOCHS", help=text)
    asked = parser.parse_args(arguments)
    return exit_code(
        lambda: write(
            asked.workdirs,
            asked.out,
            asked.baseline,
            LabelWave(asked.label_wave_window, asked.label_wave_patience),
        )
    )


if __name__ == "__main__":
    sys.exit(main())
