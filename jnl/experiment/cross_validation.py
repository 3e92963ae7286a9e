"""Weights of examples that are computed before the training, for strategies that use such weights.

They can depend on cross-validation: predictions by networks that did not train on the example.
"""

import math
from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jnl import strategies
from jnl.core.example_weights import ExampleWeighting, OutOfSample
from jnl.experiment.checkpoint_manager import CheckpointPolicy
from jnl.experiment.loop import train_program
from jnl.experiment.program_spec import ProgramSpec
from jnl.parallel import multi_run
from jnl.parallel.compiled_epoch import EpochCarry
from jnl.parallel.layout import Layout, choose, fills_device
from jnl.support.errors import UserError
from jnl.training import metrics
from jnl.training.single_run import init_state
from jnl.training.spec import RunInputs, TrainSpec


def with_example_weights(
    program_spec: ProgramSpec, policy: CheckpointPolicy | None, deadline: float = math.inf, part: str = ""
) -> ProgramSpec:
    """Return the program with the weights of the examples of each run.

    Runs whose cross-validation diverged get NaN weights, so that they are marked as failed later. The other arguments
    are those of `train_program`.
    """
    rule = program_spec.settings.strategy.instance.example_weights
    if rule is None:
        return program_spec
    truth = np.asarray(program_spec.dataset.train.clean)
    within = f"the cross-validation of {part}" if part else "the cross-validation"
    predictions = _out_of_sample(program_spec, rule, policy, deadline, within)
    run_infos = []
    for run_info, p in zip(program_spec.run_infos, predictions, strict=True):
        rows, weights = np.asarray(run_info.run.train_index), np.zeros(len(truth), np.float32)
        labels = np.asarray(run_info.run.labels)
        finite = np.isfinite(p[rows]).all()
        own = run_info.settings.strategy.instance.example_weights  # with the hyperparameters of this run
        assert own is not None
        weights[rows] = own.weights(labels[rows], truth[rows], p[rows]) if finite else np.nan
        outside = run_info.run.outside and _outside(labels, p)
        run_infos.append(run_info._replace(run=run_info.run._replace(weights=jnp.asarray(weights), outside=outside)))
    return program_spec._replace(run_infos=run_infos)


def folds_of(run: RunInputs, rows: np.ndarray, folds: int) -> list[RunInputs]:
    """Return a run for each fold of a cross-validation, which holds out the examples of the fold.

    The folds are stratified by the labels of the run. All runs get arrays of the same shapes: a few examples may train
    in no fold, and some examples of a small fold stand there twice.

    Args:
      run: the run.
      rows: i[n] the examples of all folds.
      folds: number of folds.
    """
    from sklearn.model_selection import StratifiedKFold  # takes seconds to import

    cut = StratifiedKFold(folds, shuffle=True, random_state=0)
    parted = [(rows[rest], rows[held]) for rest, held in cut.split(rows, np.asarray(run.labels)[rows])]
    shortest, longest = min(len(rest) for rest, _ in parted), max(len(held) for _, held in parted)
    return [
        run._replace(train_index=jnp.asarray(rest[:shortest]), validation_index=jnp.asarray(np.resize(held, longest)))
        for rest, held in parted
    ]


def fitted(program_spec: ProgramSpec, spec: TrainSpec, folds: Sequence[RunInputs]) -> tuple[TrainSpec, Layout]:
    """Return the spec with as many steps as the examples of a fold allow, and the layout for all folds.

    Raises `UserError` if these are fewer than a batch.
    """
    examples = len(folds[0].train_index)
    if examples < spec.batch_size:
        raise UserError(f"batch_size: {spec.batch_size}, but only {examples:,} examples are outside a fold; give less")
    steps = min(spec.steps, examples // spec.batch_size)
    settings, params = program_spec.settings, program_spec.abstract_carry.states.params
    layout = choose(settings.runs_axis, len(folds), settings.devices_per_batch, fills_device(params))
    return spec._replace(steps=steps), layout


def _outside(labels: np.ndarray, p: np.ndarray) -> OutOfSample:
    """Return the probability f32[N] that each label is wrong, and the most probable class i32[N].

    The arguments are labels i32[N] and probabilities f32[N, C].
    """
    wrong = 1 - p[np.arange(len(p)), labels]
    return OutOfSample(jnp.asarray(wrong), jnp.asarray(p.argmax(1), jnp.int32))


def _out_of_sample(
    program_spec: ProgramSpec, rule: ExampleWeighting, policy: CheckpointPolicy | None, deadline: float, part: str
) -> np.ndarray:
    """Return out-of-sample probabilities f32[S, N, C]. They are 0 without folds and for validation examples.

    One program trains all folds of all runs.
    """
    shape = (len(program_spec.run_infos), len(program_spec.dataset.train.labels), len(program_spec.dataset.class_names))
    predictions = np.zeros(shape, np.float32)
    if not rule.folds:
        return predictions
    run_infos = [
        fold._replace(hyper={}, outside=None)
        for run in program_spec.runs
        for fold in folds_of(run, np.asarray(run.train_index), rule.folds)
    ]
    spec = program_spec.train_spec._replace(make_strategy=strategies.Maker("standard"), num_nets=1)
    spec, layout = fitted(program_spec, spec, run_infos)

    made: list[multi_run.MultiRunProgram] = []

    def make(segments: int) -> multi_run.MultiRunProgram:
        cut = spec._replace(segments=segments or spec.segments)
        made.append(
            multi_run.MultiRunProgram(cut, program_spec.dataset, run_infos, layout, program_spec.settings.runs_at_once)
        )
        return made[0]

    abstract_carry = EpochCarry(
        jax.eval_shape(partial(init_state, spec), program_spec.dataset.train, run_infos[0]),
        metrics.zero_counts(spec.metrics),
    )
    epochs = range(rule.epochs)
    trained = train_program(
        f"{rule.folds} folds", make, abstract_carry, epochs, policy, lambda *epoch: False, deadline=deadline,
        part=part,
    )  # fmt: skip
    assert trained.carry is not None
    program = made[0] if made else make(trained.segments)
    for number, (run_info, p) in enumerate(zip(run_infos, program.held_out(trained.carry), strict=True)):
        predictions[number // rule.folds, np.asarray(run_info.validation_index)] = p[0]
    return predictions
