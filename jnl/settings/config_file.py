"""Read config files, such as the files in `configs/`."""

import os
import runpy

from ml_collections import ConfigDict

from jnl.core.errors import UserError, reason


def load(reference: str) -> ConfigDict:
    """Return the config of `FILE` or `FILE:ARG`.

    Raises:
      UserError: if the file does not exist or fails.
    """
    file, colon, arg = reference.partition(":")
    if not os.path.isfile(file):  # unlike pathlib, this accepts a name that is too long
        raise UserError(f"--config: the file {file!r} does not exist; give one such as configs/jocor.py")
    try:
        config = runpy.run_path(file)["get_config"](*([arg] if colon else []))
    except UserError:
        raise
    except Exception as error:  # a config file is the user's own program, so it can raise anything
        raise UserError(f"--config: {file} failed: {type(error).__name__}: {reason(error)}") from error
    if not isinstance(config, ConfigDict):
        raise UserError(f"--config: get_config of {file} returns {type(config).__name__}, not a ConfigDict")
    return config
