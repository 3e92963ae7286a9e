"""The fields of a config, their defaults, and the argument of every file in `configs/`."""

import math
from collections.abc import Callable, Mapping

from ml_collections import ConfigDict, config_dict

from jnl import data, models, strategies
from jnl.core import registry
from jnl.core.errors import UserError, unknown
from jnl.settings.fields import FORGET_FIELDS

Value = registry.Value | tuple["Value", ...] | Mapping[str, registry.Value] | None
Reference = Callable[[ConfigDict], None] | str  # sets what published code trains, or is the reason why jnl follows none

NETWORKS = {
    "digits": "mlp", "mnist": "mlp", "fashion_mnist": "mlp", "table": "mlp", "news": "newsnet",
    "cifar10": "cnn7", "cifar100": "cnn7", "cifar10n": "cnn7", "cifar100n": "cnn7", "cifar10_open_set": "cnn7",
    "lfw": "cnn_faces", "tiny_imagenet": "preact_resnet18", "clothing1m": "resnet18",
}  # fmt: skip
CORE = ("coteaching", "coteaching_plus", "decoupling", "jocor", "small_loss", "standard")
_RATES = {"none": 0.0, "symmetric": 0.2, "pair": 0.45, "asymmetric": 0.4}
_OPTIONS = ["data", "noise", "rate", "model"]
_SWITCHES = ["quick", "reference"]


def default(strategy: str = "standard") -> ConfigDict:
    """Return a config with all fields of a strategy and their defaults.

    The defaults are the published settings of the co-teaching papers, on the digits data, which need no download.
    """
    config = ConfigDict()
    config.data = ConfigDict({"name": "digits", "dir": config_dict.placeholder(str), "validation": 0.0})
    config.data.update({"balanced": False, "stream": "auto"})  # stream: auto, always or never
    config.noise = ConfigDict({"kind": "symmetric", "rate": 0.2, "seed": _anything(0)})  # seed: a number or "per_run"
    config.noise.file = config_dict.placeholder(str)  # only for the kind "matrix"
    config.strategy = ConfigDict({"name": strategy, **strategies.hypers(strategy)})
    if strategies.make(strategy).uses_forget_rate:
        # forget_rate follows noise.rate unless it is set
        forget = (config_dict.placeholder(float), 10, 1.0, "paper")
        config.strategy.update(dict(zip(FORGET_FIELDS, forget, strict=True)))
    if "noise_rate" in config.strategy:
        config.strategy.noise_rate = config_dict.placeholder(float)  # follows noise.rate unless it is set
    config.model = ConfigDict({"name": "auto"})
    config.augment = ConfigDict({"pad": 0, "crop": 0, "random_resized_crop": False, "flip": False, "cutout": 0})
    config.augment.update({"shift": 0.0, "rotate": 0.0, "normalize": "none"})
    config.epochs = 200
    config.batch_size = 128
    config.optim = ConfigDict({"name": "adam", "learning_rate": 1e-3, "weight_decay": 0.0})
    config.optim.update({"schedule": "linear", "decay_start": 80, "beta1": 0.9, "beta1_after": 0.1})
    config.optim.update({"momentum": 0.9})  # only for sgd
    config.optim.update({"step_decay": 0.0, "decayed": "", "fresh_each_epoch": False})
    # only for the staircase; decay is one factor, or a tuple with a factor for each milestone
    config.optim.update({"milestones": _anything(()), "decay": _anything(0.1)})
    config.optim.update({"cycle": 0, "min_learning_rate": 0.0})  # only for the cosine
    config.seeds = _anything(5)  # the number of seeds, or the seeds themselves: (3, 7, 11)
    config.runs_axis = "auto"
    config.runs_at_once = 0  # 0 means as many as fit into memory
    config.devices_per_batch = 1
    # segment: number of steps after which an epoch can be saved and stopped; 0 means about 2 * 10^12 operations
    config.checkpoint = ConfigDict({"every_epochs": 10, "every_minutes": 10.0, "keep": 2, "segment": 0})
    config.tensorboard = False  # event files beside metrics.jsonl; needs the package tensorboardX
    # For the protocol of published code: at most 401 steps per epoch, no training in epoch 0, 9,984 test images.
    config.protocol = ConfigDict({"max_steps": 0, "first_epoch": 0, "drop_last_test": False})
    config.protocol.checkpoint = "last"  # the epoch whose accuracy is the result: last, or a rule of ops/curves.py
    # such as (("noise.rate", (0.2, 0.5)), ("seeds", 8)); points that differ only in arrays share one program
    config.sweep = _anything(())
    config.sweep_filter = ""  # only the points of the sweep with these words in their titles are trained
    return config


def _anything(value: Value) -> config_dict.FieldReference:
    """Return a field with this value that accepts a value of any type."""
    reference = config_dict.placeholder(object)
    reference.set(value)
    return reference


def options(arg: str | None) -> dict[str, str]:
    """Return the options in the argument of a config file.

    `data=mnist,noise=asymmetric,quick` gives {"data": "mnist", "noise": "asymmetric", "quick": ""}.

    Raises:
      UserError: if an option is unknown, an option lacks its value, or a switch has a value.
    """
    parsed = {}
    for part in (part for part in (arg or "").split(",") if part):
        key, equals, value = part.partition("=")
        if key not in _OPTIONS + _SWITCHES:
            raise unknown("the config's argument", key, _OPTIONS + _SWITCHES)
        if bool(value) != (key in _OPTIONS) or (equals and key in _SWITCHES):
            wanted = f"{key}=VALUE" if key in _OPTIONS else f"{key} without a value, or leave it out"
            raise UserError(f"the config's argument: {part!r}; give {wanted}")
        parsed[key] = value
    return parsed


