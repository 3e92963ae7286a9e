"""The fields of a config, their defaults, and the argument that every file in `configs/` takes."""

import math
from collections.abc import Callable, Mapping

from ml_collections import ConfigDict, config_dict

from jnl import data, models, strategies
from jnl.core import registry
from jnl.core.errors import UserError, unknown
from jnl.settings.fields import FORGET_FIELDS

Value = registry.Value | tuple["Value", ...] | Mapping[str, registry.Value] | None
Reference = Callable[[ConfigDict], None] | str  # sets what published code trains, or says why there is nothing to set

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
    """All fields: the published settings of the co-teaching papers, on the digits that need no download."""
    config = ConfigDict()
    config.data = ConfigDict({"name": "digits", "dir": config_dict.placeholder(str), "validation": 0.0})
    config.data.update({"balanced": False, "stream": "auto"})  # stream: auto, always or never
    config.noise = ConfigDict({"kind": "symmetric", "rate": 0.2, "seed": _anything(0)})  # seed: a number or "per_run"
    config.noise.file = config_dict.placeholder(str)  # of the kind "matrix"
    config.strategy = ConfigDict({"name": strategy, **strategies.hypers(strategy)})
    if strategies.make(strategy).uses_forget_rate:
        # forget_rate follows noise.rate unless set
        forget = (config_dict.placeholder(float), 10, 1.0, "paper")
        config.strategy.update(dict(zip(FORGET_FIELDS, forget, strict=True)))
    if "noise_rate" in config.strategy:
        config.strategy.noise_rate = config_dict.placeholder(float)  # follows noise.rate unless set
    config.model = ConfigDict({"name": "auto"})
    config.augment = ConfigDict({"pad": 0, "crop": 0, "random_resized_crop": False, "flip": False, "cutout": 0})
    config.augment.update({"shift": 0.0, "rotate": 0.0, "normalize": "none"})
    config.epochs = 200
    config.batch_size = 128
    config.optim = ConfigDict({"name": "adam", "learning_rate": 1e-3, "weight_decay": 0.0})
    config.optim.update({"schedule": "linear", "decay_start": 80, "beta1": 0.9, "beta1_after": 0.1})
    config.optim.update({"momentum": 0.9})  # of sgd
    config.optim.update({"step_decay": 0.0, "decayed": "", "fresh_each_epoch": False})
    config.optim.update({"milestones": _anything(()), "decay": _anything(0.1)})  # of the staircase: one factor, or each
    config.optim.update({"cycle": 0, "min_learning_rate": 0.0})  # of the cosine
    config.seeds = _anything(5)  # how many, or which: (3, 7, 11)
    config.runs_axis = "auto"
    config.runs_at_once = 0  # 0: as many as fit into memory
    config.devices_per_batch = 1
    # segment: number of steps after which an epoch can be saved and stopped, 0 for about 2 * 10^12 operations
    config.checkpoint = ConfigDict({"every_epochs": 10, "every_minutes": 10.0, "keep": 2, "segment": 0})
    config.tensorboard = False  # event files beside metrics.jsonl; wants the package tensorboardX
    # How the published code runs: at most 401 steps an epoch, no training in epoch 0, 9,984 test images.
    config.protocol = ConfigDict({"max_steps": 0, "first_epoch": 0, "drop_last_test": False})
    config.protocol.checkpoint = "last"  # whose accuracy is the result; or a rule of ops/curves.py
    config.sweep = _anything(())  # (("noise.rate", (0.2, 0.5)), ("seeds", 8), ...): what are arrays, in one program
    config.sweep_filter = ""  # of a sweep: words in the titles of its points
    return config


def _anything(value: Value) -> config_dict.FieldReference:
    reference = config_dict.placeholder(object)
    reference.set(value)
    return reference


def options(arg: str | None) -> dict[str, str]:
    """`data=mnist,noise=asymmetric,quick` -> {"data": "mnist", "noise": "asymmetric", "quick": ""}.

    Raises:
      UserError: an unknown option, a value that is missing, or a value for a switch.
    """
    parsed = {}
    for part in (part for part in (arg or "").split(",") if part):
        key, equals, value = part.partition("=")
        if key not in _OPTIONS + _SWITCHES:
            raise unknown("the config's argument", key, _OPTIONS + _SWITCHES)
        if bool(value) != (key in _OPTIONS) or (equals and key in _SWITCHES):
            wanted = f"{key}=VALUE" if key in _OPTIONS else f"{key} alone, or nothing"
            raise UserError(f"the config's argument: {part!r}; give {wanted}")
        parsed[key] = value
    return parsed


