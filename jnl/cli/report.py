"""Make one page from workdirs, with every figure and table as files beside it.

jnl report WORKDIR... --out report/ [--baseline standard]
    [--label-wave-window 3] [--label-wave-patience 3]

A WORKDIR is a folder that --workdir of a training named, or a folder that contains such folders. The page is
report/index.html. The folder --out must be new or empty, or hold an earlier report.
"""

import argparse
from collections.abc import Sequence

from jnl.ops.curves import LABEL_WAVE, LabelWave
from jnl.report.comparing import BASELINE
from jnl.support.paths import expanded


def main(arguments: Sequence[str]) -> int:
    """Run the command and return the exit code 0."""
    parser = argparse.ArgumentParser(
        "jnl report", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workdirs", nargs="+", type=expanded, metavar="WORKDIR")
    parser.add_argument("--out", type=expanded, required=True, help="the folder for the page and its files")
    parser.add_argument("--baseline", default=BASELINE, help="the method that others are compared with")
    for name, epochs, text in (
        ("window", LABEL_WAVE.window, "number of epochs over which Label Wave averages changes of predictions"),
        ("patience", LABEL_WAVE.patience, "number of epochs without a lower average after which Label Wave stops"),
    ):
        parser.add_argument(f"--label-wave-{name}", type=int, default=epochs, metavar="EPOCHS", help=text)
    asked = parser.parse_args(arguments)
    label_wave = LabelWave(asked.label_wave_window, asked.label_wave_patience)
    from jnl.report.report import write  # Matplotlib takes half a second to import

    print(write(asked.workdirs, asked.out, asked.baseline, label_wave))
    return 0
