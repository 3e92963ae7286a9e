"""The code of the caller that a training runs: the file of a method or network, and those that it imports beside it."""

import ast
import inspect
import symtable
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import resolve_name
from pathlib import Path
from textwrap import dedent
from types import FunctionType, ModuleType


def full_name(own: object) -> str:
    """Return the module and the name of a class or function, such as `my_methods.weighted`."""
    return f"{getattr(own, '__module__', '')}.{getattr(own, '__qualname__', repr(own))}"


def sources(own: object) -> dict[str, bytes]:
    """Return the source of a class or function and of all that its file imports from its own package or folder.

    If it is in the script or notebook that trains, these are its own lines and what the names in them stand for: other
    functions and classes of the script, numbers and texts, and the files beside the script that they come from. Of an
    installed package it is the file that has the class or function: an installation does not change while a training
    waits.

    Returns:
      Name -> source, or the value of a number or text. The name of the class or function is among them. The others are
      names of modules, or of what the script defines.

    Raises:
      OSError, TypeError: it has no source, for example because it is a function of C.
      SyntaxError: its file has changed since it was imported, and is no Python now.
    """
    alone, module = inspect.getsource(own), inspect.getmodule(own)  # type: ignore[arg-type]
    if module is None:
        return {full_name(own): alone.encode()}
    if module.__name__ == "__main__":
        return {full_name(own): alone.encode()} | _of_names(alone, module)
    found = _of_files(module)
    return {full_name(own): found.pop(module.__name__), **found}


def _of_names(lines: str, script: ModuleType) -> dict[str, bytes]:
    """Return what the names in some lines of a script stand for, and the names in that, and so on.

    A notebook has no source of a class, and a script none of what it makes by a call: these are left out.
    """
    waiting, found = [lines], dict[str, bytes]()
    while waiting:
        for name in _global_names(waiting.pop()):
            value = inspect.unwrap(vars(script).get(name))  # type: ignore[arg-type]
            code = value if isinstance(value, FunctionType | type | ModuleType) else type(value)
            origin = inspect.getmodule(code)
            if isinstance(value, bool | int | float | str):
                found[f"{script.__name__}.{name}"] = repr(value).encode()
            elif origin is script and full_name(code) not in found:
                with suppress(OSError, TypeError):
                    waiting.append(inspect.getsource(code))
                    found[full_name(code)] = waiting[-1].encode()
            elif origin is not None and origin is not script and _beside(origin, script):
                found |= _of_files(origin)
    return found


def _global_names(lines: str) -> set[str]:
    """Return the names in some lines that the lines themselves do not define."""
    try:
        waiting = [symtable.symtable(dedent(lines), "own code", "exec")]
    except SyntaxError:  # a part of a call, such as a lambda
        return set()
    found = set[str]()
    while waiting:
        table = waiting.pop()
        found |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
        waiting += table.get_children()
    return found


def _of_files(module: ModuleType) -> dict[str, bytes]:
    """Return the file of a module and those that it imports from its own package or folder: name -> content."""
    waiting, found = [module], dict[str, bytes]()
    while waiting:
        each = waiting.pop()
        if each.__name__ not in found:
            found[each.__name__] = Path(str(each.__file__)).read_bytes()
            waiting += [other for other in _imported(each, found[each.__name__]) if _beside(other, module)]
    return found


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
    """Return whether a module is a file of Python in the package of `module` or, if it has none, below its folder.

    The files of jnl are none of these: `code_files` has those that train. The folder of a notebook is the current one.
    """
    file, origin = (Path(getattr(each, "__file__", None) or "notebook").absolute() for each in (other, module))
    if file.suffix != ".py" or any({"site-packages", "dist-packages"} & {*each.parts} for each in (file, origin)):
        return False
    own, package = (each.__name__.partition(".")[0] for each in (other, module))
    if own in sys.stdlib_module_names or own == __name__.partition(".")[0]:
        return False
    return own == package or (package == module.__name__ and origin.parent in file.parents)
