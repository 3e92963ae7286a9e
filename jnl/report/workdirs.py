"""Find the workdirs that are the given folders or inside them."""

from collections.abc import Sequence
from pathlib import Path

from jnl.results.files import CONFIG, METRICS, PARTIAL_SUMMARY, SUMMARY, metrics_file
from jnl.results.metrics_file import parsed
from jnl.support.errors import UserError
from jnl.support.json_values import as_object

# errors that a file causes if its content is not what jnl writes
WRONG = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)


def workdirs(paths: Sequence[Path]) -> list[Path]:
    """Return the workdirs that are these paths or inside them, each once.

    Raises:
      UserError: if a path is no workdir and has none inside.
    """
    return list(dict.fromkeys(workdir for path in paths for workdir in _inside(path)))


def unfinished(paths: Sequence[Path]) -> list[Path]:
    """Return the workdirs whose training is not finished."""
    return [workdir for workdir in workdirs(paths) if not (workdir / SUMMARY).exists()]


def _inside(path: Path) -> list[Path]:
    """Return the path if it is a workdir, else the workdirs inside it. Raise `UserError` if there are none."""
    if any((path / name).exists() for name in (CONFIG, METRICS, SUMMARY)):
        return [path]
    inside = sorted(file.parent for file in path.rglob(CONFIG) if _is_of_a_training(file))
    if not inside:
        raise UserError(
            f"workdir: neither {path} nor a folder inside it has {CONFIG}; give the --workdir of a training"
        )
    return inside


def _is_of_a_training(file: Path) -> bool:
    """Return whether a `config.json` belongs to a training. Other programs write files of this name, too."""
    folder = file.parent
    if any((folder / name).exists() for name in (SUMMARY, PARTIAL_SUMMARY)) or metrics_file(folder).exists():
        return True
    try:
        return "fingerprint" in as_object(parsed(file.read_text("utf-8")))
    except (OSError, UserError, *WRONG):
        return False
