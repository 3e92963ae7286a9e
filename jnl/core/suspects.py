"""How a strategy finds wrong labels after training."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from jax import Array

from jnl.core.train_state import TrainState


class Listed(NamedTuple):
    """The labels of one run that are probably wrong, and the evidence."""

    wrong: np.ndarray | Array  # bool[N] True for labels that are probably wrong
    numbers: Mapping[str, np.ndarray | Array]  # [N] each; the evidence, as columns of the file that lists the labels
    suggested: np.ndarray | Array | None = None  # i[N] the suggested classes


class Suspects(NamedTuple):
    """The way in which a strategy finds wrong labels."""

    listed: Callable[[TrainState], Listed]  # (last state of one run) -> its wrong labels, on the host
    counted: bool = False  # whether training counts in `TrainState.suspicion` how often the mask left an example out


def _by_counts(state: TrainState) -> Listed:
    """List the examples that the mask left out in more than half of the counted cases."""
    seen, left_out = state.suspicion["times"].T
    share = left_out / np.maximum(seen, 1)
    return Listed(share > 0.5, {"times_seen": seen, "times_left_out": left_out, "share_left_out": share})


# Finds the examples that `Selection.mask` left out in more than half of the cases in which it could choose them, in the
# last 10 epochs. Each row of the mask counts separately.
LEFT_OUT = Suspects(_by_counts, counted=True)


def _before_training(state: TrainState) -> Listed:
    """List the examples that were dropped before training."""
    suspicion = state.suspicion
    return Listed(suspicion["dropped"], {"probability": suspicion["wrong"]}, suspicion["predicted"])


# Finds the examples whose weight is 0 (`Strategy.example_weights`). The evidence is their out-of-sample predictions.
DROPPED = Suspects(_before_training)
