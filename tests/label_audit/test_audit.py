"""An audit from arrays to its files: what it finds, what it refuses, what it writes."""

import json
import os
from collections.abc import Callable

import jax
import numpy as np
import pandas as pd
import pytest
from flax import linen as nn
from noise.test_posterior import problem
from PIL import Image
from sklearn.datasets import load_digits, make_circles
from sklearn.metrics import average_precision_score

import jnl
from jnl import noise
from jnl.data.corrections import corrected
from jnl.label_audit import source
from jnl.label_audit.audit import audit
from jnl.label_audit.evidence import Expert
from jnl.label_audit.reasons import reasons

SMALL = {"folds": 2, "epochs": 8, "batch_size": 32}


@pytest.fixture(scope="module")
def digits():
    """600 digits, of which 30 % have wrong labels; those are known only here."""
    inputs, labels = load_digits(return_X_y=True)
    inputs, labels = inputs[:600], labels[:600]
    return inputs, noise.draw("symmetric", labels, 10, 0.3, 0), labels


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of the audit that trains."""
    return tmp_path_factory.mktemp("audit")


@pytest.fixture(scope="module")
def trained(digits, folder):
    inputs, labels, _ = digits
    return audit(inputs, labels, kind="features", folder=folder, **SMALL)


class Activated(nn.Module):
    activation: Callable[[jax.Array], jax.Array]

    @nn.compact
    def __call__(self, x):
        return nn.Dense(10)(self.activation(x))


def precision(found, labels, true):
    return average_precision_score(labels != true, found.examples["probability"])


class TestFound:
    def test_wrong_labels_come_first(self, trained, digits):
        _, labels, true = digits
        assert precision(trained, labels, true) > 0.9
        assert trained.noise_rate == pytest.approx(0.3, abs=0.08)
        wrong = trained.suspects.index
        assert (labels[wrong] != true[wrong]).mean() > 0.85
        right = labels[wrong] != true[wrong]
        assert (trained.suspects["suggested"][right] == true[wrong][right]).mean() > 0.75

    def test_one_row_for_each_example_in_order(self, trained, digits):
        _, labels, _ = digits
        frame = trained.examples
        assert frame["index"].tolist() == list(range(600))
        assert frame["given"].tolist() == labels.tolist()
        assert (frame["suggested"] != frame["given"]).all()
        assert {"coteaching", "cross_entropy", "neighbors", "aum", "left_out", "reasons"} <= set(frame)
        assert frame["probability"].mean() == pytest.approx(trained.noise_rate, abs=1e-3)

    def test_suspects_are_more_likely_wrong_than_right(self, trained):
        probability = trained.suspects["probability"]
        assert probability.min() > 0.5 and probability.is_monotonic_decreasing
        assert len(probability) == (trained.examples["probability"] > 0.5).sum()
        assert trained.suspects["reasons"].str.contains("predicts|neighbors").all()

    @pytest.mark.slow
    def test_true_labels_are_not_looked_at(self, digits):
        inputs, labels, true = digits
        unknown = jnl.from_arrays(inputs, labels, kind="features")
        known = jnl.from_arrays(inputs, labels, kind="features", clean=true)
        first, second = (audit(dataset=data, features=inputs) for data in (unknown, known))
        pd.testing.assert_frame_equal(first.examples, second.examples)

    def test_a_quick_audit_trains_no_network(self, digits, monkeypatch):
        monkeypatch.setattr(source, "train", None)
        inputs, labels, true = digits
        found = audit(inputs, labels, kind="features", quick=True)
        assert precision(found, labels, true) > 0.9
        assert {"neighbors", "linear"} <= set(found.examples) and "coteaching" not in found.examples

    def test_embeddings_need_no_training(self, digits, monkeypatch):
        monkeypatch.setattr(source, "train", None)
        inputs, labels, true = digits
        found = audit(features=inputs, labels=labels)
        assert precision(found, labels, true) > 0.9

    def test_probabilities_of_another_model(self, digits):
        _, labels, true = digits
        p = np.full((600, 10), 0.01)
        p[np.arange(600), true] = 0.91
        found = audit(pred_probs=p, labels=labels)
        assert (found.suspects["suggested"] == true[found.suspects.index]).all()
        assert set(found.suspects.index) == set(np.flatnonzero(labels != true))

    def test_names_of_classes(self, digits):
        _, labels, true = digits
        names = np.array([f"class {number}" for number in range(10)])
        p = np.full((600, 10), 0.01)
        p[np.arange(600), true] = 0.91
        found = audit(pred_probs=p, labels=names[labels])
        assert found.examples["given"].tolist() == names[labels].tolist()
        assert found.class_names == tuple(names)

    @pytest.mark.parametrize(("least", "warns"), [(0.1, True), (0.9, False)])
    def test_it_warns_if_what_predicts_knows_little(self, least, warns, recwarn):
        """Here it knows how sure it is, so that nothing but its doubt explains that it misses labels."""
        stream = np.random.default_rng(0)
        labels, sure = stream.integers(0, 10, 2000), stream.uniform(least, 1, 2000) ** 2
        guess = np.where(stream.random(2000) < sure, labels, (labels + stream.integers(1, 10, 2000)) % 10)
        p = np.where(np.eye(10)[guess] > 0, sure[:, None], (1 - sure[:, None]) / 9)
        audit(pred_probs=p, labels=labels)
        assert any("of the labels, and" in str(each.message) for each in recwarn) == warns

    def test_a_model_that_is_too_sure_is_softened(self):
        true, labels, p = problem(2000, np.where(np.eye(3) > 0, 0.9, 0.05))
        q = p**8 / (p**8).sum(1, keepdims=True)
        plain, sure = (precision(audit(pred_probs=each, labels=labels), labels, true) for each in (p, q))
        alone = average_precision_score(labels != true, -p[np.arange(2000), labels])
        assert plain > alone - 0.01 and sure > plain - 0.03

    def test_an_expert_that_knows_nothing_does_not_count(self):
        """No line divides two circles, but the neighbors do."""
        inputs, true = make_circles(1000, noise=0.08, factor=0.5, random_state=0)
        labels = noise.draw("symmetric", true, 2, 0.1, 0)
        found = audit(inputs.astype(np.float32), labels, quick=True)
        assert found.noise_rate == pytest.approx((labels != true).mean(), abs=0.02)
        assert precision(found, labels, true) > 0.99

    def test_labels_without_noise_still_have_an_order(self):
        """The model is right about all labels, and less sure of the last ones."""
        labels = np.arange(300) % 3
        p = np.where(np.eye(3)[labels] > 0, 0.9, 0.05)
        p[-30:] = np.where(np.eye(3)[labels[-30:]] > 0, 0.5, [[0.2, 0.25, 0.3]])
        found = audit(pred_probs=p / p.sum(1, keepdims=True), labels=labels)
        assert found.noise_rate < 0.001 and not len(found.suspects)
        assert set(found.examples["probability"].nlargest(30).index) == set(range(270, 300))
        assert (found.examples["suggested"] != found.examples["given"]).all()

    def test_a_rare_class_is_not_flagged_wholesale(self):
        stream = np.random.default_rng(0)
        true = (stream.random(4000) < 0.02).astype(int)
        p_rare = np.where(true == 1, stream.beta(2, 3, 4000), stream.beta(1, 40, 4000))  # networks doubt rare classes
        labels = np.where(stream.random(4000) < 0.02, 1 - true, true)
        found = audit(pred_probs=np.column_stack([1 - p_rare, p_rare]), labels=labels)
        rare = labels == 1
        suspected = (found.examples["probability"] > 0.5).to_numpy()
        assert (labels != true)[rare & suspected].mean() > 0.8
        assert suspected[rare & (labels == true)].mean() < 0.2


def test_an_example_between_two_classes_is_not_told_its_own_label():
    """Its label is the less likely one of two, but too likely to be wrong."""
    table = {"probability": np.array([0.48]), "overlap": np.array([True])}
    given, other = np.array([1]), np.array([0])
    assert reasons(table, given, other, given, [], None, ["cat", "dog"]) == ["cat is at least half as likely"]


def test_an_expert_gives_a_reason_by_its_title():
    table = {"probability": np.array([0.9]), "overlap": np.array([False])}
    given, other, p = np.array([1]), np.array([0]), np.array([[0.8, 0.2]])
    experts = [Expert(p, "a new model"), Expert(p, title="")]
    assert reasons(table, given, other, given, experts, None, ["cat", "dog"]) == [
        "a new model predicts cat (80%, dog has 20%)"
    ]


def test_a_twin_is_no_reason_where_most_examples_have_one():
    """As in a table with a few columns of a few words."""
    table = {"probability": np.zeros(4), "overlap": np.zeros(4, bool), "outlier": np.zeros(4, bool)}
    labels, names = np.array([0, 1, 0, 0]), ["cat", "dog"]
    few, many = (
        reasons(table | {"duplicate_of": np.array(twins)}, labels, 1 - labels, labels, [], None, names)
        for twins in ([1, -1, -1, -1], [1, 0, 3, 2])
    )
    assert few == ["nearly the same as example 1, which has the label dog", "", "", ""] and many == [""] * 4


class TestDoubts:
    def test_small_and_empty_classes(self):
        with pytest.warns(UserWarning) as said:
            audit(features=np.eye(12), labels=[0] * 6 + [2] * 4 + [4] * 2)
        texts = [str(each.message) for each in said]
        assert "2 of 5 classes have no example: '1', '3'" in texts
        assert "classes with fewer than 5 examples cannot be judged well: '2 (4)', '4 (2)'" in texts

    @pytest.mark.filterwarnings("ignore:estimates of the noise rate differ")
    def test_a_model_that_knows_nothing(self):
        """The interval holds the estimate, and a warning says that both mean little."""
        labels = np.random.default_rng(0).integers(10, size=600)
        for p in (np.full((600, 10), 0.1), np.random.default_rng(1).dirichlet(np.ones(10), 600)):
            with pytest.warns(UserWarning, match="predict only .* of the labels, and .* seem to be wrong"):
                found = audit(pred_probs=p, labels=labels)
            assert found.noise_interval == (0, 1) and 0 <= found.noise_rate <= 1

    def test_features_of_very_different_scales(self):
        features = np.random.default_rng(0).normal(size=(60, 5)) * [1, 1, 1, 1, 500]
        with pytest.warns(UserWarning, match="features: column 4 varies .* times as much as others"):
            audit(features=features, labels=np.arange(60) % 2)


class TestFiles:
    def test_a_failed_attempt_leaves_the_earlier_files_as_they_are(self, trained, tmp_path):
        resource = pytest.importorskip("resource")  # Windows has none
        before = {path: path.read_bytes() for path in trained.save(tmp_path)}
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before[tmp_path / "suspects.csv"]) // 2, hard))
        try:
            with pytest.raises(jnl.UserError, match="cannot write .* [(]File too large[)]; give another one"):
                trained.save(tmp_path, {"data": "other"})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before

    def test_they_hold_the_same_rows(self, trained, tmp_path):
        files = {path.name: path for path in trained.save(tmp_path / "out")}
        assert set(files) == {path.name for path in (tmp_path / "out").iterdir()}
        suspects = pd.read_parquet(files["suspects.parquet"])
        pd.testing.assert_frame_equal(suspects, trained.suspects.reset_index(drop=True))
        assert pd.read_csv(files["suspects.csv"])["index"].tolist() == suspects["index"].tolist()
        pd.testing.assert_frame_equal(pd.read_parquet(files["examples.parquet"]), trained.examples)
        summary = json.loads(files["audit.json"].read_text())
        assert summary["noise_rate"] == trained.noise_rate
        assert sum(row["expected_wrong"] for row in summary["classes"]) == pytest.approx(
            600 * trained.noise_rate, rel=0.01
        )

    def test_suggestions_can_be_taken_without_a_review(self, trained, digits, tmp_path):
        inputs, labels, true = digits
        sure = trained.decisions(at_least=0.8)
        sure.to_csv(tmp_path / "decisions.csv", index=False)
        after = corrected(jnl.from_arrays(inputs, labels, kind="features"), tmp_path / "decisions.csv").train.labels
        assert 0 < len(sure) < len(trained.suspects)
        assert (after != true).sum() < (labels != true).sum() - 0.7 * len(sure)

    def test_a_probability_that_is_none(self, trained):
        with pytest.raises(jnl.UserError, match=r"at_least: 90 is outside \[0, 1\]"):
            trained.decisions(at_least=90)

    def test_names_of_files_and_classes_that_are_no_utf8(self, tmp_path):
        for name in (b"caf\xe9", b"dog"):
            folder = os.path.join(os.fsencode(tmp_path / "mine"), name)
            os.makedirs(folder)
            for number in range(6):
                Image.new("L", (12, 12), 20 * number + len(name)).save(os.path.join(folder, b"\xe9%d.png" % number))
        dataset = jnl.data.load("folder", tmp_path / "mine")
        found = audit(dataset=dataset, features=np.random.default_rng(0).normal(size=(12, 3)))
        assert found.class_names == ("caf\\udce9", "dog")
        found.save(tmp_path / "out")
        rows = found.examples[:1]
        decisions = {"index": rows["index"], "given": rows["given"], "decision": "drop", "label": rows["given"]}
        decisions = pd.DataFrame(decisions | {"file": rows["file"]})
        decisions.to_csv(tmp_path / "decisions.csv", index=False)
        assert len(corrected(dataset, tmp_path / "decisions.csv").train.labels) == 11

    def test_names_cannot_become_formulas(self, tmp_path):
        p = [[0.9, 0.1]] * 5 + [[0.1, 0.9]] * 5
        labels = ["=cmd|' /C calc'!A0"] * 4 + ["@b"] * 6
        found = audit(pred_probs=p, labels=labels)
        (text,) = (path.read_text() for path in found.save(tmp_path) if path.name == "suspects.csv")
        assert "\n4,'@b,'=cmd" in text

    def test_a_finished_training_is_not_made_again(self, trained, digits, folder, monkeypatch):
        inputs, labels, _ = digits
        monkeypatch.setattr(source, "train", None)
        again = audit(inputs, labels, kind="features", folder=folder, **SMALL)
        pd.testing.assert_frame_equal(again.examples, trained.examples)
        with pytest.raises(TypeError):  # other labels are trained anew
            audit(inputs, labels[::-1], kind="features", folder=folder, **SMALL)

    @pytest.mark.slow
    def test_a_training_is_made_again_if_the_network_has_changed(self, digits, tmp_path):
        inputs, labels, _ = digits

        def trainings(activation):
            arguments = {"kind": "features", "folder": tmp_path, "folds": 2, "epochs": 1, "batch_size": 32}
            audit(inputs[:200], labels[:200], model=Activated(activation), **arguments)
            return len(list((tmp_path / "trainings").iterdir()))

        assert trainings(nn.relu) == trainings(nn.relu) == 2
        assert trainings(nn.gelu) == 4

    @pytest.mark.slow
    def test_a_damaged_one_is_made_again(self, digits, tmp_path):
        inputs, labels, _ = digits
        arguments = {"kind": "features", "folder": tmp_path, "folds": 2, "epochs": 1, "batch_size": 32}
        first = audit(inputs[:200], labels[:200], **arguments)
        for file in (tmp_path / "trainings").iterdir():
            file.write_bytes(file.read_bytes()[:1000])
        with pytest.warns(UserWarning, match="is damaged, so its training is made again"):
            audit(inputs[:200], labels[:200], **arguments)
        pd.testing.assert_frame_equal(audit(inputs[:200], labels[:200], **arguments).examples, first.examples)
