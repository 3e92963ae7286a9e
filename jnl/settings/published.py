"""Configs by name: the published settings of every method, data set and table."""

from collections.abc import Callable, Mapping

from ml_collections import ConfigDict

from jnl import data, strategies
from jnl.core.strategy import Strategy
from jnl.settings import experiments, methods
from jnl.settings.config import CORE, NETWORKS, default, family, set_model
from jnl.settings.method import Change, Method
from jnl.settings.sizes import OWN
from jnl.support import registry
from jnl.support.errors import UserError, unknown
from jnl.support.foreign import is_foreign, name_of

# The usual rate of each kind of noise.
RATES = {"none": 0.0, "symmetric": 0.2, "pair": 0.45, "asymmetric": 0.4}
_OPTIONS = ["data", "noise", "rate", "model"]
SWITCHES = ["quick", "reference"]


def names() -> list[str]:
    """Return the names of all configs: the strategies, and the files of `settings/experiments/`."""
    return sorted([*strategies.names(), *registry.names(experiments)])


def get_config(name: str | Callable[..., Strategy], arg: str | None = None) -> ConfigDict:
    """Return a config by its name, with all fields of its strategy at their published values.

    The argument can have these options: `data=`, `noise=` (symmetric, pair, asymmetric, ...; `none` for data that are
    noisy already), `rate=` (the noise rate, or your estimate for labels that are noisy already) and `model=`. The
    switch `reference` trains what the published code trains. The switch `quick` makes a training of seconds.

    Args:
      name: a strategy such as `jocor`; a data set or table with a config of its own, such as `bench_mnist`; or
        `package.module:function`, or the function itself, for a method of another package.
      arg: the argument, such as `data=mnist,noise=pair,quick`.

    Raises:
      UserError: if an option is unknown, a value does not fit, or there is no published code to follow.

    Example:
      >>> import jnl
      >>> config = jnl.get_config("jocor", "data=mnist,rate=0.5")
      >>> config.strategy.co_lambda, config.noise.rate
      (0.95, 0.5)
    """
    if not isinstance(name, str):
        name = name_of(name, "name")
    if name in strategies.names() or is_foreign(name):
        return _of_method(name, arg, method(name))
    if name not in registry.names(experiments):
        raise unknown("the name of the config", name, names())
    return registry.function(experiments, name, "the name of the config")(arg)


def method(strategy: str) -> Method:
    """Return what is published for a strategy. A strategy without a file in `settings/methods/` has only defaults."""
    if strategy not in registry.names(methods):
        return Method()
    return registry.find(methods, strategy, "strategy.name").METHOD


def hypers(strategy: str, config: ConfigDict) -> ConfigDict:
    """Return the section `strategy` of a config with what is published for the data set and the noise of `config`."""
    changed = default(strategy)
    changed.data, changed.noise, changed.model = config.data, config.noise, config.model  # keeps references to the rate
    method(strategy).settings(changed)
    return changed.strategy


def of_data(name: str, arg: str | None, reference: Change | None = None) -> ConfigDict:
    """Return the config of one data set, with a sweep over the core strategies.

    Args:
      name: name of the data set.
      arg: the argument of the config, without `data=`.
      reference: sets what published code trains on these data; None means that the switch is an error.

    Raises:
      UserError: as `get_config`, or if the argument names a data set, or a `reference` that does not exist.
    """
    given = options(arg)
    if "data" in given or ("reference" in given and reference is None):
        wrong = "data" if "data" in given else "reference"
        raise UserError(f"the config's argument: {wrong}; this config is only for {name}; use the config of a strategy")
    standard = Method() if reference is None else Method(reference=reference)
    config = _of_method("standard", ",".join(filter(None, (f"data={name}", arg))), standard)
    config.sweep = (("strategy.name", CORE),)
    return config


def options(arg: str | None) -> dict[str, str]:
    """Return the options in the argument of a config.

    `data=mnist,noise=asymmetric,quick` gives {"data": "mnist", "noise": "asymmetric", "quick": ""}.

    Raises:
      UserError: if an option is unknown, an option lacks its value, or a switch has a value.
    """
    parsed = {}
    for part in (part.strip() for part in (arg or "").split(",") if part.strip()):
        key, equals, value = part.partition("=")
        if key not in _OPTIONS + SWITCHES:
            raise unknown("the config's argument", key, _OPTIONS + SWITCHES)
        if bool(value) != (key in _OPTIONS) or (equals and key in SWITCHES):
            wanted = f"{key}=VALUE" if key in _OPTIONS else f"{key} without a value, or leave it out"
            raise UserError(f"the config's argument: {part!r}; give {wanted}")
        parsed[key] = value
    return parsed


def shorten(config: ConfigDict) -> None:
    """Change a config so that its training takes seconds (`quick`)."""
    config.epochs, config.seeds, config.protocol.max_steps = 3, 2, 20


def _of_method(strategy: str, arg: str | None, published: Method) -> ConfigDict:
    """Return the config of a strategy with these published settings."""
    given = options(arg)
    config = default(strategy)
    name = config.data.name = given.get("data", "digits")
    config.data.update(data.options(name))
    config.noise.kind, config.noise.rate = _noise(given, name)
    if "data" in given:
        set_model(config, published.networks.get(family(name), NETWORKS.get(name, "auto")))
    if "model" in given:
        set_model(config, given["model"])
    published.settings(config)
    if name.partition(":")[0] in OWN:
        config.epochs = config.batch_size = 0
    if "reference" in given:
        if isinstance(published.reference, str):
            raise UserError(f"the config's argument: reference; {strategy} has none: {published.reference}")
        published.reference(config)
        if config.model.name != given.get("model", config.model.name):  # `model=` comes before the published network
            set_model(config, given["model"])
    if "quick" in given:
        shorten(config)
        published.quick(config)
    return config


def _noise(given: Mapping[str, str], name: str) -> tuple[str, float]:
    """Return the kind and the rate of the noise that the options of a config's argument mean for a data set."""
    kind = given.get("noise", "none" if data.noisy_already(name) else "symmetric")
    try:
        rate = float(given.get("rate", RATES.get(kind.partition("_")[0], 0.2)))
    except ValueError as error:
        raise UserError(f"the config's argument: rate={given['rate']}; give a share such as 0.2") from error
    if kind != "asymmetric":
        return kind, rate
    blocks = "blocks" if "reference" in given else "superclass"
    tables = {"digits": "mnist", "mnist": "mnist", "cifar10": "cifar10", "cifar100": f"cifar100_{blocks}"}
    if family(name) not in tables:
        raise UserError(
            f"the config's argument: noise=asymmetric: no asymmetric noise is published for {name}; use "
            "noise=matrix and noise.file"
        )
    return f"asymmetric_{tables[family(name)]}", rate
