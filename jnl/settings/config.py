"""The fields of a config and their defaults."""

import math
from collections.abc import Mapping

from ml_collections import ConfigDict, config_dict

from jnl import data, models, strategies
from jnl.core import registry
from jnl.core.errors import UserError, unknown
from jnl.settings.fields import FORGET_FIELDS

Value = registry.Value | tuple["Value", ...] | Mapping[str, registry.Value] | None

NETWORKS = {
    "digits": "mlp", "mnist": "mlp", "fashion_mnist": "mlp", "table": "mlp", "news": "newsnet",
    "cifar10": "cnn7", "cifar100": "cnn7", "cifar10n": "cnn7", "cifar100n": "cnn7", "cifar10_open_set": "cnn7",
    "lfw": "cnn_faces", "tiny_imagenet": "preact_resnet18", "clothing1m": "resnet18",
}  # fmt: skip
CORE = ("coteaching", "coteaching_plus", "decoupling", "jocor", "small_loss", "standard")


def default(strategy: str = "standard") -> ConfigDict:
    """Return a config with all fields of a strategy and their defaults.

    The defaults are the published settings of the co-teaching papers, on the digits data, which need no download.
    """
    config = ConfigDict()
    config.data = ConfigDict({"name": "digits", "dir": config_dict.placeholder(str), "validation": 0.0})
    config.data.update({"balanced": False, "stream": "auto"})  # stream: auto, always or never
    config.data.corrections = config_dict.placeholder(str)  # decisions.csv of a review, see data/corrections.py
    config.noise = ConfigDict({"kind": "symmetric", "rate": 0.2, "seed": _anything(0)})  # seed: a number or "per_run"
    config.noise.file = config_dict.placeholder(str)  # only for the kind "matrix"
    config.strategy = ConfigDict({"name": strategy, **strategies.hypers(strategy)})
    if strategies.make(strategy).uses_forget_rate:
        # forget_rate follows noise.rate unless it is set to a number, or to "auto", which estimates it from the labels
        forget = (_anything(None), 10, 1.0, "paper")
        config.strategy.update(dict(zip(FORGET_FIELDS, forget, strict=True)))
    if "noise_rate" in config.strategy:
        config.strategy.noise_rate = _anything(None)  # as forget_rate
    config.model = ConfigDict({"name": "auto"})
    config.precision = "auto"  # of the arithmetic of the networks: auto, float32, tf32 or bfloat16
    config.augment = ConfigDict({"pad": 0, "crop": 0, "random_resized_crop": False, "flip": False, "cutout": 0})
    config.augment.update({"shift": 0.0, "rotate": 0.0, "normalize": "none"})
    config.epochs = 200  # 0 follows the number of examples, see settings/sizes.py
    config.batch_size = 128  # 0 follows the number of examples
    config.optim = ConfigDict({"name": "adam", "learning_rate": 1e-3, "weight_decay": 0.0})
    config.optim.update({"schedule": "linear", "decay_start": 80, "beta1": 0.9, "beta1_after": 0.1})
    config.optim.update({"momentum": 0.9})  # only for sgd
    config.optim.update({"step_decay": 0.0, "decayed": "", "fresh_each_epoch": False})
    # only for the staircase; decay is one factor, or a tuple with a factor for each milestone
    config.optim.update({"milestones": _anything(()), "decay": _anything(0.1)})
    config.optim.update({"cycle": 0, "min_learning_rate": 0.0})  # only for the cosine
    config.seeds = _anything(5)  # the number of seeds, or the seeds themselves: (3, 7, 11)
    config.metrics = _anything(())  # metrics of other packages, such as ("package.module:function",)
    config.runs_axis = "auto"
    config.runs_at_once = 0  # 0 means as many as fit into memory
    config.devices_per_batch = 1
    # segment: number of steps after which an epoch can be saved and stopped; 0 means about 2 * 10^12 operations
    config.checkpoint = ConfigDict({"every_epochs": 10, "every_minutes": 10.0, "keep": 2, "segment": 0})
    config.checkpoint.select = "last"  # whose weights predict: of the last epoch, or of one that a rule chooses
    config.checkpoint.changed_code = False  # whether a training goes on although its code has changed; it is recorded
    config.minutes = 0.0  # a training with a workdir saves and stops before so many minutes are over; 0: no limit
    config.tensorboard = False  # event files beside metrics.jsonl; needs the package tensorboardX
    # For the protocol of published code: at most 401 steps per epoch, no training in epoch 0, 9,984 test images.
    config.protocol = ConfigDict({"max_steps": 0, "first_epoch": 0, "drop_last_test": False})
    config.protocol.checkpoint = "last"  # the epoch whose accuracy is the result: last, or a rule of ops/curves.py
    # such as (("noise.rate", (0.2, 0.5)), ("seeds", 8)); points that differ only in arrays share one program
    config.sweep = _anything(())
    config.sweep_filter = ""  # only the points of the sweep with these words in their titles are trained
    return config


def _anything(value: Value | None) -> config_dict.FieldReference:
    """Return a field with this value that accepts a value of any type."""
    reference = config_dict.placeholder(object)
    reference.set(value)
    return reference


def family(name: str) -> str:
    """Return the data set whose published values apply to `name`, because it has the same images."""
    return {"cifar10n": "cifar10", "cifar10_open_set": "cifar10", "cifar100n": "cifar100"}.get(name, name)


def set_model(config: ConfigDict, name: str, **options: registry.Value) -> None:
    """Set the network: remove the fields of the old one, and set the new ones to `options` or else to defaults."""
    config.model = ConfigDict({"name": name, **(models.options(name) if name != "auto" else {}), **options})


def complete(config: ConfigDict) -> ConfigDict:
    """Return a config with every field: the values of `config`, and defaults for the other fields.

    Raises:
      UserError: if a field is unknown, a value has the wrong type, or a number does not fit into an array.
    """
    given = config.to_dict()  # resolves references
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
            raise unknown(f"config.{field}{owner}", key, sorted(full))
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
            raise UserError(f"config.{field}: expected {wanted.__name__}, found {value!r}") from error


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