def published(
    strategy: str,
    arg: str | None,
    networks: Mapping[str, str] = NETWORKS,
    reference: Reference | None = None,
) -> ConfigDict:
    """The defaults changed by an argument.

    `data=`, `noise=` (symmetric, pair, asymmetric, ...; `none` for data that are noisy already), `rate=` (of the noise,
    or your estimate for labels that are noisy already), `model=` (else that of `networks`); `reference` trains what the
    published code trains: `reference` sets that, or is a line that says why there is nothing to follow. Without it the
    methods of the co-teaching tables (`CORE`) have the protocol of those; `quick` is a run of seconds.

    Raises:
      UserError: an unknown option, a value that does not fit, or no published code to follow.
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
            raise UserError(f"the config's argument: noise=asymmetric; none is published for {name}, use a matrix")
        kind = f"asymmetric_{tables[family(name)]}"
    config.noise.kind = kind
    if "data" in given:
        set_model(config, networks.get(family(name), NETWORKS.get(name, "auto")))
    if "model" in given:
        set_model(config, given["model"])
    if "reference" in given:
        follow = reference or (co_teaching if strategy in CORE else "jnl knows no published code of it")
        if isinstance(follow, str):
            raise UserError(f"the config's argument: reference; {strategy} has none: {follow}")
        follow(config)
        if config.model.name != given.get("model", config.model.name):  # what is asked for wins
            set_model(config, given["model"])
    if "quick" in given:
        shorten(config)
    return config


def shorten(config: ConfigDict) -> None:
    """Make it a run of seconds (`quick`)."""
    config.epochs, config.seeds, config.protocol.max_steps = 3, 2, 20


def published_on(name: str, arg: str | None, reference: Callable[[ConfigDict], None] | None = None) -> ConfigDict:
    """`published` for one data set, by the core strategies.

    Raises:
      UserError: as `published`, or an argument that names another data set or a `reference` that there is not.
    """
    given = options(arg)
    if "data" in given or ("reference" in given and reference is None):
        wrong = "data" if "data" in given else "reference"
        raise UserError(f"the config's argument: {wrong}; this config is for {name}, use the config of a strategy")
    config = published("standard", ",".join(filter(None, (f"data={name}", arg))), reference=reference)
    config.sweep = (("strategy.name", CORE),)
    return config


def family(name: str) -> str:
    """The data set whose published values another one of the same images takes."""
    return {"cifar10n": "cifar10", "cifar10_open_set": "cifar10", "cifar100n": "cifar100"}.get(name, name)


def set_model(config: ConfigDict, name: str, **options: registry.Value) -> None:
    """Choose a network: the fields of another one go, its own have their defaults unless `options` has them."""
    config.model = ConfigDict({"name": name, **(models.options(name) if name != "auto" else {}), **options})


def co_teaching(config: ConfigDict) -> None:
    """Set the protocol of the published code of the co-teaching papers, under which their tables compare all methods.

    Half of the noise rate is forgotten under asymmetric noise, by every method that forgets, as only half of the
    classes flip (JoCoR's code, which does so for CIFAR-100 too, where all classes flip).
    """
    config.protocol.update(max_steps=401, drop_last_test=True)
    if strategies.make(config.strategy.name).memory is None:
        config.protocol.first_epoch = 1  # the others count their phases from epoch 0
    if "reference" in config.strategy:
        config.strategy.reference = True
    if "forget_schedule" in config.strategy:
        config.strategy.forget_schedule = "reference"
    if "forget_rate" in config.strategy and config.noise.kind.startswith("asymmetric"):
        config.strategy.forget_rate = config.noise.get_ref("rate") * 0.5  # follows --config.noise.rate
    if "bn_scale_init" in config.model:
        config.model.bn_scale_init = "uniform"
    if config.strategy.name == "coteaching_plus":
        config.protocol.max_steps = 0  # its code has no cap on the steps
    elif family(config.data.name) == "cifar100":
        config.optim.decay_start = 100


def complete(config: ConfigDict) -> ConfigDict:
    """Every field, with defaults where `config` is silent; types checked.

    Raises:
      UserError: an unknown field, a value of the wrong type, or a number that no array holds.
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
            raise UserError(f"config.{field}: {value!r} is more than the 32 bits of a number hold") from error
        except (TypeError, ValueError) as error:  # the second where keys of a dict are no fields
            raise UserError(f"config.{field}: expected {wanted.__name__}, found {value!r}") from error


def check_numbers(value: object, field: str) -> None:
    """Raises `UserError` for an integer of more than 32 bits, which need not even be printable, NaN, or infinity."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            check_numbers(inner, f"{field}.{key}")
    elif isinstance(value, list | tuple):
        for inner in value:
            check_numbers(inner, field)
    elif isinstance(value, int) and value.bit_length() > 32:
        raise UserError(f"{field}: an integer of {value.bit_length()} bits; give at most 32")
    elif isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{field}: {value} is no finite number; give one")
