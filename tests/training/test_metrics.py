"""What is counted in training, against plain loops."""

from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from conftest import quick

from jnl.core.strategy import Selection, StepOutput
from jnl.data.dataset import Split
from jnl.experiment.run import run
from jnl.ops.losses import cross_entropy
from jnl.training import metrics
from jnl.training.evaluation import evaluate, predict_all, validate


@pytest.mark.parametrize("own", [False, True], ids=["same batch", "a batch of each network"])
def test_changed_predictions_are_those_of_two_visits(own):
    random = np.random.default_rng(0)
    labels = clean = jnp.zeros(12, jnp.int32)
    before = jnp.full((2, 12), -1, jnp.int32)
    last: dict[tuple[int, int], int] = {}
    nothing_selected = Selection(jnp.zeros((1, 4)), jnp.zeros((1, 4), bool), jnp.ones(1))
    for visit in range(3):
        counts, changed, compared = metrics.zero_counts(()), 0, 0
        orders = [random.permutation(12)[:8] for _ in range(2)]  # not all are seen in each epoch
        for begin in (0, 4):
            index = np.stack([order[begin : begin + 4] for order in orders]) if own else orders[0][begin : begin + 4]
            logits = random.normal(size=(2, 4, 3))
            for network, examples in enumerate(np.broadcast_to(index, (2, 4))):
                for position, example in enumerate(examples):
                    said = int(logits[network, position].argmax())
                    if (network, example) in last:
                        compared += 1
                        changed += last[network, example] != said
                    last[network, example] = said
            outcome = StepOutput(jnp.zeros(1), nothing_selected, jnp.asarray(logits, jnp.float32), jnp.asarray(index))
            now = metrics.batch_counts(outcome, labels, clean, before, ())
            counts = jax.tree.map(jnp.add, counts, now)
            before = metrics.predicted(outcome, before)
        found = float(metrics.epoch_metrics(counts)["changed_predictions"])
        if visit:
            assert changed > 0
            np.testing.assert_allclose(found, changed / compared, rtol=1e-6)
        else:
            assert np.isnan(found)
    for (network, example), said in last.items():
        assert before[network, example] == said


@pytest.mark.parametrize("own", [False, True], ids=["same batch", "a batch of each network"])
def test_the_numbers_of_two_batches_are_those_of_plain_loops(own):
    """Of a quarter of the examples the truth is unknown: these count neither for the precision nor for the recall."""
    random, counts, sums = np.random.default_rng(0), metrics.zero_counts(()), Counter()
    labels = random.integers(0, 3, 20)
    clean = np.where(random.random(20) < 0.6, labels, random.integers(0, 3, 20))
    clean[::4] = -1
    for _ in range(2):
        index = random.integers(0, 20, (2, 8) if own else 8)
        mask, logits, objective = random.random((2, 8)) < 0.5, random.normal(size=(2, 8, 3)), random.random(2)
        for network, examples in enumerate(np.broadcast_to(index, (2, 8))):
            for chosen, example, said in zip(mask[network], examples, logits[network].argmax(1), strict=True):
                known, right = clean[example] >= 0, clean[example] == labels[example]
                sums += Counter(all=1, chosen=chosen, known=chosen & known, kept=chosen & right, right=right)
                sums += Counter(predicted=said == labels[example])
        sums += Counter(loss=objective.mean())
        selection = Selection(jnp.zeros((2, 8)), jnp.asarray(mask), jnp.ones(2))
        outcome = StepOutput(jnp.float32(objective), selection, jnp.float32(logits), jnp.asarray(index))
        now = metrics.batch_counts(outcome, jnp.asarray(labels), jnp.asarray(clean), jnp.zeros((2, 20), int), ())
        counts = jax.tree.map(jnp.add, counts, now)
    expected = {
        "label_precision": sums["kept"] / sums["known"],
        "label_recall": sums["kept"] / sums["right"],
        "selected_fraction": sums["chosen"] / sums["all"],
        "train_accuracy": sums["predicted"] / sums["all"],
        "train_loss": sums["loss"] / 2,
    }
    found = metrics.epoch_metrics(counts)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-6), name
    broken = outcome._replace(logits=outcome.logits.at[1, 2, 0].set(jnp.inf))
    loss, _ = metrics.batch_counts(broken, jnp.asarray(labels), jnp.asarray(clean), jnp.zeros((2, 20), int), ())[
        "train_loss"
    ]
    assert np.isnan(loss)