def published(
    strategy: str,
    arg: str | None,
    networks: Mapping[str, str] = NETWORKS,
    reference: Reference | None = None,
) -> ConfigDict:
    """Return the defaults of a strategy, changed by the argument of its config file.

    The argument can have these options: `data=`, `noise=` (symmetric, pair, asymmetric, ...; `none` for data that are
    noisy already), `rate=` (the noise rate, or your estimate for labels that are noisy already) and `model=`. The
    switch `reference` trains what the published code trains. The switch `quick` makes a training of seconds.

    Args:
      strategy: name of the strategy.
      arg: the argument, such as `data=mnist,noise=pair,quick`.
      networks: data set -> name of the network, if the argument has `data=` but no `model=`.
      reference: sets what the published code trains, or is the reason why there is no code to follow. None means the
        protocol of the co-teaching papers for the methods of their tables (`CORE`), and no code for others.

    Raises:
      UserError: if an option is unknown, a value does not fit, or there is no published code to follow.
    """
    given = options(arg)
    config = default(strategy)
    name = config.data.name = given.get("data", "digits")
    config.data.update(data.options(name))
    kind = given.get("noise", "none" if data.noisy_already(name) else "symmetric")
    try:
        config.noise.rate = float(given.get("rate", _RATES.get(kind.partition("_")[0], 0.2)))
    except ValueError as error:
        raise UserError(f"the config's argument: rate={given['rate']}; give a share such as 0.2") from error
    if kind == "asymmetric":
        blocks = "blocks" if "reference" in given else "superclass"
        tables = {"digits": "mnist", "mnist": "mnist", "cifar10": "cifar10", "cifar100": f"cifar100_{blocks}"}
        if family(name) not in tables:
            raise UserError(
                f"the config's argument: noise=asymmetric: no asymmetric noise is published for {name}; use "
                "noise=matrix and noise.file"
            )
        kind = f"asymmetric_{tables[family(name)]}"
    config.noise.kind = kind
    if "data" in given:
        set_model(config, networks.get(family(name), NETWORKS.get(name, "auto")))
    if "model" in given:
        set_model(config, given["model"])
    if "reference" in given:
        follow = reference or (co_teaching if strategy in CORE else "jnl does not know published code of this strategy")
        if isinstance(follow, str):
            raise UserError(f"the config's argument: reference; {strategy} has none: {follow}")
        follow(config)
        if config.model.name != given.get(
            "model", config.model.name
        ):  # `model=` has priority over the published network
            set_model(config, given["model"])
    if "quick" in given:
        shorten(config)
    return config


def shorten(config: ConfigDict) -> None:
    """Change a config so that its training takes seconds (`quick`)."""
    config.epochs, config.seeds, config.protocol.max_steps = 3, 2, 20


def published_on(name: str, arg: str | None, reference: Callable[[ConfigDict], None] | None = None) -> ConfigDict:
    """Return the config of `published` for one data set, with a sweep over the core strategies.

    Args:
      name: name of the data set.
      arg: the argument of the config file, without `data=`.
      reference: sets what published code trains on these data; None means that the switch is an error.

    Raises:
      UserError: as `published`, or if the argument names a data set, or a `reference` that does not exist.
    """
    given = options(arg)
    if "data" in given or ("reference" in given and reference is None):
        wrong = "data" if "data" in given else "reference"
        raise UserError(
            f"the config's argument: {wrong}; this config is only for {name}; use the config file of a strategy"
        )
    config = published("standard", ",".join(filter(None, (f"data={name}", arg))), reference=reference)
    config.sweep = (("strategy.name", CORE),)
    return config


def family(name: str) -> str:
    """Return the data set whose published values apply to `name`, because it has the same images."""
    return {"cifar10n": "cifar10", "cifar10_open_set": "cifar10", "cifar100n": "cifar100"}.get(name, name)


def set_model(config: ConfigDict, name: str, **options: registry.Value) -> None:
    """Set the network: remove the fields of the old one, and set the new ones to `options` or else to defaults."""
    config.model = ConfigDict({"name": name, **(models.options(name) if name != "auto" else {}), **options})


def co_teaching(config: ConfigDict) -> None:
    """Set the protocol of the published code of the co-teaching papers, which their tables use for all methods.

    Under asymmetric noise the forget rate of every method is half of the noise rate, because only half of the classes
    flip. This is what the code of JoCoR does, also for CIFAR-100, where all classes flip.
    """
    config.protocol.update(max_steps=401, drop_last_test=True)
    if strategies.make(config.strategy.name).memory is None:
        config.protocol.first_epoch = 1  # strategies with a memory count their phases from epoch 0
    if "reference" in config.strategy:
        config.strategy.reference = True
    if "forget_schedule" in config.strategy:
        config.strategy.forget_schedule = "reference"
    if "forget_rate" in config.strategy and config.noise.kind.startswith("asymmetric"):
        config.strategy.forget_rate = config.noise.get_ref("rate") * 0.5  # follows --config.noise.rate
    if "bn_scale_init" in config.model:
        config.model.bn_scale_init = "uniform"
    if config.strategy.name == "coteaching_plus":
        config.protocol.max_steps = 0  # the code of Co-teaching+ has no limit on the steps
    elif family(config.data.name) == "cifar100":
        config.optim.decay_start = 100


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
    if names["strategy"] not in strategies.names():
        raise unknown("strategy.name", names["strategy"], strategies.names())
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
