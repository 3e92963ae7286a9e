"""Confident learning, against the same rules written example by example."""

import numpy as np
import pytest
from cleanlab.count import compute_confident_joint
from cleanlab.filter import find_label_issues
from hypothesis import given
from hypothesis import strategies as st

from jnl.noise import confident_learning

CLASSES = 4


def predictions(seed, number=60, sharp=2.0):
    random = np.random.default_rng(seed)
    p = np.exp(sharp * random.normal(size=(number, CLASSES)))
    return random.integers(0, CLASSES, number), p / p.sum(1, keepdims=True)


def plain_joint(labels, p):
    limits = [p[labels == j, j].mean() if (labels == j).any() else 2.0 for j in range(CLASSES)]
    counts = np.zeros((CLASSES, CLASSES))
    for label, row in zip(labels, p, strict=True):
        sure = [j for j in range(CLASSES) if row[j] >= limits[j] - 1e-6]
        if sure:
            counts[label, sure[0] if len(sure) == 1 else row.argmax()] += 1
    for j in range(CLASSES):
        counts[j, j] = max(counts[j, j], 1)
        counts[j] *= (labels == j).sum() / counts[j].sum()
    return counts


@pytest.mark.parametrize("seed", range(5))
def test_joint_is_calibrated_counting(seed):
    labels, p = predictions(seed)
    joint, plain = confident_learning.joint(labels, p), plain_joint(labels, p)
    np.testing.assert_array_equal(joint.sum(1), np.bincount(labels, minlength=CLASSES))
    assert np.abs(joint - plain).max() < 1


@pytest.mark.parametrize("seed", range(5))
def test_prune_by_noise_rate_takes_the_largest_margins(seed):
    labels, p = predictions(seed)
    wrong, joint = confident_learning.suspects(labels, p)
    expected = set()
    for k in range(CLASSES):
        for j in range(CLASSES):
            mine = [i for i in range(len(labels)) if labels[i] == k]
            if j != k:
                expected |= set(sorted(mine, key=lambda i: p[i, k] - p[i, j])[: joint[k, j]])  # noqa: B023
    expected -= {i for i in range(len(labels)) if p[i].argmax() == labels[i]}
    assert set(np.flatnonzero(wrong)) == expected


@given(st.integers(0, 1000), st.sampled_from(sorted(confident_learning.RULES)), st.integers(1, 40), st.floats(0.1, 20))
def test_a_predicted_label_is_never_wrong_and_no_class_is_lost(seed, rule, number, sharp):
    labels, p = predictions(seed, number, sharp)
    wrong, _ = confident_learning.suspects(labels, p, rule)
    assert not (wrong & (p.argmax(1) == labels)).any()
    assert set(labels[~wrong]) == set(labels)


@given(st.integers(0, 1000))
def test_both_is_both(seed):
    labels, p = predictions(seed)
    found = {
        rule: confident_learning.RULES[rule](labels, p, confident_learning.joint(labels, p))
        for rule in confident_learning.RULES
    }
    np.testing.assert_array_equal(found["both"], found["by_class"] & found["by_noise_rate"])
    assert not (found["off_diagonal"] & (confident_learning.guesses(labels, p) == labels)).any()


def test_clear_predictions_find_exactly_the_wrong_labels():
    random = np.random.default_rng(0)
    truth = random.integers(0, CLASSES, 400)
    labels = np.where(random.uniform(size=400) < 0.2, (truth + 1) % CLASSES, truth)
    p = np.full((400, CLASSES), 0.02)
    p[np.arange(400), truth] = 0.94
    for rule in confident_learning.RULES:
        np.testing.assert_array_equal(confident_learning.suspects(labels, p, rule)[0], labels != truth, err_msg=rule)


def test_a_class_without_examples_is_never_confident():
    labels, p = predictions(0)
    labels[labels == 3] = 0
    assert confident_learning.thresholds(labels, p)[3] == 2
    assert not (confident_learning.guesses(labels, p) == 3).any()
    assert confident_learning.joint(labels, p)[3].sum() == 0


def test_a_probability_reaches_the_threshold_although_their_last_bits_differ():
    p = np.tile([0.1, 0.45, 0.45], (3, 1))
    labels = np.zeros(3, int)
    assert p[0, 0] < confident_learning.thresholds(labels, p)[0] < p[0, 0] + 1e-16  # the mean of three is rounded up
    np.testing.assert_array_equal(confident_learning.guesses(labels, p), 0)


def test_a_class_that_no_prediction_gives_is_never_confident():
    """Its threshold is not 0, which every probability would reach."""
    p = np.array([[0.0, 0.6, 0.4], [0.0, 0.3, 0.7], [0.0, 0.8, 0.2]])
    np.testing.assert_array_equal(confident_learning.guesses(np.array([0, 0, 1]), p), [-1, -1, 1])


def test_a_class_keeps_its_most_probable_label_if_all_seem_wrong():
    p = np.array([[0.1, 0.9], [0.3, 0.7], [0.2, 0.8], [0.0, 1.0]])
    wrong, _ = confident_learning.suspects(np.array([0, 0, 0, 1]), p, "predicted")
    np.testing.assert_array_equal(wrong, [True, False, True, False])


def realistic_predictions(seed, number=600):
    """Return noisy labels and probabilities that mostly, but not always, see the true class."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, CLASSES, number)
    labels = np.where(random.uniform(size=number) < 0.25, random.integers(0, CLASSES, number), truth)
    logits = random.normal(size=(number, CLASSES)) + 2.5 * np.eye(CLASSES)[truth]
    p = np.exp(logits)
    return labels, p / p.sum(1, keepdims=True)


@pytest.mark.parametrize("seed", range(5))
def test_the_joint_is_that_of_cleanlab(seed):
    labels, p = realistic_predictions(seed)
    ours, theirs = confident_learning.joint(labels, p), compute_confident_joint(labels, p)
    assert np.abs(ours - theirs).max() <= 1  # of two equal remainders, each rounds up another one
    np.testing.assert_array_equal(np.sort(ours, 1), np.sort(theirs, 1))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("by_noise_rate", "prune_by_noise_rate"),
        ("by_class", "prune_by_class"),
        ("both", "both"),
        ("off_diagonal", "confident_learning"),
        ("predicted", "predicted_neq_given"),
    ],
)
def test_the_suspects_are_those_of_cleanlab(rule, name, seed):
    labels, p = realistic_predictions(seed)
    theirs = find_label_issues(labels, p, filter_by=name, min_examples_per_class=0, n_jobs=1)
    np.testing.assert_array_equal(confident_learning.suspects(labels, p, rule)[0], theirs)
