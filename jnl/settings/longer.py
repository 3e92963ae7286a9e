"""Whether a training can continue for more epochs than its first config asked for."""

from collections.abc import Mapping

import numpy as np
from ml_collections import ConfigDict

from jnl.ops.curves import LAST
from jnl.settings.fields import AUTO, FROM_NOISE_RATE
from jnl.settings.parse import parse_points
from jnl.support.errors import UserError
from jnl.support.json_values import Json

_PLANS = {"keep_counts": "the forget rate", "learning_rate": "the learning rate", "beta1": "beta1 of the optimizer"}


def check_longer(was: Mapping[str, Json], now: Mapping[str, Json], estimated_rate: Json = None) -> list[str]:
    """Return what differs from a training that had the new number of epochs from the beginning.

    Args:
      was: the recorded config.
      now: the same config with more epochs.
      estimated_rate: the share of wrong labels that stands for a rate `auto` in both.

    Raises:
      UserError: if something in the first epochs would have been different.
    """
    lines = []
    for shorter, longer in zip(*(parse_points(_config(fields, estimated_rate)) for fields in (was, now)), strict=True):
        before, after = shorter.settings, longer.settings
        first, last = len(before.plan.learning_rate), len(after.plan.learning_rate)
        for name, words in _PLANS.items():
            old, new = np.asarray(getattr(before.plan, name)), np.asarray(getattr(after.plan, name))[:first]
            if (old != new).any():
                rows = (old != new).reshape(first, -1).any(1)
                raise UserError(
                    f"config.epochs: the training cannot continue to {last} epochs, because {words} depends on the "
                    f"number of epochs: it would have been different from epoch {int(rows.argmax())} on; train again "
                    "in another workdir, or use a schedule that does not depend on it, such as optim.schedule=staircase"
                )
        strategy = after.strategy.instance
        if strategy.uses_progress:
            raise UserError(
                f"config.epochs: the training cannot continue to {last} epochs, because {after.strategy.name} depends "
                "on how much of the training is done; train again in another workdir"
            )
        if strategy.suspects and strategy.suspects.counted and max(first - LAST, 0) < last - LAST < first:
            lines.append(
                f"{after.strategy.name}: the list of suspected labels covers the last {last - max(first - LAST, 0)} "
                f"epochs instead of the last {LAST}"
            )
    return list(dict.fromkeys(lines))


def _config(fields: Mapping[str, Json], estimated_rate: Json) -> ConfigDict:
    """Return a config from what `config.json` records, in which tuples have become lists.

    What follows the data has a value too: the same one in both configs, because the data are the same.
    """
    config = ConfigDict(dict(fields))
    config.sweep = [tuple(axis) for axis in config.sweep]
    config.batch_size = config.batch_size or 1
    for name in (field.partition(".")[2] for field in FROM_NOISE_RATE):
        if config.strategy.get(name) == AUTO:
            with config.ignore_type():
                config.strategy[name] = estimated_rate
    return config