def test_the_numbers_of_a_test_set_are_those_of_numpy():
    """23 examples in batches of 5, none of class 3."""
    random, labels = np.random.default_rng(0), np.arange(23) ** 2 % 7 % 3
    logits = random.normal(size=(2, 23, 4)) + 1.5 * np.eye(4)[labels]
    logits[0] *= 3  # the mean of the logits differs from the vote of one network
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    said = logits.argmax(-1)
    of_classes = np.stack([[(one[labels == c] == c).mean() for c in range(3)] for one in said])
    expected = {
        "test_accuracy": (said == labels).mean(1),
        "class_accuracy": np.concatenate([of_classes, np.full((2, 1), np.nan)], 1),
        "balanced_accuracy": of_classes.mean(1),
        "ensemble_accuracy": (logits.mean(0).argmax(1) == labels).mean(),
        "disagreement": (said[0] != said[1]).mean(),
        "divergence": 0.5 * np.abs(p[0] - p[1]).sum(1).mean(),
    }

    def predict(inputs):  # the inputs are the logits themselves
        return jnp.swapaxes(inputs, 0, 1), jnp.zeros((2, len(inputs), 1))

    inputs = jnp.float32(np.swapaxes(logits, 0, 1))
    test = Split(inputs, jnp.asarray(labels), jnp.asarray(labels))
    found = evaluate(predict, test, 5, ())
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5, err_msg=name)
    held = np.array([1, 2, 4, 8, 16, 7, 14])
    validated = validate(cross_entropy, predict, inputs, jnp.asarray(labels), jnp.asarray(held), 5)
    np.testing.assert_allclose(validated["validation_accuracy"], (said == labels)[:, held].mean(1), rtol=1e-6)
    losses = -np.log(p[:, held, labels[held]])
    np.testing.assert_allclose(validated["validation_loss"], losses.mean(1), rtol=1e-5)
    np.testing.assert_array_equal(predict_all(predict, inputs, 5)[0], np.float32(logits))
    alone = evaluate(lambda inputs: (predict(inputs)[0][:1], None), test, 5, ())
    assert np.isnan(alone["disagreement"]) and np.isnan(alone["divergence"]) and "ensemble_accuracy" not in alone


@pytest.mark.parametrize("own", [False, True], ids=["same batch", "a batch of each network"])
@pytest.mark.parametrize("some", [False, True], ids=["among all", "among some"])
def test_times_are_those_of_plain_loops(own, some):
    random = np.random.default_rng(1)
    found, expected = jnp.zeros((9, 2), jnp.int32), np.zeros((9, 2), int)
    for _ in range(5):
        index = random.integers(0, 9, (2, 6) if own else 6)  # some twice, as where classes are balanced
        eligible, mask = random.random(6) < (0.5 if some else 2), random.random((2, 6)) < 0.4
        for row, examples in enumerate(np.broadcast_to(index, (2, 6))):
            for position, example in enumerate(examples):
                if eligible[position]:
                    expected[example] += [1, not mask[row, position]]
        chosen = jnp.asarray(eligible) if some else None
        selection = Selection(jnp.zeros((2, 6)), jnp.asarray(mask), jnp.ones(2), eligible=chosen)
        found = metrics.times(StepOutput(jnp.zeros(2), selection, jnp.zeros((2, 6, 3)), jnp.asarray(index)), found)
    np.testing.assert_array_equal(found, expected)
    assert 0 < expected[:, 1].sum() < expected[:, 0].sum()


@pytest.mark.slow
def test_predictions_change_only_where_networks_do():
    still, moving = (
        run(quick("jocor", epochs=3, optim__learning_rate=rate)).metrics["changed_predictions"]  # f32[S, E]
        for rate in (1e-12, 1e-3)
    )
    assert np.isnan(still[:, 0]).all()
    np.testing.assert_array_equal(still[:, 1:], 0)
    assert ((0 < moving[:, 1:]) & (moving[:, 1:] < 1)).all()
