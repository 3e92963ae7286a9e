"""Plug-ins found by file name: a new file in the folder is a new name, nothing else is edited."""

import inspect
from collections.abc import Callable, Iterable
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from jnl.core.errors import unknown

Value = bool | int | float | str  # of a keyword argument: what a config field can hold


def names(package: ModuleType) -> list[str]:
    """The plug-ins of a package: its modules, less those whose name starts with an underscore."""
    return sorted(module.name for module in iter_modules(package.__path__) if not module.name.startswith("_"))


def find(package: ModuleType, name: str, field: str) -> ModuleType:
    """The module called `name`.

    Raises:
      UserError: no such plug-in; names the config `field` and the right names.
    """
    known = names(package)
    if name not in known:
        raise unknown(field, name, known)
    return import_module(f"{package.__name__}.{name}")


def keywords(factory: Callable[..., object], skip: str = "") -> dict[str, Value]:
    """The keyword arguments of a plug-in and their defaults, without the one that every plug-in of its kind has."""
    parameters = inspect.signature(factory).parameters
    return {name: parameter.default for name, parameter in parameters.items() if name != skip}


def check_keywords(factory: Callable[..., object], given: Iterable[str], field: str, skip: str = "") -> None:
    """Raises `UserError` with the right names if `given` holds one that the plug-in does not take."""
    known = sorted(keywords(factory, skip)) or ["(it has none)"]
    for name in given:
        if name not in known:
            raise unknown(f"{field}.{name}", name, known)
