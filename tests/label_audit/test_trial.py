"""A trial of the audit writes how well it went, beside cleanlab's score."""

import csv

import numpy as np
import pytest
from cleanlab.rank import get_label_quality_scores
from sklearn.metrics import average_precision_score

import jnl
from jnl.label_audit import trial
from jnl.label_audit.audit import audit
from jnl.noise import draw
from jnl.support.errors import UserError


def test_the_score_beside_it_is_that_of_cleanlab():
    stream = np.random.default_rng(0)
    true = stream.integers(0, 3, 200)
    plain = stream.dirichlet(np.ones(3), 200)
    plain[np.arange(200), true] += 1
    plain /= plain.sum(1, keepdims=True)
    labels = draw("symmetric", true, 3, 0.3, 0)
    dataset = jnl.from_arrays(stream.normal(size=(200, 2)), labels, clean=true)
    row = trial.compare(audit(pred_probs=plain, labels=labels), dataset, plain)
    theirs = 1 - get_label_quality_scores(labels, plain)
    assert row["average_precision_cleanlab"] == round(average_precision_score(labels != true, theirs), 4)
    assert row["true_rate"] == round(float((labels != true).mean()), 4)


def test_a_class_without_examples_has_the_probability_zero():
    features = np.random.default_rng(0).normal(size=(40, 3))
    found = trial._logistic_regression(features, np.arange(40) % 2 * 2, 3)
    assert found.shape == (40, 3) and not found[:, 1].any()
    np.testing.assert_allclose(found.sum(1), 1)


def test_rows_of_fewer_columns_keep_their_places(tmp_path):
    file = tmp_path / "rows.csv"
    trial._add(file, {"data": "mnist", "rate": 0.2, "rate_clusterability": 0.3, "seconds": 4})
    trial._add(file, {"data": "cifar100", "rate": 0.1, "seconds": 5})
    assert file.read_text().splitlines()[-1] == "cifar100,0.1,,5"
    trial._add(file, {"data": "mnist", "other": 1})
    assert file.read_text().splitlines()[0] == "data,rate,rate_clusterability,seconds,other"
    assert file.read_text().splitlines()[1:] == ["mnist,0.2,0.3,4,", "cifar100,0.1,,5,", "mnist,,,,1"]


@pytest.mark.slow
@pytest.mark.parametrize(("how", "most"), [("embeddings", 0.9), ("quick", 1.0)])  # of scaled features it is better
def test_it_runs_without_networks(how, most, tmp_path):
    np.save(tmp_path / "pixels.npy", jnl.data.load("digits").train.inputs.reshape(-1, 64).astype(np.float32))
    given = ["--quick"] if how == "quick" else ["--features", str(tmp_path / "pixels.npy")]
    assert trial.main([*given, "--examples", "400", "--out", str(tmp_path / "rows.csv")]) == 0
    (row,) = csv.DictReader((tmp_path / "rows.csv").open())
    assert float(row["average_precision"]) > 0.9 and 0.2 < float(row["average_precision_cleanlab"]) < most


@pytest.mark.slow
def test_it_runs(tmp_path):
    out = tmp_path / "rows.csv"
    for _ in range(2):  # rows are added
        assert trial.main(["--examples", "400", "--epochs", "3", "--out", str(out)]) == 0
    first, second = csv.DictReader(out.open())
    assert {**first, "seconds": ""} == {**second, "seconds": ""}
    assert 0.15 < float(first["true_rate"]) < 0.25 and 0 < float(first["average_precision"]) <= 1


def test_what_cannot_be_tried_is_refused(tmp_path):
    np.save(tmp_path / "pixels.npy", np.zeros((3, 2), np.float32))
    with pytest.raises(UserError, match="--model, --epochs: no network trains with --features or --quick"):
        trial.main(["--features", str(tmp_path / "pixels.npy"), "--epochs", "3"])
    with pytest.raises(UserError, match="--features: .*none.npy is not an array"):
        trial.main(["--features", str(tmp_path / "none.npy")])
    with pytest.raises(UserError, match="--out: cannot write .*pixels.npy.*rows.csv"):
        trial._add(tmp_path / "pixels.npy" / "rows.csv", {"data": "mnist"})
