"""Objects that the caller gives to `jnl.run` in place of what a config names."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

from ml_collections import ConfigDict

from jnl import data
from jnl.core.strategy import Strategy
from jnl.noise.kind import NoiseKind
from jnl.settings.config import complete
from jnl.settings.fields import OF_ANY_DATA
from jnl.settings.sweep import swept_names
from jnl.support.errors import UserError, unknown
from jnl.support.foreign import name_of
from jnl.support.text import listed, shown
from jnl.support.warn import warn
from jnl.training.metric import Metric

Given = TypeVar("Given")


def name_plugins(
    config: ConfigDict,
    strategy: Callable[..., Strategy] | None,
    noise: Callable[..., NoiseKind] | None,
    metrics: Sequence[Callable[[], Metric] | str],
) -> None:
    """Write the names of functions of the caller into a config, as if it had named them.

    Raises:
      UserError: if a function cannot be found again by its name, the sweep of the config names others, or a field of
        `config.strategy` is a hyperparameter of neither the function nor the method that the config names.
    """
    if isinstance(metrics, str) or not isinstance(metrics, Iterable):
        raise UserError(f"metrics: {shown(metrics)} is no list; give a list of functions that return a Metric")
    for section, given_too in (("strategy.name", strategy), ("noise.kind", noise)):
        if given_too is not None:
            _not_swept(config, section)
    with config.unlocked():
        if strategy is not None:
            given, name = config.get("strategy", ConfigDict()), name_of(strategy, "strategy")
            known, replaced = _usual("strategy", name), _usual("strategy", given.get("name"))
            if wrong := [field for field in given if field not in known and field not in replaced]:
                raise unknown(f"config.strategy.{wrong[0]} (of {name!r})", wrong[0], sorted(known))
            _warn_of_left_out("strategy", given, known)
            config.strategy = ConfigDict({**{field: given[field] for field in given if field in known}, "name": name})
        if noise is not None:
            config.noise = {**config.get("noise", ConfigDict()), "kind": name_of(noise, "noise")}
        if metrics:
            config.metrics = (*config.get("metrics", ()), *(name_of(metric, "metrics") for metric in metrics))


def in_place_of(config: ConfigDict, section: str, shared: Sequence[str], given: Given) -> Callable[..., Given]:
    """Make a section of a config say that an object of the caller replaces what it named: its name becomes `own`.

    Args:
      config: the config, which is changed.
      section: `data` or `model`.
      shared: fields of the section that do not belong to one name.
      given: the object.

    Returns:
      A function that returns the object, whatever it is called with.
    """
    _not_swept(config, section)
    fields = config.get(section, ConfigDict())
    _warn_of_left_out(section, fields, ("name", *shared))
    with config.unlocked():
        config[section] = ConfigDict({"name": "own", **{name: fields[name] for name in shared if name in fields}})
    return lambda *arguments, **keywords: given


def check_data_fields(config: ConfigDict) -> None:
    """Raise `UserError` if a config says how data are read, which has no effect on a data set of the caller.

    The defaults of a data set that the config names are no such fields.
    """
    fields = config.get("data", ConfigDict())
    usual = {"dir": None, **data.options(str(fields.get("name", "own")))}
    unused = [f"data.{name}" for name in fields if name not in OF_ANY_DATA and fields[name] != usual.get(name)]
    if unused:
        raise UserError(
            f"config: fields that have no effect on a data set that the caller gives: {listed(unused)}; leave them "
            "out, and make the data set as it should be, such as by the arguments of jnl.from_arrays"
        )


def _usual(section: str, name: str | None) -> ConfigDict:
    """Return a section with all fields of what it names, at their defaults."""
    return complete(ConfigDict({section: {} if name is None else {"name": name}}))[section]


def _warn_of_left_out(section: str, fields: ConfigDict, kept: Collection[str]) -> None:
    """Warn of values in a section that have no effect, because they belong to what the caller replaces.

    Default values of what the section names need no warning.
    """
    usual = _usual(section, fields.get("name"))
    changed = [field for field in fields if field not in kept and fields[field] != usual.get(field)]
    if changed:
        values = ", ".join(f"{field}={fields[field]!r}" for field in changed)
        warn(
            f"config.{section}: {values} has no effect, because the caller replaces {usual.name!r}; give such options "
            "to what replaces it"
        )


def _not_swept(config: ConfigDict, given: str) -> None:
    """Raise `UserError` if the sweep changes a section or field that the caller gives."""
    if any(name in ("cells", given) or name.startswith(f"{given}.") for name in swept_names(config)):
        raise UserError(f"config.sweep: it sweeps {given}, which the caller gives; give one of the two")
