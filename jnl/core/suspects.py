"""How a strategy tells, after training, which labels are wrong."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from jax import Array

from jnl.core.train_state import TrainState


class Listed(NamedTuple):
    """What a strategy concludes about the labels of one run."""

    wrong: np.ndarray | Array  # bool[N] labels that it takes for wrong
    numbers: Mapping[str, np.ndarray | Array]  # [N] each, the evidence: columns of the file that lists the labels
    suggested: np.ndarray | Array | None = None  # i[N] the class that it suggests instead


class Suspects(NamedTuple):
    """How a strategy finds the labels that it takes for wrong."""

    listed: Callable[[TrainState], Listed]  # from the last state of one run, on the host
    counted: bool = False  # whether training counts in `TrainState.suspicion` how often the mask left an example out


def _by_counts(state: TrainState) -> Listed:
    seen, left_out = state.suspicion["times"].T
    share = left_out / np.maximum(seen, 1)
    return Listed(share > 0.5, {"times_seen": seen, "times_left_out": left_out, "share_left_out": share})


# Examples that `Selection.mask` left out more often than not, of the times that it could choose them in the last 10
# epochs. Each row of the mask counts separately.
LEFT_OUT = Suspects(_by_counts, counted=True)


def _before_training(state: TrainState) -> Listed:
    suspicion = state.suspicion
    return Listed(suspicion["dropped"], {"probability": suspicion["wrong"]}, suspicion["predicted"])


# Examples whose weight is 0 (`Strategy.example_weights`), with the out-of-sample predictions that led to it.
DROPPED = Suspects(_before_training)
