"""Lists in text files, as published data sets have them."""

from pathlib import Path

from jnl.errors import UserError


def lines(path: Path, least: int, owner: str) -> list[list[str]]:
    """The words of each line that is not empty.

    Raises:
      UserError: no such file, not text, or a line with fewer than `least` words; says that it belongs to `owner`.
    """
    try:
        rows = [line.split() for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"data.dir: cannot read {path} ({error}); give the folder of {owner} as it was unpacked"
        ) from error
    for number, row in enumerate(rows, 1):
        if len(row) < least:
            raise UserError(f"data.dir: line {number} of {path} has {len(row)} words, not {least}")
    return rows
