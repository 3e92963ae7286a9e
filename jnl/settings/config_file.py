"""Read a config file, such as those in `configs/`."""

import os
import runpy

from ml_collections import ConfigDict

from jnl.core.errors import UserError, reason


def load(reference: str) -> ConfigDict:
    """The config of `FILE` or `FILE:ARG`.

    Raises:
      UserError: no such file, or it fails.
    """
    file, colon, arg = reference.partition(":")
    if not os.path.isfile(file):  # which of a path has no name too long, other than that of pathlib
        raise UserError(f"--config: no file {file!r}; give one such as configs/jocor.py")
    try:
        config = runpy.run_path(file)["get_config"](*([arg] if colon else []))
    except UserError:
        raise
    except Exception as error:  # a config file is the user's own program: anything can go wrong in it
        raise UserError(f"--config: {file} failed: {type(error).__name__}: {reason(error)}") from error
    if not isinstance(config, ConfigDict):
        raise UserError(f"--config: get_config of {file} gives {type(config).__name__}, not a ConfigDict")
    return config
