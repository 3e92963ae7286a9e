"""Configs with the defaults of all fields, and checks of the values that users set."""

import math
from collections.abc import Mapping

from ml_collections import ConfigDict

from jnl import data, models, strategies
from jnl.settings.config_object import Config, plain
from jnl.settings.fields import FORGET_FIELDS
from jnl.settings.schema import FIELDS
from jnl.support import registry
from jnl.support.errors import UserError, unknown

Value = registry.Value | tuple["Value", ...] | Mapping[str, registry.Value] | None

NETWORKS = {
    "digits": "mlp", "mnist": "mlp", "fashion_mnist": "mlp", "news": "newsnet",
    "cifar10": "cnn7", "cifar100": "cnn7", "cifar10n": "cnn7", "cifar100n": "cnn7", "cifar10_open_set": "cnn7",
    "lfw": "cnn_faces", "tiny_imagenet": "preact_resnet18", "clothing1m": "resnet18",
}  # fmt: skip
# What an argument of a config, or the config itself, replaces with its options.
_REPLACED = {"model.": "network", "data.": "data set", "strategy.": "method"}
CORE = ("coteaching", "coteaching_plus", "decoupling", "jocor", "small_loss", "standard")


def default(strategy: str = "standard") -> ConfigDict:
    """Return a config with all fields of a strategy and their defaults, see `schema.py`."""
    config, strategy_of = Config(), strategies.make(strategy)
    for name, field in FIELDS.items():
        section, _, leaf = name.rpartition(".")
        if section == "strategy" and leaf in FORGET_FIELDS and not strategy_of.uses_forget_rate:
            continue
        if section and section not in config:
            config[section] = Config()
        (config[section] if section else config)[leaf] = field.holder()
    config.strategy.name = strategy
    config.strategy.update(strategies.hypers(strategy))
    if "noise_rate" in config.strategy:
        config.strategy.noise_rate = FIELDS["strategy.forget_rate"].holder()  # follows noise.rate in the same way
    return config


def family(name: str) -> str:
    """Return the data set whose published values apply to `name`, because it has the same images."""
    return {"cifar10n": "cifar10", "cifar10_open_set": "cifar10", "cifar100n": "cifar100"}.get(name, name)


def set_model(config: ConfigDict, name: str, **options: registry.Value) -> None:
    """Set the network: remove the fields of the old one, and set the new ones to `options` or else to defaults."""
    config.model = Config({"name": name, **(models.options(name) if name != "auto" else {}), **options})


def complete(config: ConfigDict) -> ConfigDict:
    """Return a config with every field: the values of `config`, and defaults for the other fields.

    Raises:
      UserError: if a field is unknown, a value has the wrong type, or a number does not fit into an array.
    """
    given = {name: plain(value) for name, value in config.to_dict().items()}  # resolves references
    check_numbers(given, "config")
    names = {}
    for section, name in (("strategy", "standard"), ("model", "auto"), ("data", "digits")):
        fields = given.get(section, {})
        if not isinstance(fields, dict):
            raise UserError(f"config.{section}: expected fields such as config.{section}.name, found {fields!r}")
        names[section] = fields.get("name", name)
        if not isinstance(names[section], str):
            raise UserError(f"config.{section}.name: expected a name, found {names[section]!r}")
    full = default(names["strategy"])
    if names["model"] != "auto":
        full.model.update({"name": names["model"], **models.options(names["model"])})
    full.data.update(data.options(names["data"]))
    _merge(full, given, "")
    return full


def _merge(full: ConfigDict, given: dict, path: str) -> None:
    """Write the values of `given` into `full`. Raise `UserError` for an unknown field or a wrong type."""
    for key, value in given.items():
        field = f"{path}{key}"
        if key not in full:
            owner = f" (of {full['name']!r})" if "name" in full else ""
            wrong = unknown(f"config.{field}{owner}", key, sorted(full))
            if path in _REPLACED:  # the field may be an option of the name that the config had before
                choice = f"{path[:-1]}={full['name']}"
                way = f"give the config's argument {choice} (--config=NAME:{choice})"
                if path == "strategy.":
                    way = f"give the config of the method (--config={full['name']})"
                raise UserError(
                    f"{wrong}; if you did not set it, the config has it for another {_REPLACED[path]}: {way}, which "
                    "replaces all options"
                )
            raise wrong
        if isinstance(full[key], ConfigDict):
            if not isinstance(value, dict):
                raise UserError(f"config.{field}: expected fields ({', '.join(full[key])}), found {value!r}")
            _merge(full[key], value, f"{field}.")
            continue
        wanted = full.get_type(key)
        try:
            if (value is None and full[key] is not None) or (isinstance(value, bool) and wanted not in (bool, object)):
                raise TypeError
            if wanted is int and isinstance(value, int) and not -(2**31) <= value < 2**31:
                raise OverflowError
            full[key] = value
        except OverflowError as error:
            raise UserError(f"config.{field}: {value!r} does not fit into 32 bits; give a smaller number") from error
        except (TypeError, ValueError) as error:  # ValueError: keys of a dict that are no fields
            expected = "a value" if wanted is object else wanted.__name__
            raise UserError(f"config.{field}: expected {expected}, found {value!r}") from error


def check_numbers(value: object, field: str) -> None:
    """Raise `UserError` for NaN, infinity, or an integer of more than 32 bits, which may be too long to print."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            check_numbers(inner, f"{field}.{key}")
    elif isinstance(value, list | tuple):
        for inner in value:
            check_numbers(inner, field)
    elif isinstance(value, int) and value.bit_length() > 32:
        raise UserError(f"{field}: the integer has {value.bit_length()} bits; give one of at most 32 bits")
    elif isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{field}: {value} is not a finite number; give a finite one")
