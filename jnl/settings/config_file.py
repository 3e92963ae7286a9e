"""Find the config that a command line names: a config of jnl, or a file."""

import os
import runpy
import sys
from importlib.util import find_spec

from ml_collections import ConfigDict

from jnl.settings.published import SWITCHES, get_config, names
from jnl.support.errors import UserError, reason, unknown
from jnl.support.foreign import is_foreign


def load(reference: str) -> ConfigDict:
    """Return the config of `NAME` or `FILE`, which may be followed by `:ARG`.

    `jocor:data=mnist` is a config of jnl with its argument, `my_package.my_module:my_method` is the config of a method
    of another package, and `my_configs/jocor.py` is a file with a function `get_config(arg)`.

    Raises:
      UserError: if there is no such config, the file does not exist or it fails.
    """
    drive, rest = os.path.splitdrive(os.path.expanduser(reference))  # `C:` of Windows
    file, colon, arg = rest.partition(":")
    file = drive + file
    if file in names():
        return get_config(file, arg if colon else None)
    method, colon_of_method, arg_of_method = arg.partition(":")
    there = not file.isidentifier() or file in sys.modules or find_spec(file) is not None
    if not os.path.exists(file) and is_foreign(f"{file}:{method}") and there:
        return get_config(f"{file}:{method}", arg_of_method if colon_of_method else None)
    if not os.path.isfile(file):  # unlike pathlib, this accepts a name that is too long
        if is_foreign(f"{file}:{method}") and method not in SWITCHES:
            raise UserError(
                f"--config: there is no module {file!r} in this folder or where Python looks for modules, and no "
                "config of jnl has this name; give MODULE:FUNCTION for a method of your own, or a config such as jocor"
            )
        if file.isidentifier():
            raise UserError(f"{unknown('--config', file, names())}; or, for a method of your own, MODULE:FUNCTION")
        raise UserError(f"--config: the file {file!r} does not exist; give one such as configs/jocor.py")
    try:
        found = runpy.run_path(file)
        module = os.path.splitext(os.path.basename(file))[0]
        if "get_config" not in found and callable(found.get(method)) and is_foreign(f"{module}:{method}"):
            raise UserError(
                f"--config: {file} has no function get_config; to train its method {method}, give "
                f"--config={module}:{arg} in the folder of the file"
            )
        if "get_config" not in found:
            raise UserError(f"--config: {file} has no function get_config; write `def get_config(arg=None)` in it")
        config = found["get_config"](*([arg] if colon else []))
    except UserError:
        raise
    except Exception as error:  # a config file is the user's own program, so it can raise anything
        raise UserError(f"--config: {file} failed: {type(error).__name__}: {reason(error)}") from error
    if not isinstance(config, ConfigDict):
        raise UserError(f"--config: get_config of {file} returns {type(config).__name__}, not a ConfigDict")
    return config
