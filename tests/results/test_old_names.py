"""Workdirs of earlier versions of jnl are read under the names of today."""

import json

from conftest import ROOT

from jnl.report import reading
from jnl.results import old_names
from jnl.results.table import table


def test_fields_and_values_of_a_config():
    old = {
        "strategy": {"name": "regularised", "unlabelled": 25.0},
        "augment": {"normalise": "image", "resized": True},
        "optim": {"minimum": 0.0, "name": "sgd"},
        "protocol": {"checkpoint": "selected"},
        "only": "jocor",
        "sweep": [["optim.minimum", [0.0, 0.1]]],
    }
    new = old_names.config(old)
    assert new["strategy"] == {"name": "regularized", "unlabeled_weight": 25.0}
    assert new["augment"] == {"normalize": "image", "random_resized_crop": True}
    assert new["optim"] == {"min_learning_rate": 0.0, "name": "sgd"}
    assert new["protocol"] == {"checkpoint": "at_best_validation"}
    assert new["sweep_filter"] == "jocor"
    assert new["sweep"] == [["optim.min_learning_rate", [0.0, 0.1]]]
    assert old_names.config(new) == new
    assert old_names.config({"optim.minimum": 0.1, "strategy.name": "regularised"}) == {
        "optim.min_learning_rate": 0.1,
        "strategy.name": "regularized",
    }


def test_metrics_of_a_row_and_columns_of_a_summary():
    assert old_names.row({"epoch": 1, "selected": 0.8}) == {"epoch": 1, "selected_fraction": 0.8}
    point = {
        "strategy": "regularised",
        "swept": {"optim.minimum": 0.1},
        "noise": {"realised": [0.2]},
        "test_accuracy": {"best": 1, "selected": 2},
    }
    new = {
        "strategy": "regularized",
        "swept": {"optim.min_learning_rate": 0.1},
        "noise": {"realized": [0.2]},
        "test_accuracy": {"best": 1, "at_best_validation": 2},
        "checkpoint": "last", "balanced_accuracy": None, "class_accuracy": None, "left_out": None,
    }  # fmt: skip
    assert old_names.summary({"points": [point], "seconds": 1.0}) == {"points": [new], "seconds": 1.0}
    assert old_names.summary(point) == new


def test_a_finished_training_of_an_earlier_version_shows_its_table():
    stored = json.loads((ROOT / "results/cifar10-table-3/standard-symmetric-0.5/summary.json").read_text())
    assert "checkpoint" not in stored["points"][0]
    assert "42.95" in table(old_names.summary(stored)["points"])


def test_a_stored_training_of_an_earlier_version_is_read():
    (point,) = reading.read([ROOT / "results/methods/mnist-symmetric-0.5/regularized"])
    assert point.strategy == "regularized"
    assert len(point.realized) == len(point.runs) == 3
    assert "selected_fraction" in point.runs[0].curves
