"""Train networks on folds of the data, and collect how they predict each example while they learn."""

import warnings
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
from jax import Array

from jnl.data.dataset import Dataset
from jnl.experiment.build import build
from jnl.experiment.cross_validation import fitted, folds_of
from jnl.experiment.program_spec import ProgramSpec
from jnl.experiment.replacements import in_place_of
from jnl.models import ModuleNetwork
from jnl.parallel.multi_run import MultiRunProgram
from jnl.results.progress import Progress
from jnl.settings.published import get_config
from jnl.settings.sizes import fit_to
from jnl.support.errors import UserError
from jnl.support.signals import Interrupts, Stopped

LAST = 5  # predictions are means over so many last epochs
_STEPS = 1500  # number of steps of a training, if nobody has set the epochs
_FEWEST, _MOST = 12, 50  # epochs


class Plan(NamedTuple):
    """How the networks of an audit are trained."""

    model: ModuleNetwork | None = None  # None is the published choice for this kind of data
    folds: int = 5
    epochs: int = 0  # 0 follows the number of examples
    batch_size: int = 0  # 0 follows the number of examples
    seeds: tuple[int, ...] = (0,)


class Learned(NamedTuple):
    """How the networks of all folds predict each example. Every mean is over seeds and networks too."""

    last: np.ndarray  # f32[N, C] out-of-sample probabilities, mean over the last epochs
    best: np.ndarray  # f32[N, C] the same after the epoch that agrees most with the given labels
    margin: np.ndarray  # f32[N] in training: logit of the label minus the largest other logit, mean over epochs (AUM)
    forgotten: np.ndarray  # f32[N] in training: how often the label was predicted, and in the next epoch was not
    first_learned: np.ndarray  # f32[N] in training: first epoch that predicts the label; the number of epochs if none
    left_out: np.ndarray | None = None  # f32[N] share of the last epochs in which the method left the example out


def train(dataset: Dataset, strategy: str, rate: float, plan: Plan, purpose: str = "audit") -> Learned:
    """Train a method on all folds but one, in turn, and return its predictions. All folds and seeds are one program.

    Args:
      dataset: the data set, whose training labels may be wrong.
      strategy: name of the method.
      rate: share of wrong labels that the method takes for granted.
      plan: how to train.
      purpose: the first words of the title of the progress bar.

    Raises:
      UserError: if the data cannot train, or the training diverged.
      Stopped: if a signal ended the training.
    """
    program_spec, folds, program = _program(dataset, strategy, rate, plan)
    labels, epochs = np.asarray(dataset.train.labels), len(program_spec.epochs)
    record = _Record(labels, folds, len(dataset.class_names), epochs)
    title = f"{purpose}: {strategy}, {len(folds)} folds"
    with Progress(title, epochs, 0, program.steps) as progress, Interrupts(True) as heard:
        for cursor in program.train(partial(program.start, 0)):
            if heard.number:
                raise Stopped(heard.number, f"stopped while training for the {purpose}")
            if cursor.measured is None:
                continue
            carry = program.gather(cursor)
            if np.asarray(carry.states.failed).any():  # such a run changes no more, so its predictions mean nothing
                raise UserError(
                    f"the training diverged in epoch {cursor.epoch - 1}, so it says nothing about the labels; look for "
                    "very large inputs, or give another model"
                )
            record.add(cursor.epoch - 1, program.predictions(carry))
            progress.step()
            if cursor.epoch == epochs:
                return record.result(carry.states.suspicion)
    raise AssertionError("the program ended before its last epoch")


