"""The logistic regression of the audit: scikit-learn's on labels, out of sample, and on probable classes."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from jnl.label_audit import logistic


@pytest.fixture(scope="module")
def digits():
    inputs, labels = load_digits(return_X_y=True)
    return np.float32(inputs[:400]), labels[:400]


def test_on_labels_it_is_that_of_scikit_learn(digits):
    inputs, labels = digits
    scaled = (inputs - inputs.mean(0)) / np.sqrt(np.square(inputs - inputs.mean(0)).sum(1).mean())
    expected = LogisticRegression(C=1, tol=1e-8, max_iter=1000).fit(scaled, labels).predict_proba(scaled)
    weights = np.asarray(logistic._fit(np.column_stack([scaled, np.ones(400)]), np.eye(10)[labels], np.ones(400)))
    logits = np.float64(scaled @ weights[:-1] + weights[-1])
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(p, expected, atol=0.01)


def test_the_bias_is_not_penalized():
    """Without a penalty on the bias, the mean prediction is the share of the class."""
    features, labels = np.random.default_rng(0).normal(3, 2, (60, 2)), (np.arange(60) % 10 == 0).astype(int)
    scaled = logistic.scaled(features)
    np.testing.assert_allclose(scaled.mean(0), 0, atol=1e-12)
    assert np.square(scaled).sum(1).mean() == pytest.approx(1)
    columns = np.column_stack([scaled, np.ones(60)])
    logits = columns @ np.float64(logistic._fit(columns, np.eye(2)[labels], np.ones(60)))
    assert (1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))).mean() == pytest.approx(0.1, abs=1e-4)


def test_an_example_does_not_learn_from_itself(digits):
    inputs, labels = digits
    targets = np.eye(10, dtype=np.float32)[labels]
    before = logistic.out_of_sample(inputs, targets)
    assert (before.argmax(1) == labels).mean() > 0.85
    targets[7] = np.roll(targets[7], 1)
    after = logistic.out_of_sample(inputs, targets)
    np.testing.assert_array_equal(after[7], before[7])
    assert not np.array_equal(after, before)


def test_targets_may_be_probabilities(digits):
    inputs, labels = digits
    half = (np.eye(10)[labels] + np.eye(10)[(labels + 1) % 10]) / 2
    p = logistic.out_of_sample(inputs, half)
    np.testing.assert_allclose(p.sum(1), 1, rtol=1e-5)
    rows = np.arange(400)
    assert np.abs(p[rows, labels] - p[rows, (labels + 1) % 10]).mean() < 0.15
