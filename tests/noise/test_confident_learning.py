"""Confident learning, against the same rules written example by example."""

import numpy as np
import pytest
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
