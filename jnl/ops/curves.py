"""One number of each run from its curve over epochs: means, maxima, and rules that choose an epoch. Pure NumPy.

A new rule is one more entry of `rules`: the report, `summary.json` and the table of a training take it from there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from jnl.core.errors import UserError

LAST = 10  # epochs (Han et al. 2018)
NONE = -1  # the position of an epoch that a rule could not choose


@dataclass(frozen=True)
class LabelWave:
    """Choose the epoch in which predictions on the training examples change least for the first time.

    The rule of Label Wave (Yuan et al. 2024) is to stop at the first local minimum of the moving average of the
    prediction changes. Here the average of an epoch is over that epoch and the `window` - 1 epochs before it, as a
    training sees it. The chosen epoch is the first one whose average is not undercut by an average of the next
    `patience` epochs. A training knows it `patience` epochs later, and can stop there.

    The first epoch is left out, because these networks have no predictions before it; the first average is that of the
    epoch at position `window`. Of equal averages the first one counts. If a training ends before its stop, the lowest
    average counts; if the averages never stop falling, this is the last epoch. An average that is not finite is not
    chosen and does not undercut. A curve that is too short for one average has no choice.

    The window of the paper is not confirmed: the published code (tmllab/2024_ICLR_LabelWave) logs the changes, but has
    no window and no stop. Both defaults are ours.

    Raises:
      UserError: a window or patience of less than 1 epoch.
    """

    window: int = 3  # epochs of an average
    patience: int = 3  # epochs without a lower average before a training stops

    def __post_init__(self) -> None:
        for name, epochs in (("window", self.window), ("patience", self.patience)):
            if epochs < 1:
                raise UserError(f"label_wave_{name}: {epochs} epochs are too few; give 1 or more")

    def __call__(self, changed: np.ndarray) -> np.ndarray:
        """The position of the chosen epoch: f64[S, E] -> i64[S], `NONE` where there is no average.

        Args:
          changed: f64[S, E] share of training examples whose prediction is not that of the epoch before.
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
    """A way to choose an epoch that looks at no test label."""

    title: str  # of its column
    judge: str  # the curve that it reads, by its name in `metrics.jsonl`
    choose: Callable[[np.ndarray], np.ndarray]  # f64[S, E] of that curve -> i64[S] positions, or `NONE`


LABEL_WAVE = LabelWave()


def highest(judge: np.ndarray) -> np.ndarray:
    """The first position of the highest value: f64[S, E] -> i64[S], `NONE` where no value is finite."""
    known = np.isfinite(judge)
    return np.where(known.any(1), np.where(known, judge, -np.inf).argmax(1), NONE)


def lowest(judge: np.ndarray) -> np.ndarray:
    """The first position of the lowest value: f64[S, E] -> i64[S], `NONE` where no value is finite."""
    return highest(-judge)


def rules(wave: LabelWave = LABEL_WAVE) -> dict[str, Rule]:
    """Every rule, by the name of its column."""
    return {
        "at_best_validation": Rule(
            "best validation", "validation_accuracy", highest
        ),  # on noisy labels (Chen et al. 2021)
        "lowest_loss": Rule("lowest loss", "validation_loss", lowest),  # on noisy labels (Patrini et al. 2017)
        "label_wave": Rule("Label Wave", "changed_predictions", wave),
    }


STATISTICS = {
    "last10": "last 10",  # the mean of the last 10 epochs (Han et al. 2018)
    "maximal": "maximal of last 10",  # (Yu et al. 2019, table 4)
    "best": "best",  # of all epochs: chosen by test labels, an upper bound
    "last": "last",
} | {name: rule.title for name, rule in rules().items()}


def judges(judged: str, find: Callable[[str], np.ndarray | None]) -> dict[str, np.ndarray]:
    """The curves that the rules read, as far as `find` has them; what is held out chooses no epoch of its own."""
    kind, _, _ = judged.partition("_")
    found = {rule.judge: find(rule.judge) for rule in rules().values() if not rule.judge.startswith(kind)}
    return {name: curve for name, curve in found.items() if curve is not None}


def over_epochs(
    curve: np.ndarray, judges: Mapping[str, np.ndarray], wave: LabelWave = LABEL_WAVE
) -> dict[str, np.ndarray]:
    """One number of each run in each way there is: f64[S, E] -> name of `STATISTICS` -> f64[S].

    A run has failed if its curve has NaN; all its numbers are NaN. NaN is also what a rule gives that cannot choose.

    Args:
      curve: f64[S, E] accuracies.
      judges: f64[S, E] each; a rule is left out if the curve that it reads is not among them.
      wave: the window and patience of Label Wave.
    """
    tail = curve[:, -LAST:]
    numbers = {"last10": tail.mean(1), "maximal": tail.max(1), "best": curve.max(1), "last": curve[:, -1]}
    for name, rule in rules(wave).items():
        if rule.judge in judges:
            numbers[name] = _at(curve, rule.choose(judges[rule.judge]))
    whole = np.isfinite(curve).all(1)
    return {name: np.where(whole, values, np.nan) for name, values in numbers.items()}


def _at(curve: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The values of the chosen epochs: f64[S, E], i64[S] -> f64[S], NaN for `NONE`."""
    return np.where(chosen == NONE, np.nan, curve[np.arange(len(curve)), chosen])
