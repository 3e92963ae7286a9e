"""How fast networks fit true labels, random labels and noise (Zhang et al. 2017, figure 1).

Networks fit random labels and noise too, but need more time. Panel (a) has five kinds of data, panels (b) and (c) have
levels of label corruption from none to all. All levels are one program.
Departures: Adam with a constant rate replaces SGD with a rate that falls by 5 % in each epoch, because such a training
ends before a small subset is fitted; the loss is the mean over the steps of an epoch; a run has fitted its labels in
the first epoch with a training accuracy of at least `_FITTED`.
"""

from typing import NamedTuple

import numpy as np

from jnl.studies import synthetic_images
from jnl.studies.figures import band, panels
from jnl.studies.report import mean_and_std, rounded
from jnl.studies.settings import Rows, Settings, StudyResult, config, load
from jnl.studies.training import curves, one_program
from jnl.support.json_values import Json

USUAL = Settings()
_CORRUPTION = (0.2, 0.4, 0.6, 0.8)  # the study also has the levels 0 and 1
_INPUTS: dict[str, synthetic_images.Make] = {
    "shuffled pixels": synthetic_images.shuffled_pixels,
    "random pixels": synthetic_images.random_pixels,
    "Gaussian pixels": synthetic_images.gaussian_pixels,
}
_FITTED = 0.99


class Curves(NamedTuple):
    """The learning curves of the runs on one kind of data."""

    train_loss: np.ndarray  # f32[S, E]
    train_accuracy: np.ndarray  # f32[S, E]
    test_accuracy: np.ndarray  # f32[S, E]


def study(settings: Settings) -> StudyResult:
    """Measure the loss over steps, and the time to convergence and the test error over label corruption."""
    dataset = load(settings)
    chosen = config(settings, dataset)
    levels = [0.0, *_CORRUPTION[: settings.strengths or None], 1.0]
    chosen.sweep = (("noise.rate", levels),)
    program_spec = one_program(chosen, dataset)
    every = _split(curves(program_spec)[0], len(levels))
    by_level = dict(zip(levels, every, strict=True))
    kinds = {"true labels": by_level[0.0], "random labels": by_level[1.0]}
    for name, make in _INPUTS.items():
        changed = make(dataset, 0)
        (kinds[name],) = _split(curves(one_program(config(settings, changed), changed))[0], 1)
    return _report(kinds, by_level, program_spec.train_spec.steps)


def fitted(train_accuracy: np.ndarray) -> np.ndarray:
    """Return the number of epochs until the labels are fitted, NaN if they never are: f32[S, E] -> f64[S]."""
    reached = train_accuracy >= _FITTED
    return np.where(reached.any(1), reached.argmax(1) + 1.0, np.nan)


def _split(measured: dict[str, np.ndarray], number: int) -> list[Curves]:
    """Return the learning curves of each of the `number` points of a sweep."""
    all_runs = measured["train_loss"], measured["train_accuracy"], measured["test_accuracy"][..., 0]
    return [Curves(*of_point) for of_point in zip(*(np.split(values, number) for values in all_runs), strict=True)]


def _report(kinds: dict[str, Curves], by_level: dict[float, Curves], steps: int) -> StudyResult:
    """Return the figure and the numbers; `steps` is the number of steps in an epoch."""
    titles = ["(a) learning curves", "(b) time to convergence", "(c) generalization error growth"]
    corruption = "label corruption"
    figure, axes = panels(
        titles,
        [
            ("steps", "training loss (nats)"),
            (corruption, "epochs to fit the labels"),
            (corruption, "test error"),
        ],
    )
    for name, kind in kinds.items():
        band(axes[0], steps * np.arange(1, kind.train_loss.shape[1] + 1), kind.train_loss, name)
    axes[0].legend()
    times = np.stack([fitted(level.train_accuracy) for level in by_level.values()], 1)  # f64[S, levels]
    errors = np.stack([1 - level.test_accuracy[:, -1] for level in by_level.values()], 1)
    band(axes[1], list(by_level), times, "")
    band(axes[2], list(by_level), errors, "")
    axes[2].set_ylim(0, 1)
    rows: Rows = [
        {
            "data": name,
            "run": run,
            "epoch": epoch + 1,
            "step": steps * (epoch + 1),
            **{field: rounded(values[run, epoch]) for field, values in kind._asdict().items()},
        }
        for name, kind in (kinds | {f"corruption {level:g}": curve for level, curve in by_level.items()}).items()
        for run in range(len(kind.train_loss))
        for epoch in range(kind.train_loss.shape[1])
    ]
    summary: dict[str, Json] = {"fitted_at_train_accuracy": _FITTED}
    summary["data"] = {name: _summary(kind) for name, kind in kinds.items()}
    summary["corruption"] = {f"{level:g}": _summary(kind) for level, kind in by_level.items()}
    return StudyResult(summary, {"curves": rows}, figure)


def _summary(kind: Curves) -> dict[str, Json]:
    """Return the time to convergence of each run, and the mean and standard deviation of the last metrics."""
    epochs = fitted(kind.train_accuracy)
    return {
        "epochs_to_fit": [None if np.isnan(epoch) else int(epoch) for epoch in epochs],
        "last_train_loss": mean_and_std(kind.train_loss[:, -1]),
        "last_train_accuracy": mean_and_std(kind.train_accuracy[:, -1]),
        "last_test_error": mean_and_std(1 - kind.test_accuracy[:, -1]),
    }
