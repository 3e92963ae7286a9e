"""The files of code that a training runs, with a digest of each. A training continues only if none has changed."""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from jnl.results.own_code import full_name, imported_names, sources
from jnl.support.json_values import Json

_PACKAGE = Path(__file__).parents[1]  # all of jnl
# Folders of plug-ins: a training runs only those that it names, and what these import.
PLUGINS = ("strategies", "models", "data/sources", "noise/kinds")
# Folders that no training runs. The settings of methods are values of the config.
_OTHERS = (
    "benchmark", "cli", "inference", "label_audit", "report", "studies", "testing", "settings/methods",
    "settings/experiments",
)  # fmt: skip
_log = logging.getLogger(__name__)


def digests(used: Iterable[str], own: Iterable[object] = ()) -> dict[str, str]:
    """Return the SHA-256 of each file that a training runs: path inside jnl -> hexadecimal digest.

    Args:
      used: plug-ins that the training names, such as `strategies/jocor`.
      own: classes and functions of the caller that the training runs; `own_code.sources` says which code is theirs.
    """
    mine = dict[str, bytes]()
    for each in own:
        try:
            mine |= sources(each)
        except (OSError, TypeError, SyntaxError):
            _log.warning(
                "the source of %s is unknown, so a resumed training cannot tell whether it changed", full_name(each)
            )
    chosen = tuple(f"{folder}/" for folder in (*PLUGINS, *_OTHERS))
    every = {path.relative_to(_PACKAGE).as_posix() for path in _PACKAGE.rglob("*.py")}
    files = {file for file in every if not file.startswith(chosen)}
    waiting = [*(f"{folder}/__init__.py" for folder in PLUGINS), *(f"{name}.py" for name in used)]
    for source in mine.values():
        waiting += _imported(source)
    while waiting:
        file = waiting.pop()
        if file in every and file not in files:
            files.add(file)
            waiting += _imported((_PACKAGE / file).read_bytes())
    contents = {file: (_PACKAGE / file).read_bytes() for file in sorted(files)} | mine
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def of_others(code: Json) -> dict[str, str]:
    """Return the digests of the caller's own code: name of a function, class or module -> digest.

    Args:
      code: what a workdir records. Older versions of jnl recorded one digest for all files, or none.
    """
    files = code if isinstance(code, Mapping) else {}
    return {name: str(digest) for name, digest in files.items() if not name.endswith(".py")}


def _imported(source: bytes) -> Iterator[str]:
    """Yield the files of jnl that a source may import."""
    try:
        names = imported_names(source)
    except SyntaxError:  # the line of a script that has a lambda
        return
    for package, *parts in (name.split(".") for name in names):
        if package == _PACKAGE.name:
            yield from (f"{'/'.join(some)}.py" for some in (parts, parts[:-1]))
