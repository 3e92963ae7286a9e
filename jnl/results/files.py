"""The names of the files in a workdir, and a reader for files that `xz` has packed."""

import lzma
from pathlib import Path

from jnl.support.errors import reason

CONFIG = "config.json"  # the settings, versions, device and revision of a training
METRICS = "metrics.jsonl"  # one row for each run and epoch
MODEL = "model.json"  # the form of the networks and of their inputs, for predictions
SUMMARY = "summary.json"  # written when all programs are over
PARTIAL_SUMMARY = "summary-so-far.json"  # summary of the programs that are over, while others train
CHECKPOINTS = "checkpoints"
LEFT_OUT = "left_out"  # the folder with lists of the labels that a strategy takes for wrong
TENSORBOARD = "tensorboard"
REPORT = "report"  # the folder with the page of `config.report`


def metrics_file(workdir: Path) -> Path:
    """Return the path of `metrics.jsonl`, or of the packed file `metrics.jsonl.xz` if only that exists."""
    file = workdir / METRICS
    packed = file.with_suffix(".jsonl.xz")
    return packed if packed.exists() and not file.exists() else file


def unpacked(file: Path) -> str:
    """Return the text of a file. The file may be packed by `xz`.

    Raises:
      OSError: if the file cannot be read, or is neither UTF-8 text nor packed text.
    """
    try:
        with lzma.open(file) if file.suffix == ".xz" else file.open("rb") as content:
            return content.read().decode()
    except (EOFError, lzma.LZMAError, UnicodeDecodeError) as error:
        raise OSError(reason(error)) from error
