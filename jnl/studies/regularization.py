"""Which regularizers hinder memorization without harm on real data (Arpit et al. 2017, section 5).

The study measures two accuracies for each strength of each regularizer: on the training labels if these are random (in
evaluation mode, so this is how much the network memorizes), and on test images after training on the real labels.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from flax import linen as nn
from ml_collections import ConfigDict

from jnl import models
from jnl.data.dataset import Dataset
from jnl.experiment.program_spec import ProgramSpec
from jnl.studies.figures import panels
from jnl.studies.noisy_inputs import NoisyInputs
from jnl.studies.report import mean_and_std, rounded
from jnl.studies.settings import Rows, Settings, StudyResult, config, load
from jnl.studies.training import curves, labels, one_program, predictions
from jnl.support.json_values import Json

USUAL = Settings(seeds=1)


class Regularizer(NamedTuple):
    """A regularizer and its strengths. It changes the config or the program for a given strength."""

    strengths: tuple[float, ...]
    configure: Callable[[ConfigDict, float], None] = lambda config, strength: None
    change: Callable[[ProgramSpec, float], ProgramSpec] = lambda program_spec, strength: program_spec


class Measured(NamedTuple):
    """The accuracies of each run, [S] each."""

    memorized: np.ndarray  # accuracy on the random labels of the training set
    real_train_accuracy: np.ndarray
    real_test_accuracy: np.ndarray


def _dropout(config: ConfigDict, strength: float) -> None:
    """Set the dropout rate of the network."""
    config.model.dropout = strength


def _weight_decay(config: ConfigDict, strength: float) -> None:
    """Set the weight decay."""
    config.optim.weight_decay = strength


def _input_dropout(program_spec: ProgramSpec, strength: float) -> ProgramSpec:
    """Return the program with dropout on training inputs."""
    return _with_network(program_spec, partial(NoisyInputs, dropout=strength))


def _input_noise(program_spec: ProgramSpec, strength: float) -> ProgramSpec:
    """Return the program with Gaussian noise on training inputs."""
    return _with_network(program_spec, partial(NoisyInputs, deviation=strength))


def _with_network(program_spec: ProgramSpec, change: Callable[[nn.Module], nn.Module]) -> ProgramSpec:
    """Return the program with a changed network."""
    network = program_spec.train_spec.model
    assert isinstance(network, models.ModuleNetwork)
    spec = program_spec.train_spec._replace(model=models.wrap(change(network.trains)))
    return program_spec._replace(train_spec=spec)


REGULARIZERS = {
    "none": Regularizer((0.0,)),
    "dropout": Regularizer((0.3, 0.6, 0.9), configure=_dropout),
    "weight decay": Regularizer((0.001, 0.003, 0.01), configure=_weight_decay),
    "input dropout": Regularizer((0.3, 0.6, 0.9), change=_input_dropout),
    "input noise": Regularizer((0.5, 1.0, 2.0), change=_input_noise),
}


def study(settings: Settings) -> StudyResult:
    """Measure the test accuracy on real data and the memorization of random labels for each regularizer."""
    dataset = load(settings)
    found = {}
    for name, regularizer in REGULARIZERS.items():
        strengths = regularizer.strengths[: settings.strengths or None]
        found[name] = {strength: _measure(settings, dataset, regularizer, strength) for strength in strengths}
    return _report(found)


def _measure(settings: Settings, dataset: Dataset, regularizer: Regularizer, strength: float) -> Measured:
    """Train on real and on random labels, in one program, and return the accuracies."""
    chosen = config(settings, dataset)
    chosen.sweep = (("noise.rate", (0.0, 1.0)),)
    regularizer.configure(chosen, strength)
    program_spec = regularizer.change(one_program(chosen, dataset), strength)
    measured, states = curves(program_spec)
    right = (predictions(program_spec, states)[:, 0] == labels(program_spec)).mean(1)
    real, random_labels = np.split(right, 2)
    return Measured(random_labels, real, np.split(measured["test_accuracy"][:, -1, 0], 2)[0])


def _report(found: dict[str, dict[float, Measured]]) -> StudyResult:
    """Return the figure and the numbers; `found` has the accuracies by regularizer and strength."""
    labels = [("accuracy on random training labels", "test accuracy on real data")]
    figure, (axis,) = panels(["each point a strength, each line from none on"], labels)
    (none,) = found["none"].values()
    axis.plot(none.memorized.mean(), none.real_test_accuracy.mean(), "k*", markersize=12, label="none", zorder=3)
    for name in [name for name in found if name != "none"]:
        across, up = (
            [getattr(one, field).mean() for one in (none, *found[name].values())]
            for field in ("memorized", "real_test_accuracy")
        )
        axis.plot(across, up, marker="o", markersize=4, label=name)
    axis.legend()
    rows: Rows = [
        {
            "regularizer": name,
            "strength": strength,
            "run": run,
            **{field: rounded(values[run]) for field, values in measured._asdict().items()},
        }
        for name, strengths in found.items()
        for strength, measured in strengths.items()
        for run in range(len(measured.memorized))
    ]
    summary: dict[str, Json] = {
        name: {
            f"{strength:g}": {field: mean_and_std(values) for field, values in measured._asdict().items()}
            for strength, measured in strengths.items()
        }
        for name, strengths in found.items()
    }
    return StudyResult(summary, {"regularization": rows}, figure)
