"""Numbers that summarize the curve of a run over epochs: means, maxima, and rules that choose an epoch. Pure NumPy.

To add a rule, add an entry to `rules`. The report, `summary.json` and the table of a training use all its entries.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from jnl.support.errors import UserError

LAST = 10  # number of epochs that are averaged (Han et al. 2018)
NONE = -1  # position that a rule returns if it can choose no epoch


@dataclass(frozen=True)
class LabelWave:
    """The rule that chooses the first epoch in which predictions on the training examples change least.

    Label Wave (Yuan et al. 2024) stops at the first local minimum of the moving average of the prediction changes. Here
    the average of an epoch covers that epoch and the `window` - 1 epochs before it, which are known during training.
    The rule chooses the first epoch whose average is not above any average of the next `patience` epochs. A training
    can stop `patience` epochs after the chosen epoch.

    The first epoch is left out, because there are no predictions before it. The first average belongs to the epoch at
    position `window`. If averages are equal, the rule chooses the first one. If a training ends earlier, the rule
    compares with the epochs that exist; if the averages fall until the end, it chooses the last epoch. Averages that
    are not finite are ignored. If a curve is too short for one average, the rule chooses no epoch.

    The window of the paper is not confirmed: the published code (tmllab/2024_ICLR_LabelWave) logs the changes, but has
    no window and no stop. Both defaults are ours.

    Raises:
      UserError: the window or the patience is less than 1 epoch.
    """

    window: int = 3  # number of epochs in an average
    patience: int = 3  # epochs without a lower average before a training stops

    def __post_init__(self) -> None:
        for name, epochs in (("window", self.window), ("patience", self.patience)):
            if epochs < 1:
                raise UserError(f"label_wave_{name}: {epochs} epochs are too few; give 1 or more")

    def __call__(self, changed: np.ndarray) -> np.ndarray:
        """Return the position of the chosen epoch of each run.

        Args:
          changed: f64[S, E] share of training examples whose prediction differs from the previous epoch.

        Returns:
          i64[S]; `NONE` for a run without a finite average.
        """
        averages = np.full(changed.shape, np.inf)
        if changed.shape[1] > self.window:
            averages[:, self.window :] = sliding_window_view(changed[:, 1:], self.window, axis=1).mean(-1)
        known = np.isfinite(averages)
        averages[~known] = np.inf
        patience = min(self.patience, changed.shape[1])
        padded = np.pad(averages[:, 1:], ((0, 0), (0, patience)), constant_values=np.inf)
        minimum = known & (averages <= sliding_window_view(padded, patience, axis=1).min(-1))
        return np.where(minimum.any(1), minimum.argmax(1), NONE)


class Rule(NamedTuple):
    """A rule that chooses an epoch without test labels."""

    title: str  # title of its column
    criterion: str  # name in `metrics.jsonl` of the curve that the rule reads
    choose: Callable[[np.ndarray], np.ndarray]  # that curve f64[S, E] -> positions i64[S], or `NONE`


LABEL_WAVE = LabelWave()


def highest(curve: np.ndarray) -> np.ndarray:
    """Return the first position of the highest value: f64[S, E] -> i64[S]; `NONE` if no value is finite."""
    known = np.isfinite(curve)
    return np.where(known.any(1), np.where(known, curve, -np.inf).argmax(1), NONE)


def lowest(curve: np.ndarray) -> np.ndarray:
    """Return the first position of the lowest value: f64[S, E] -> i64[S]; `NONE` if no value is finite."""
    return highest(-curve)


def rules(wave: LabelWave = LABEL_WAVE) -> dict[str, Rule]:
    """Return all rules by the names of their columns."""
    return {
        # The validation labels are noisy, as in Chen et al. 2021 (accuracy) and Patrini et al. 2017 (loss).
        "at_best_validation": Rule("best validation", "validation_accuracy", highest),
        "lowest_loss": Rule("lowest loss", "validation_loss", lowest),
        "label_wave": Rule("Label Wave", "changed_predictions", wave),
    }


STATISTICS = {
    "last10": "last 10",  # mean of the last 10 epochs (Han et al. 2018)
    "maximal": "maximal of last 10",  # maximum of the last 10 epochs (Yu et al. 2019, table 4)
    "best": "best",  # maximum of all epochs; test labels choose the epoch, so it is an upper bound
    "last": "last",
} | {name: rule.title for name, rule in rules().items()}


def criteria(judged: str, find: Callable[[str], np.ndarray | None]) -> dict[str, np.ndarray]:
    """Return the curves f64[S, E] that the rules read, by name.

    Args:
      judged: name of the curve to summarize. For a validation curve, rules that read a validation curve are left out.
      find: (name) -> the curve, or None if there is none; such a curve is left out.
    """
    kind, _, _ = judged.partition("_")
    found = {rule.criterion: find(rule.criterion) for rule in rules().values() if not rule.criterion.startswith(kind)}
    return {name: curve for name, curve in found.items() if curve is not None}


def over_epochs(
    curve: np.ndarray, criteria: Mapping[str, np.ndarray], wave: LabelWave = LABEL_WAVE
) -> dict[str, np.ndarray]:
    """Summarize the curve of each run by one number for each statistic.

    Args:
      curve: f64[S, E] accuracies.
      criteria: f64[S, E] curves by name; a rule is left out if the curve that it reads is not among them.
      wave: the Label Wave rule, with its window and patience.

    Returns:
      f64[S] for each name in `STATISTICS`. All numbers of a run are NaN if its curve is not finite, because then the
      run has failed. The number of a rule is also NaN if the rule can choose no epoch.
    """
    tail = curve[:, -LAST:]
    numbers = {"last10": tail.mean(1), "maximal": tail.max(1), "best": curve.max(1), "last": curve[:, -1]}
    for name, rule in rules(wave).items():
        if rule.criterion in criteria:
            numbers[name] = _at(curve, rule.choose(criteria[rule.criterion]))
    whole = np.isfinite(curve).all(1)
    return {name: np.where(whole, values, np.nan) for name, values in numbers.items()}


def _at(curve: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the values in the chosen epochs: f64[S, E], i64[S] -> f64[S]; NaN for `NONE`."""
    return np.where(chosen == NONE, np.nan, curve[np.arange(len(curve)), chosen])
