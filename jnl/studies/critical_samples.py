"""The critical sample ratio over the training (Arpit et al. 2017, section 6).

The learned function is simple at first. At the end it is much more complex if the network memorizes. The ratio is
measured on images that do not train: test images for real data and randY, Gaussian images for randX.
"""

from collections.abc import Callable
from functools import partial

import jax
import numpy as np
from jax import Array, lax

from jnl.core.train_state import TrainState
from jnl.experiment.program_spec import ProgramSpec
from jnl.ops.augment import to_float
from jnl.studies import synthetic_images
from jnl.studies.adversarial import Search, critical
from jnl.studies.figures import band, panels
from jnl.studies.report import mean_and_std, rounded
from jnl.studies.settings import Rows, Settings, StudyResult, config, load
from jnl.studies.training import follow, one_program
from jnl.support.json_values import Json
from jnl.training.evaluation import predictor

USUAL = Settings(tests=500)


def study(settings: Settings) -> StudyResult:
    """Measure the critical sample ratio over the training for real data, randX and randY."""
    dataset = load(settings)
    chosen = config(settings, dataset)
    chosen.sweep = (("noise.rate", (0.0, 1.0)),)
    search = Search(settings.radius)
    epochs, *both = _over_training(one_program(chosen, dataset), search)
    noise = synthetic_images.gaussian_pixels(dataset, 0)
    _, *of_noise = _over_training(one_program(config(settings, noise), noise), search)
    real, random_labels = zip(*(np.split(values, 2) for values in both), strict=True)
    return _report(search, epochs, {"real": real, "randX": tuple(of_noise), "randY": random_labels})


def ratios(program_spec: ProgramSpec, search: Search, inputs: Array) -> Callable[[TrainState], np.ndarray]:
    """Return the function that computes the critical sample ratio of each run from the states of all runs: -> f64[S].

    Args:
      program_spec: the program of the runs.
      search: the settings of the search.
      inputs: [N, ...] stored inputs. The ratio is the share of them that is critical for the first network of a run.
    """

    def one(images: Array, state: TrainState) -> Array:
        predict_fn = predictor(program_spec.train_spec, state)
        return critical(lambda x: predict_fn(x)[0][0], images, jax.random.key(0), search).mean()

    every = jax.jit(lambda images, states: lax.map(partial(one, images), states))
    images = to_float(inputs)
    return lambda states: np.asarray(every(images, states), np.float64)


def _over_training(program_spec: ProgramSpec, search: Search) -> tuple[list[int], np.ndarray, np.ndarray]:
    """Train, and measure after epochs 1, 2, 4, ... and the last one.

    Return these T epochs, the critical sample ratio f64[S, T], and the accuracy on the training labels f32[S, T].
    """
    assert program_spec.dataset.test is not None
    measure = ratios(program_spec, search, program_spec.dataset.test.inputs)
    epochs, found, accuracies = [], [], []
    for after in follow(program_spec):
        if after.epoch & (after.epoch - 1) == 0 or after.epoch == program_spec.epochs.stop:
            epochs.append(after.epoch)
            found.append(measure(after.states()))
            accuracies.append(after.measured["train_accuracy"])
    return epochs, np.stack(found, 1), np.stack(accuracies, 1)


def _report(search: Search, epochs: list[int], found: dict[str, tuple[np.ndarray, ...]]) -> StudyResult:
    """Return the figure and the numbers; `found` has the ratio and the accuracy, [S, T] each, of each kind of data."""
    titles = [f"a box of radius {search.radius:g} around unseen images", "the same networks"]
    figure, axes = panels(titles, [("epochs", "critical sample ratio"), ("epochs", "accuracy on the training labels")])
    for name, values in found.items():
        for axis, runs in zip(axes, values, strict=True):
            band(axis, epochs, runs, name)
    for axis in axes:
        axis.set(xscale="log", ylim=(-0.02, 1.02))
    axes[1].legend()
    rows: Rows = [
        {
            "data": name,
            "run": run,
            "epoch": epoch,
            "critical_sample_ratio": rounded(ratio[run, t]),
            "train_accuracy": rounded(accuracy[run, t]),
        }
        for name, (ratio, accuracy) in found.items()
        for run in range(len(ratio))
        for t, epoch in enumerate(epochs)
    ]
    summary: dict[str, Json] = {"search": search._asdict()}
    for name, (ratio, accuracy) in found.items():
        last = {"critical_sample_ratio": mean_and_std(ratio[:, -1]), "train_accuracy": mean_and_std(accuracy[:, -1])}
        summary[name] = {"first_critical_sample_ratio": mean_and_std(ratio[:, 0]), **last}
    return StudyResult(summary, {"critical_samples": rows}, figure)
