"""Labels that a strategy takes for wrong, so that it leaves their examples out: told once the training is over."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from jax import Array

from jnl.core.train_state import TrainState


class Listed(NamedTuple):
    """What a strategy says of the training set of one run."""

    wrong: np.ndarray | Array  # bool[N] whose label it takes for wrong
    numbers: Mapping[str, np.ndarray | Array]  # [N] each: the columns with which its file says why
    suggested: np.ndarray | Array | None = None  # i[N] the class that it would give them, if it would


class Suspects(NamedTuple):
    """How a strategy tells which labels it takes for wrong."""

    listed: Callable[[TrainState], Listed]  # from the last state of one run, on the host
    counted: bool = False  # `TrainState.suspicion` has to count how often the mask left out each example


def _by_counts(state: TrainState) -> Listed:
    seen, left_out = state.suspicion["times"].T
    share = left_out / np.maximum(seen, 1)
    return Listed(share > 0.5, {"times_seen": seen, "times_left_out": left_out, "share_left_out": share})


# Those that `Selection.mask` left out more often than not, of the times that it chose among them in the last 10 epochs.
# Each row of the mask counts by itself.
LEFT_OUT = Suspects(_by_counts, counted=True)


def _before_training(state: TrainState) -> Listed:
    told = state.suspicion
    return Listed(told["dropped"], {"probability": told["wrong"]}, told["predicted"])


# Those that `Strategy.example_weights` gives no weight, with what networks said that did not see them.
DROPPED = Suspects(_before_training)
