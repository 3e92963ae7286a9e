"""A training that goes on for more epochs than it was asked for at first."""

from collections.abc import Mapping

import numpy as np
from ml_collections import ConfigDict

from jnl.core.errors import UserError
from jnl.core.json_values import Json
from jnl.ops.curves import LAST
from jnl.settings.parse import parse_points

_PLANS = {"keep_counts": "the forget rate", "learning_rate": "the learning rate", "beta1": "beta1 of the optimizer"}


def check_longer(was: Mapping[str, Json], now: Mapping[str, Json]) -> list[str]:
    """Return what is different from a training that had the new number of epochs from the beginning.

    Args:
      was: the recorded config.
      now: the same config with more epochs.

    Raises:
      UserError: if something in the first epochs would have been different.
    """
    lines = []
    for shorter, longer in zip(*(parse_points(_config(fields)) for fields in (was, now)), strict=True):
        before, after = shorter.settings, longer.settings
        first, last = len(before.plan.learning_rate), len(after.plan.learning_rate)
        for name, words in _PLANS.items():
            old, new = np.asarray(getattr(before.plan, name)), np.asarray(getattr(after.plan, name))[:first]
            if (old != new).any():
                rows = (old != new).reshape(first, -1).any(1)
                raise UserError(
                    f"config.epochs: the training cannot go on to {last} epochs, because {words} follows the number of "
                    f"epochs: from epoch {int(rows.argmax())} on it would have been different; train again in another "
                    "workdir, or use a schedule that does not, such as optim.schedule=staircase"
                )
        strategy = after.strategy.instance
        if strategy.uses_progress:
            raise UserError(
                f"config.epochs: the training cannot go on to {last} epochs, because {after.strategy.name} follows the "
                "share of the training that is done; train again in another workdir"
            )
        if strategy.suspects and strategy.suspects.counted and max(first - LAST, 0) < last - LAST < first:
            lines.append(
                f"{after.strategy.name}: the list of suspected labels covers the last {last - max(first - LAST, 0)} "
                f"epochs instead of the last {LAST}"
            )
    return list(dict.fromkeys(lines))


def _config(fields: Mapping[str, Json]) -> ConfigDict:
    """Return a config from what `config.json` records, in which tuples have become lists."""
    config = ConfigDict(dict(fields))
    config.sweep = [tuple(axis) for axis in config.sweep]
    return config
