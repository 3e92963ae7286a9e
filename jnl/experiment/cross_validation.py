"""Weights settled before training, if the strategy has any: predictions by networks that did not see the example."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from jnl import strategies
from jnl.core.memory import ExampleWeighting, OutOfSample
from jnl.experiment.loop import CheckpointPolicy, train_program
from jnl.experiment.program_spec import ProgramSpec
from jnl.parallel import multi_run
from jnl.parallel.compiled_epoch import EpochCarry
from jnl.parallel.layout import choose
from jnl.training import metrics
from jnl.training.epoch import start


def weigh(parts: ProgramSpec, saving: CheckpointPolicy | None) -> ProgramSpec:
    """The same parts, each run with the weights of its examples; NaN, by which it fails, if its own training has."""
    rule = parts.recipe.make_strategy(**parts.runs[0].hyper).example_weights
    if rule is None:
        return parts
    truth = np.asarray(parts.dataset.train.clean)
    predictions = _out_of_sample(parts, rule, saving)
    members = []
    for member, p in zip(parts.members, predictions, strict=True):
        rows, weights = np.asarray(member.run.train_index), np.zeros(len(truth), np.float32)
        labels = np.asarray(member.run.labels)
        finite = np.isfinite(p[rows]).all()
        weights[rows] = rule.weights(labels[rows], truth[rows], p[rows]) if finite else np.nan
        outside = member.run.outside and _outside(labels, p)
        members.append(member._replace(run=member.run._replace(weights=jnp.asarray(weights), outside=outside)))
    return parts._replace(members=members)


def _outside(labels: np.ndarray, p: np.ndarray) -> OutOfSample:
    """What the probabilities f32[N, C] say of the labels i32[N]."""
    wrong = 1 - p[np.arange(len(p)), labels]
    return OutOfSample(jnp.asarray(wrong), jnp.asarray(p.argmax(1), jnp.int32))


def _out_of_sample(parts: ProgramSpec, rule: ExampleWeighting, saving: CheckpointPolicy | None) -> np.ndarray:
    """Probabilities f32[S, N, C], 0 for examples held out for validation. All folds of all runs are one program."""
    shape = (len(parts.members), len(parts.dataset.train.labels), len(parts.dataset.class_names))
    predictions = np.zeros(shape, np.float32)
    if not rule.folds:
        return predictions
    from sklearn.model_selection import StratifiedKFold  # takes seconds to import

    cut, members = StratifiedKFold(rule.folds, shuffle=True, random_state=0), []
    for run in parts.runs:
        rows = np.asarray(run.train_index)
        parted = [(rows[rest], rows[held]) for rest, held in cut.split(rows, np.asarray(run.labels)[rows])]
        shortest, longest = min(len(rest) for rest, _ in parted), max(len(held) for _, held in parted)
        members += [
            run._replace(
                train_index=jnp.asarray(rest[:shortest]),
                validation_index=jnp.asarray(np.resize(held, longest)),
                hyper={},
                outside=None,
            )
            for rest, held in parted
        ]
    recipe = parts.recipe._replace(make_strategy=partial(strategies.make, "standard"), num_nets=1)
    recipe = recipe._replace(steps=min(recipe.steps, len(members[0].train_index) // recipe.batch_size))
    layout = choose(parts.config.runs_axis, len(members), parts.config.devices_per_batch)

    made: list[multi_run.MultiRunProgram] = []

    def make(pieces: int) -> multi_run.MultiRunProgram:
        cut = recipe._replace(pieces=pieces or recipe.pieces)
        made.append(multi_run.MultiRunProgram(cut, parts.dataset, members, layout, parts.config.runs_at_once))
        return made[0]

    like = EpochCarry(jax.eval_shape(partial(start, recipe), parts.dataset.train, members[0]), metrics.nothing())
    epochs = range(rule.epochs)
    trained = train_program(f"{rule.folds} folds", make, like, epochs, saving, lambda *told: None)
    assert trained.carried is not None
    program = made[0] if made else make(trained.pieces)
    for number, (member, p) in enumerate(zip(members, program.held_out(trained.carried), strict=True)):
        predictions[number // rule.folds, np.asarray(member.validation_index)] = p[0]
    return predictions
