"""Trainings on folds of the data use all examples outside a fold."""

import numpy as np

import jnl
from jnl.experiment.fold_predictions import Plan, _program


def test_nothing_else_is_held_out():
    """A training without a test set would hold out a tenth of the examples, but each fold holds out its own."""
    dataset = jnl.from_arrays(np.eye(60), [0, 1] * 30)
    _, folds, program = _program(dataset, "standard", 0.2, Plan(folds=20, batch_size=19, epochs=1))
    assert program.steps == 20 * (57 // 19)  # of all folds
    np.testing.assert_array_equal(np.unique(np.concatenate(folds)), np.arange(60))
