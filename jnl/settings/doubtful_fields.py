"""Fields of a config that may be mistakes: they have no effect, or are published for another noise."""

import copy
import json
from collections.abc import Iterator, Mapping

from ml_collections import ConfigDict

from jnl.settings.config import default
from jnl.settings.published import RATES, get_config, hypers
from jnl.support.errors import UserError
from jnl.support.json_values import Json, leaves

_OF_SCHEDULE = {"staircase": ("milestones", "decay"), "cosine": ("cycle", "min_learning_rate")}


def doubtful(config: ConfigDict, swept: Mapping[str, Json]) -> Iterator[str]:
    """Yield a sentence for each field that may be a mistake.

    Args:
      config: a complete config without a sweep.
      swept: fields and sections that a sweep has set, with their values: these are no mistake.
    """
    chosen = {field for field, _ in leaves(swept)}
    optim, usual = config.optim, default().optim
    for schedule, fields in _OF_SCHEDULE.items():
        for field in fields:
            # As in JSON, where a config that was read back has lists instead of tuples.
            if json.dumps(optim[field], default=str) != json.dumps(usual[field]) and optim.schedule != schedule:
                yield (
                    f"optim.{field}: {optim[field]} has no effect, because optim.schedule is {optim.schedule}; only "
                    f"{schedule} uses it"
                )
    name, kind, rate = config.strategy.name, config.noise.kind, config.noise.rate
    published, argument = hypers(name, config), f"data={config.data.name},noise={kind},rate={rate:g}"
    for field, value in config.strategy.items():
        right = published.get(field)
        if f"strategy.{field}" in chosen or value == right or value not in _of_other_noise(config, field):
            continue
        if value != _of_code(name, argument).get(field):
            yield (
                f"strategy.{field} is {_shown(value)}, as published for another noise; for {kind} noise of "
                f"{100 * rate:g} % it is {_shown(right)}. Set it, or name the noise in the argument of the config: "
                f"{name}:{argument}"
            )


def _of_other_noise(config: ConfigDict, field: str) -> Iterator[object]:
    """Yield the published values of a hyperparameter for other kinds and rates of noise."""
    for kind, usual in RATES.items():
        for rate in (usual, config.noise.rate):
            other = copy.deepcopy(config)
            other.noise.kind, other.noise.rate = kind, rate
            yield hypers(config.strategy.name, other).get(field)


def _of_code(strategy: str, argument: str) -> ConfigDict:
    """Return the hyperparameters of the published code. There are none if jnl knows no such code."""
    try:
        return get_config(strategy, f"{argument},reference").strategy
    except UserError:
        return ConfigDict()


def _shown(value: object) -> str:
    return "not set" if value is None else str(value)
