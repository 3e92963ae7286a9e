"""The files that a study writes."""

import csv
import json
from pathlib import Path

import numpy as np

from jnl.results.provenance import record
from jnl.studies.settings import Settings, StudyResult
from jnl.support.errors import UserError
from jnl.support.json_values import Json, without_nan
from jnl.support.paths import check_own


def create(folder: Path) -> None:
    """Create the folder for the files of a study.

    Raises:
      UserError: the folder cannot be created, or holds other files.
    """
    check_own(folder, "numbers.json", "study")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(error, folder) from error


def write(folder: Path, name: str, settings: Settings, found: StudyResult, seconds: float) -> None:
    """Write the files of a study.

    They are `numbers.json` (command, versions, settings, seeds, seconds, summary), a CSV file for each table, and the
    figure as SVG and PNG.

    Args:
      folder: an existing folder.
      name: the name of the study.
      settings: the settings of the study.
      found: the result of the study.
      seconds: how long the study took.

    Raises:
      UserError: a file cannot be written.
    """
    content: dict[str, Json] = {
        "study": name,
        **record(),
        "settings": settings._asdict(),
        "seeds": list(range(1, settings.seeds + 1)),
        "seconds": round(seconds, 1),
        "summary": without_nan(found.summary),
    }
    try:
        (folder / "numbers.json").write_text(json.dumps(content, indent=1) + "\n", "utf-8")
        for title, rows in found.tables.items():
            with (folder / f"{title}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
        for kind in ("svg", "png"):
            found.figure.savefig(folder / f"figure.{kind}", dpi=120)
    except OSError as error:
        raise _unusable(error, folder) from error


def _unusable(error: OSError, folder: Path) -> UserError:
    """Return the error for a folder that cannot be written."""
    return UserError(f"--out: cannot write {error.filename or folder} ({error.strerror}); give another folder")


def rounded(value: float | np.floating | np.integer, digits: int = 5) -> float:
    """Return a number rounded for a table."""
    return round(float(value), digits)


def mean_and_std(values: np.ndarray) -> dict[str, Json]:
    """Return the mean and standard deviation (ddof 0) of values [S]."""
    return {"mean": rounded(values.mean()), "std": rounded(values.std())}
