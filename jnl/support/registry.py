"""Plug-ins that are found by file name. To add one, add a file to its folder: no other code changes.

A plug-in of another package has the name `package.module:function` instead, see `support/foreign.py`.
"""

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TypeVar

from jnl.support import foreign
from jnl.support.errors import UserError, unknown

Made = TypeVar("Made")
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
      UserError: there is no such plug-in, or its file or module does not hold the function.
    """
    if foreign.is_foreign(name):
        return foreign.load(name, field)
    module, wanted = find(package, name, field), called or name
    if not callable(found := getattr(module, wanted, None)):
        raise UserError(
            f"{field}: {name}.py in {package.__name__} does not define the function {wanted!r}; give the function this "
            "name"
        )
    return found


def made(found: object, kind: type[Made], name: str, field: str) -> Made:
    """Return what the function of a plug-in has made.

    Args:
      found: what it returned.
      kind: the type that it must have.
      name: name of the plug-in.
      field: config field that holds the name, for the error message.

    Raises:
      UserError: it has another type.
    """
    if not isinstance(found, kind):
        raise UserError(f"{field}: {name!r} returns {type(found).__name__}, not a {kind.__name__}")
    return found


def parameters_of(factory: Callable[..., object]) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a function or class, also of a class whose metaclass hides them, as in nnx."""
    if not isinstance(factory, type):
        return inspect.signature(factory).parameters
    return dict(list(inspect.signature(factory.__init__).parameters.items())[1:])  # type: ignore[misc]


def takes(function: Callable[..., object], number: int) -> bool:
    """Return whether a function can be called with so many arguments."""
    try:
        inspect.signature(function).bind(*range(number))
    except TypeError:
        return False
    except ValueError:  # some functions that are not written in Python do not say what they take
        return True
    return True


def keywords(factory: Callable[..., object], skip: Collection[str] = ()) -> dict[str, Value]:
    """Return the keyword arguments of a plug-in with their defaults.

    Arguments whose default a config cannot hold, such as a function, are left out; they keep their default.

    Args:
      factory: the function or class that creates the plug-in.
      skip: arguments that all plug-ins of this kind have; they are left out.

    Raises:
      UserError: an argument has no default.
    """
    parameters = {
        name: each
        for name, each in parameters_of(factory).items()
        if name not in skip and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    }
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty:
            raise UserError(f"{factory.__module__}: the argument {name!r} has no default; give it one")
    return {name: each.default for name, each in parameters.items() if isinstance(each.default, Value)}


def check_keywords(
    factory: Callable[..., object], given: Iterable[str], field: str, skip: Collection[str] = ()
) -> None:
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
