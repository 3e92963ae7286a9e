"""What an audit refuses, and in which words."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

import jnl
from jnl.label_audit.audit import audit


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "labels: missing"),
        ({"labels": [0, 1]}, "inputs: missing"),
        ({"pred_probs": [[0.5, 0.5]], "labels": [0, 1]}, "1 rows for 2 labels|inputs"),
        ({"pred_probs": [[0.5, 0.6]] * 2, "labels": [0, 1]}, "pred_probs: .* sum 1"),
        ({"pred_probs": [[0.5, np.nan]] * 2, "labels": [0, 1]}, "pred_probs: .*finite"),
        ({"pred_probs": [[0.5, 0.5]] * 3, "labels": [0, 1, 2]}, "label"),
        ({"features": [[1.0], [2.0]], "labels": ["a", "b", "c"]}, "3"),
        ({"pred_probs": [[0.5, 0.5]] * 2, "labels": [0, 1], "model": 3}, "model: given with"),
        ({"dataset": 3, "labels": [0, 1]}, "dataset: given with inputs, labels"),
        ({"dataset": 3, "kind": "images"}, "dataset: given with inputs, labels, class_names or kind"),
        ({"inputs": [[1.0], [2.0]] * 4, "labels": [0, 1] * 4}, "folds: 5, but no class has more than 4 examples"),
        (
            {"inputs": np.eye(80), "labels": [0, 1] * 40, "folds": 2, "batch_size": 64},
            "batch_size: 64, but only 40 examples are outside a fold",
        ),
        (
            {"features": [[1.0], [2.0]], "labels": [0, 1], "epochs": 3},
            "epochs: given with quick, features or pred_probs",
        ),
        (
            {"features": [[1.0], [2.0]], "labels": [0, 1], "folder": "x"},
            "folder: given with quick, features or pred_probs",
        ),
        ({"features": np.ones((8, 3)), "labels": [0, 1] * 4}, "features: all rows are the same"),
        ({"features": np.full((999, 3), 0.1), "labels": [0, 1, 2] * 333}, "features: all rows are the same"),
        (
            {"features": np.arange(8.0)[:, None] + [[1.7e9], [-1.7e9]] * 4, "labels": [0, 1] * 4},
            "features: column 0 has 8 different numbers, but only 2 in float32; subtract a constant",
        ),
        (
            {"features": np.arange(8.0)[:, None] * 1e-25, "labels": [0, 1] * 4},
            "features: the values of a column differ by at most 7e-25, which is too small for distances",
        ),
        (
            {"features": [[1.0, -3.4e38], [2.0, 1.0]] * 4, "labels": [0, 1] * 4},
            r"features: row 0, column 1 has -3.4e\+38, which is too large for distances",
        ),
        ({"inputs": [[1.0], [2.0]], "labels": [0, 1]}, "labels: each class has only one example"),
        ({"inputs": [[1.0], [2.0]] * 9, "labels": [0, 1] * 9, "folder": "/dev/null/x"}, "cannot write /dev/null/x"),
        ({"features": [[1.0], [2.0]], "labels": [0, 1], "quick": True}, "quick: given with features or pred_probs"),
    ],
)
def test_arguments_that_are_refused_in_one_line(arguments, message):
    with pytest.raises(jnl.UserError, match=message) as error:
        audit(**arguments)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("folds", 1), ("folds", 2.5), ("epochs", -1), ("epochs", True), ("batch_size", "8"), ("seeds", 0),
        ("seeds", 1.5), ("seeds", (1, -1)), ("seeds", (3, 3)), ("seeds", np.array([])), ("seeds", (2**32,)),
    ],
)  # fmt: skip
def test_a_wrong_number(name, number):
    with pytest.raises(jnl.UserError, match=f"^{name}: .*; give "):
        audit([[1.0], [2.0]] * 9, [0, 1] * 9, **{name: number})


def test_a_training_that_diverges():
    inputs, labels = load_digits(return_X_y=True)
    dataset = jnl.from_arrays(inputs[:600] * 1e37, labels[:600], kind="features", standardize=False)
    with pytest.raises(jnl.UserError, match="the training diverged in epoch 0"):
        audit(dataset=dataset, folds=2, epochs=8, batch_size=32)
