"""The weights of the epoch that a rule chooses (`checkpoint.select`), kept beside the last ones."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import numpy as np

from jnl.core.network import Tree
from jnl.core.train_state import TrainState, network_params
from jnl.ops.curves import NONE, rules


class SelectedWeights(NamedTuple):
    """The weights of each run in the epoch that a rule has chosen so far, on the host."""

    epochs: np.ndarray  # i64[S]
    params: Tree  # [S, K, ...]
    batch_stats: Tree  # [S, K, ...]


def select(
    rule: str,
    before: SelectedWeights | None,
    epoch: int,
    curves: Sequence[dict[str, np.ndarray]],
    states: Callable[[], TrainState],
) -> SelectedWeights:
    """Return the selected weights after an epoch.

    With one more epoch, every rule either keeps its choice or chooses the new epoch. So the weights of one epoch are
    enough, and the last result is what the rule chooses on the whole curve. As long as a rule can choose no epoch, the
    last weights count as selected.

    Args:
      rule: name in `curves.rules()`.
      before: the result after the previous epoch.
      epoch: number of the epoch that has just ended.
      curves: metrics of each epoch since the networks started, the last time if they started again: [S] or [S, ...].
      states: returns the states of all runs after this epoch, on the host. It is called only if they are needed.
    """
    chooses = rules()[rule]
    new: np.ndarray | None = None  # bool[S], None for all runs
    if before is not None and curves:
        read = np.float64(np.stack([measured[chooses.criterion] for measured in curves], 1))  # [S, E] or [S, E, K]
        chosen = chooses.choose(read if read.ndim == 2 else read.mean(-1))
        new = (chosen == len(curves) - 1) | (chosen == NONE)
        if not new.any():
            return before
    now = states()
    runs = len(jax.tree.leaves(now.params)[0])
    found = SelectedWeights(np.full(runs, epoch), network_params(now.params), now.batch_stats)
    if new is None:
        return found

    def merge(old: np.ndarray, latest: np.ndarray) -> np.ndarray:
        return np.where(new.reshape(-1, *[1] * (latest.ndim - 1)), latest, old)

    return jax.tree.map(merge, before, found)
