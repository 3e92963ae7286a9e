"""Find the image files in a folder. Files are images by their content, whatever their names."""

import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from jnl.data.notes import doubt

ENDINGS = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
_OTHER = {".heic", ".heif", ".avif", ".jp2", ".j2k", ".jxl", ".svg", ".tga", ".psd", ".dng", ".nef", ".cr2", ".dcm"}
_SYSTEM = {
    "__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "#recycle", "$recycle.bin", "lost+found",
    "system volume information", "icon\r", "__pycache__",
}  # fmt: skip
_STARTS = (b"GIF8", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_HIDDEN, _LINK = "files and folders that are hidden or of the operating system", "links to a folder above or to nothing"
_RESULTS = "folders with results of jnl"

SYSTEM = (_HIDDEN, _LINK, _RESULTS)  # reasons why files that are no data were skipped


class Found(NamedTuple):
    """The image files in a folder, at any depth."""

    paths: list[Path]  # in the order of their parts
    skipped: Counter[str]  # reason -> number of files or folders
    deeper: int = 0  # number of images in folders inside the folder


def is_hidden(name: str) -> bool:
    """Return whether a file or folder is hidden, or belongs to an operating system."""
    return name[0] == "." or name.lower() in _SYSTEM


def folders(root: Path) -> list[str]:
    """Return the names of the folders in `root` in alphabetical order; none if `root` is not a folder.

    Folders with results of jnl are left out, so that a training or an audit can write into the folder that it reads.
    """
    if not root.is_dir():
        return []
    with os.scandir(root) as entries:
        names = sorted(entry.name for entry in entries if not is_hidden(entry.name) and entry.is_dir())
    return [name for name in names if not _holds_results(root / name)]


def folders_of_results(root: Path) -> list[str]:
    """Return the names of the folders in `root` with results of jnl: trainings, audits and reports."""
    with os.scandir(root) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir() and _holds_results(root / entry.name))


def hidden_folders(root: Path) -> list[str]:
    """Return the names of the folders in `root` that begin with a dot, in alphabetical order."""
    with os.scandir(root) as entries:
        return sorted(entry.name for entry in entries if entry.name[0] == "." and entry.is_dir())


def find(root: Path, deep: bool = True) -> Found:
    """Return the image files in a folder; none if it is not a folder. Symbolic links are followed.

    Args:
      root: the folder.
      deep: also look into the folders inside.
    """
    found: list[tuple[str, ...]] = []
    skipped: Counter[str] = Counter()

    def look(folder: str, parts: tuple[str, ...], above: tuple[str, ...], link: str = "") -> None:
        here = os.path.realpath(folder)
        if here in above or f"{link}{os.sep}".startswith(f"{here}{os.sep}"):
            skipped[_LINK] += 1
            return
        with os.scandir(folder) as entries:
            for entry in entries:
                ending = os.path.splitext(entry.name)[1].lower()
                if is_hidden(entry.name):
                    skipped[_HIDDEN] += 1
                elif entry.is_dir():
                    if deep and _holds_results(entry.path):
                        skipped[_RESULTS] += 1
                    elif deep:
                        link = here if entry.is_symlink() else ""
                        look(entry.path, (*parts, entry.name), (*above, here), link)
                elif _is_image(entry):
                    found.append((*parts, entry.name))
                elif not os.path.exists(entry.path):
                    skipped[_LINK] += 1
                else:
                    skipped[ending or "no ending"] += 1

    if root.is_dir():
        look(str(root), (), ())
    deeper = sum(len(parts) > 1 for parts in found)
    return Found([root.joinpath(*parts) for parts in sorted(found)], skipped, deeper)


def notes(found: Sequence[Found]) -> list[str]:
    """Return sentences about what was not read in some folders, and about what lay deeper."""
    skipped = sum((each.skipped for each in found), Counter[str]())
    kinds = {reason: count for reason, count in skipped.items() if reason not in SYSTEM}
    said = []
    if deeper := sum(each.deeper for each in found):
        said.append(f"images in folders inside the folder of a class are of this class: {deeper:,}")
    if kinds:
        each = ", ".join(f"{count:,} {ending}" for ending, count in sorted(kinds.items()))
        said.append(f"files that are not images were not read: {each}")
        if other := sorted(_OTHER & kinds.keys()):
            said.append(f"images of kinds that jnl does not read were left out: {', '.join(other)}; convert them")
            doubt(f"data.dir: {said[-1]}")
    said += [f"{reason} were not read: {skipped[reason]:,}" for reason in SYSTEM if skipped[reason]]
    return said


def _holds_results(folder: str | os.PathLike[str]) -> bool:
    """Return whether jnl wrote a folder, or whether it holds such folders and no images beside them."""
    here = Path(folder)
    of_report = all(os.path.isfile(here / name) for name in ("index.html", "measurements.csv"))
    if of_report or os.path.isfile(here / "audit.json") or any(here.glob("trainings/*.npz")):
        return True
    try:
        recorded = json.loads((here / "config.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):  # there is none, or it is of another program
        recorded = None
    if isinstance(recorded, dict) and isinstance(recorded.get("config"), dict):
        return True
    has_results = False
    with os.scandir(here) as entries:
        for entry in entries:
            if is_hidden(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False) and _holds_results(entry.path):
                has_results = True
            elif entry.is_dir() or _is_image(entry):
                return False
    return has_results


def _is_image(entry: "os.DirEntry[str]") -> bool:
    """Return whether a file is an image by its name or by its content."""
    return os.path.splitext(entry.name)[1].lower() in ENDINGS or (entry.is_file() and _holds_image(entry.path))


def _holds_image(path: str) -> bool:
    """Return whether a file begins like an image of a format that jnl reads."""
    try:
        with open(path, "rb") as file:
            start = file.read(16)
    except OSError:
        return False
    bitmap = start[:2] == b"BM" and start[6:10] == bytes(4)
    netpbm = len(start) > 3 and start[:1] == b"P" and start[1:2] in b"123456" and start[2:3] in b" \t\r\n"
    netpbm = netpbm and start[3:4] in b"#0123456789"
    webp = start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    return start.startswith(_STARTS) or webp or bitmap or netpbm
