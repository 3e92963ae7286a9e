"""The object that holds a config: a ConfigDict to which people may also give NumPy values, ranges and paths."""

import os

import numpy as np
from jax import Array
from ml_collections import ConfigDict

from jnl.support.errors import UserError
from jnl.support.text import TYPES


class Config(ConfigDict):
    """A ConfigDict that stores the plain Python value of what a field is set to.

    Example:
      >>> import jnl
      >>> config = jnl.get_config("jocor")
      >>> config.epochs, config.optim.learning_rate, config.seeds = np.int64(5), np.float32(0.5), range(2)
      >>> config.epochs, config.optim.learning_rate, config.seeds
      (5, 0.5, (0, 1))
    """

    def __setitem__(self, key: str, value: object) -> None:
        value = plain(value)
        if isinstance(value, dict | ConfigDict) and not isinstance(value, Config):
            try:
                value = Config(value)
            except ValueError as error:  # a key has a dot
                raise UserError(
                    f'config: {key} is a dict whose keys have dots; give pairs, such as (("noise.rate", (0.1, 0.2)),)'
                ) from error
        try:
            super().__setitem__(key, value)
        except TypeError as error:
            wanted = TYPES.get(type(self.get(key)), "a value of the same type")
            raise UserError(f"config: {key} is {value!r}; give {wanted}") from error


def set_field(config: ConfigDict, field: str, value: object) -> None:
    """Set one field, such as `noise.rate`. Raise `UserError` if its section does not exist."""
    *parents, leaf = field.split(".")
    for parent in parents:
        if not isinstance(config.get(parent), ConfigDict):
            raise UserError(f"config: {field} does not exist, because {parent} has no fields")
        config = config[parent]
    config[leaf] = value


def plain(value: object) -> object:
    """Return the plain form of a value: NumPy and JAX values, ranges and paths become numbers, texts and tuples."""
    if isinstance(value, np.ndarray | Array):
        return plain(np.asarray(value)[()]) if not value.ndim else tuple(plain(one) for one in np.asarray(value))
    if isinstance(value, np.floating):
        return float(str(value))  # 0.4 of float32 means 0.4, not 0.4000000059604645
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, range):
        return tuple(value)
    if isinstance(value, tuple):  # named ones too
        return tuple(plain(one) for one in value)
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return os.fspath(value) if isinstance(value, os.PathLike) else value