def share_to_forget(p: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of the labels i[N] that out-of-sample probabilities f[N, C] contradict, from 0.01 to 0.8.

    Co-teaching forgets this share in an audit. It is more than the share of wrong labels, which does no harm there.
    """
    return round(min(max(float((p.argmax(1) != labels).mean()), 0.01), 0.8), 4)


def _program(
    dataset: Dataset, strategy: str, rate: float, plan: Plan
) -> tuple[ProgramSpec, list[np.ndarray], MultiRunProgram]:
    """Return the program of all folds and seeds, and the rows that each of its runs holds out."""
    labels = np.asarray(dataset.train.labels)
    config = get_config(strategy, f"data=own,rate={rate}")
    config.seeds, config.batch_size = plan.seeds, plan.batch_size
    config.epochs = plan.epochs or 1
    fit_to(config, len(labels))  # the batch size, if the plan has none
    if not plan.epochs:
        config.epochs = min(max(_FEWEST, -(-_STEPS // max(1, len(labels) // config.batch_size))), _MOST)
    network = None if plan.model is None else in_place_of(config, "model", (), plan.model)()
    load = in_place_of(config, "data", (), dataset._replace(test=None))
    (program_spec,) = build(config, load, network, held_out=0.0)  # each fold holds out its own
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")  # `audit` says it
        runs = [fold for run in program_spec.runs for fold in folds_of(run, np.arange(len(labels)), plan.folds)]
    spec, layout = fitted(program_spec, program_spec.train_spec, runs)
    program = MultiRunProgram(spec, program_spec.dataset, runs, layout, program_spec.settings.runs_at_once)
    return program_spec, [np.asarray(run.validation_index) for run in runs], program


class _Record:
    """Sums over the epochs of what the networks predict."""

    def __init__(self, labels: np.ndarray, folds: list[np.ndarray], classes: int, epochs: int) -> None:
        self._labels, self._folds, self._epochs, number = labels, folds, epochs, len(labels)
        self._trained = np.ones((len(folds), number), bool)  # which examples a run trains on
        for run, held in enumerate(folds):
            self._trained[run, held] = False
        self._last = np.zeros((number, classes), np.float32)
        self._best, self._agreement = self._last, -1.0
        self._margin, self._forgotten = np.zeros(number), np.zeros(number)
        self._learned = np.full((len(folds), number), float(epochs))
        self._before = np.zeros((len(folds), number), bool)

    def add(self, epoch: int, p: np.ndarray) -> None:
        """Add the predictions of an epoch, f32[S, K, N, C]."""
        p = p.mean(1)
        held = np.zeros_like(self._last)
        for run, rows in enumerate(self._folds):
            held[np.unique(rows)] += p[run, np.unique(rows)]
        held /= held.sum(1, keepdims=True)
        if epoch >= self._epochs - LAST:
            self._last += held / min(LAST, self._epochs)
        agreement = float((held.argmax(1) == self._labels).mean())
        if agreement > self._agreement:
            self._best, self._agreement = held, agreement
        everyone = np.arange(len(self._labels))
        own = np.log(np.maximum(p[:, everyone, self._labels], 1e-9))
        p[:, everyone, self._labels] = 0
        margin = own - np.log(np.maximum(p.max(2), 1e-9))
        self._margin += self._of_trained(margin) / self._epochs
        right = margin > 0
        self._forgotten += self._of_trained(self._before & ~right)
        self._learned = np.where(right, np.minimum(self._learned, epoch), self._learned)
        self._before = right

    def result(self, suspicion: Mapping[str, Array]) -> Learned:
        """Return what was collected. `suspicion` is that of the last states, see `core.suspects`."""
        left_out = None
        if "times" in suspicion:  # i32[S, N, 2]: how often the mask could choose the example, and left it out
            seen, out = np.moveaxis(np.asarray(suspicion["times"]), 2, 0).sum(1)
            left_out = (out / np.maximum(seen, 1)).astype(np.float32)
        learned = self._of_trained(self._learned)
        each = [values.astype(np.float32) for values in (self._margin, self._forgotten, learned)]
        return Learned(self._last, self._best, each[0], each[1], each[2], left_out)

    def _of_trained(self, values: np.ndarray) -> np.ndarray:
        """Return the mean over the runs that train on the example: [S, N] -> [N]."""
        return (values * self._trained).sum(0) / self._trained.sum(0)
