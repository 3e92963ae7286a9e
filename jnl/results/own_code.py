"""The code of the caller that a training runs: the file of a method or network, and those that it imports beside it."""

import ast
import inspect
import sys
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path
from types import ModuleType


def full_name(own: object) -> str:
    """Return the module and the name of a class or function, such as `my_methods.weighted`."""
    return f"{getattr(own, '__module__', '')}.{getattr(own, '__qualname__', repr(own))}"


def sources(own: object) -> dict[str, bytes]:
    """Return the source of a class or function and of all that its file imports from its own package or folder.

    If it is in the script or notebook that trains, these are its own lines alone. Of an installed package it is the
    file that has the class or function: an installation does not change while a training waits.

    Returns:
      Name -> source. The first name is that of the class or function. The others are names of modules.

    Raises:
      OSError, TypeError: it has no source, for example because it is a function of C.
      SyntaxError: its file has changed since it was imported, and is no Python now.
    """
    alone, module = inspect.getsource(own), inspect.getmodule(own)  # type: ignore[arg-type]
    if module is None or module.__name__ == "__main__":
        return {full_name(own): alone.encode()}
    waiting, found = [module], dict[str, bytes]()
    while waiting:
        each = waiting.pop()
        if each.__name__ not in found:
            found[each.__name__] = Path(str(each.__file__)).read_bytes()
            waiting += [other for other in _imported(each, found[each.__name__]) if _beside(other, module)]
    return {full_name(own): found.pop(module.__name__), **found}


def imported_names(source: bytes, package: str | None = None) -> list[str]:
    """Return what a source imports, such as `jnl.losses` or `jnl.ops.losses.cross_entropy`, in alphabetical order.

    Args:
      source: the source of a module.
      package: the package of the module, for imports such as `from . import losses`.

    Raises:
      SyntaxError: it is no Python.
    """
    names = set[str]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            try:
                origin = resolve_name("." * node.level + (node.module or ""), package)
            except ImportError:  # beside another line that imports it otherwise
                continue
            names |= {f"{origin}.{alias.name}" for alias in node.names}
    return sorted(names)


def _imported(module: ModuleType, source: bytes) -> Iterator[ModuleType]:
    """Yield the modules that a module imports, and the packages that they are in."""
    for name in imported_names(source, module.__package__):
        parts = name.split(".")
        for number in range(1, len(parts) + 1):
            if isinstance(loaded := sys.modules.get(".".join(parts[:number])), ModuleType):
                yield loaded


def _beside(other: ModuleType, module: ModuleType) -> bool:
    """Return whether a module is a file of Python in the package of `module` or, if it has none, in its folder.

    The files of jnl are none of these: `code_files` has those that train.
    """
    file, origin = (Path(getattr(each, "__file__", None) or "") for each in (other, module))
    if file.suffix != ".py" or {"site-packages", "dist-packages"} & {*origin.parts}:
        return False
    package = module.__name__.partition(".")[0]
    if package == __name__.partition(".")[0]:
        return False
    return other.__name__.partition(".")[0] == package or (package == module.__name__ and file.parent == origin.parent)
