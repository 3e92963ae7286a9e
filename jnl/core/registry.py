"""Plug-ins that are found by file name. To add one, add a file to its folder; no other file changes."""

import inspect
from collections.abc import Callable, Iterable
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from jnl.core.errors import UserError, unknown

Value = bool | int | float | str  # types of a keyword argument, which are the types that a config field can have


def names(package: ModuleType) -> list[str]:
    """Return the names of the plug-ins of a package: all its modules whose name does not start with an underscore."""
    return sorted(module.name for module in iter_modules(package.__path__) if not module.name.startswith("_"))


def find(package: ModuleType, name: str, field: str) -> ModuleType:
    """Return the module of a plug-in.

    Args:
      package: the package that holds the plug-ins.
      name: name of the plug-in.
      field: config field that holds the name, for the error message.

    Raises:
      UserError: there is no such plug-in; the message lists the valid names.
    """
    known = names(package)
    if name not in known:
        raise unknown(field, name, known)
    return import_module(f"{package.__name__}.{name}")


def function(package: ModuleType, name: str, field: str, called: str = "") -> Callable:
    """Return the function that creates a plug-in. It has the name of its file, unless `called` is another name.

    Raises:
      UserError: there is no such plug-in, or its file does not hold the function.
    """
    module, wanted = find(package, name, field), called or name
    if not callable(found := getattr(module, wanted, None)):
        raise UserError(
            f"{field}: {name}.py in {package.__name__} does not define the function {wanted!r}; give the function this "
            "name"
        )
    return found


def keywords(factory: Callable[..., object], skip: str = "") -> dict[str, Value]:
    """Return the keyword arguments of a plug-in with their defaults.

    Args:
      factory: the function that creates the plug-in.
      skip: an argument that all plug-ins of this kind have; it is left out.

    Raises:
      UserError: an argument has no default.
    """
    parameters = {name: each for name, each in inspect.signature(factory).parameters.items() if name != skip}
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty:
            raise UserError(f"{factory.__module__}: the argument {name!r} has no default; give it one")
    return {name: parameter.default for name, parameter in parameters.items()}


def check_keywords(factory: Callable[..., object], given: Iterable[str], field: str, skip: str = "") -> None:
    """Raise `UserError` with the valid names if the plug-in does not accept one of the keyword arguments.

    Args:
      factory: the function that creates the plug-in.
      given: names of the keyword arguments.
      field: config section that holds them, for the error message.
      skip: see `keywords`.
    """
    known = sorted(keywords(factory, skip)) or ["(it has none)"]
    for name in given:
        if name not in known:
            raise unknown(f"{field}.{name}", name, known)
