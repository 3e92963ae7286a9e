"""Plug-ins of other packages, such as a method of the user. Their name is `package.module:function`.

Only names that the caller gives are imported: in a config, in an argument or on the command line. A name in a file of a
workdir is data. Its module is imported only if the caller gives the same name.
"""

import re
from collections.abc import Callable
from functools import reduce
from importlib import import_module

from jnl.support.errors import UserError, reason, unknown
from jnl.support.text import shown

_FORM = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def is_foreign(name: str) -> bool:
    """Return whether a name has the form `package.module:function`."""
    return _FORM.fullmatch(name) is not None


def load(name: str, field: str) -> Callable:
    """Import a module and return the function or class that a name means.

    Args:
      name: `package.module:function`, as Python finds it.
      field: config field that holds the name, for the error message.

    Raises:
      UserError: the module cannot be imported, or it does not hold this function.
    """
    module_name, _, path = name.partition(":")
    try:
        module = import_module(module_name)
    except (Exception, SystemExit) as error:  # the module is the user's own program, so it can raise anything
        raise UserError(
            f"{field}: the module {module_name!r} cannot be imported ({type(error).__name__}: {reason(error)}); give a "
            "module that Python finds, for example a file in the folder where you start jnl"
        ) from error
    try:
        found = reduce(getattr, path.split("."), module)
    except AttributeError as error:
        known = sorted(word for word, value in vars(module).items() if callable(value) and not word.startswith("_"))
        raise unknown(f"{field}: {module_name}", path, known or ["(it has none)"]) from error
    if not callable(found):
        raise UserError(f"{field}: {name!r} is {type(found).__name__}, not a function or class; give one")
    return found


def name_of(plugin: Callable | str, argument: str) -> str:
    """Return the name under which `load` finds a function or class again, now and when the training resumes.

    Args:
      plugin: a function or class at the top level of a module, a script or a notebook, or its name.
      argument: the argument that holds it, for the error message.

    Raises:
      UserError: it is no function, or it has no such name, for example because it is a lambda or was defined inside a
        function.
    """
    if isinstance(plugin, str) and is_foreign(plugin):
        return plugin
    if not callable(plugin):
        raise UserError(
            f"{argument}: {shown(plugin)} is no function; give the function itself, such as `method` and not `method()`"
        )
    path = getattr(plugin, "__qualname__", None)
    name = f"{getattr(plugin, '__module__', None)}:{path}"
    if path is None or not is_foreign(name) or load(name, argument) is not plugin:
        raise UserError(
            f"{argument}: {shown(plugin)} cannot be found again by its name when the training resumes; define a "
            "function with `def`, outside of other functions (config.strategy sets the hyperparameters of a method)"
        )
    return name
