"""Every kind of evidence: its columns fit the examples, and no expert looks at the label that it judges."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

import jnl
from jnl.label_audit import evidence
from jnl.label_audit.evidence import linear, neighbors
from jnl.label_audit.source import Source
from jnl.support import registry

NEEDS = {name: registry.find(evidence, name, "evidence").NEEDS for name in evidence.names()}
WITHOUT_TRAINING = [name for name, needs in NEEDS.items() if needs != "training"]


def source(change=None):
    inputs, labels = load_digits(return_X_y=True)
    labels = labels[:400].copy()
    if change is not None:
        labels[change] = (labels[change] + 1) % 10
    features = inputs[:400].astype(np.float32)
    return Source(jnl.from_arrays(features, labels, kind="features"), features, None)


def test_it_says_what_it_needs():
    assert set(NEEDS.values()) == {"training", "features"}
    assert set(evidence.collect(source())) == set(WITHOUT_TRAINING)


@pytest.mark.parametrize("name", WITHOUT_TRAINING)
def test_columns_and_probabilities_fit_the_examples(name):
    found = evidence.collect(source())[name]
    assert found.columns and all(column.shape == (400,) for column in found.columns.values())
    if found.expert is not None:
        assert found.expert.probabilities.shape == (400, 10) and (found.expert.probabilities >= 0).all()
        np.testing.assert_allclose(found.expert.probabilities.sum(1), 1, rtol=1e-4)


def test_the_linear_classifier_does_not_depend_on_the_scale_of_the_features():
    one = source()
    small = Source(one.dataset, one.features * 1e-5, None)
    p, same = (linear.linear(each).expert.probabilities for each in (one, small))
    np.testing.assert_allclose(p, same, atol=1e-4)


def few(number=40, dimensions=12):
    """Examples of three classes whose features say something about them, and are not centered."""
    stream, labels = np.random.default_rng(0), np.arange(number) ** 2 % 7 % 3
    features = stream.normal(0, 1, (number, dimensions)) + np.eye(dimensions)[labels] + 0.3
    features = features.astype(np.float32)
    return Source(jnl.from_arrays(features, labels, kind="features", standardize=False), features, None)


def test_the_linear_classifier_is_the_most_likely_ridge_regression_on_all_others():
    shown = few()
    number, labels, targets = 40, shown.labels, np.eye(shown.num_classes)[shown.labels]
    centered = np.float64(shown.features) - np.float64(shown.features).mean(0)
    columns = np.column_stack([centered / np.sqrt(np.square(centered).mean()), np.ones(number)])
    best, most = None, -np.inf
    for penalty in (1e-4, 1e-3, 1e-2, 1e-1, 1.0):
        left_out = np.empty(targets.shape)
        for i in range(number):
            others = np.arange(number) != i
            square = columns[others].T @ columns[others] + penalty * number * np.eye(columns.shape[1])
            left_out[i] = columns[i] @ np.linalg.solve(square, columns[others].T @ targets[others])
        for scale in (1, 2, 4, 8, 16):
            p = np.exp(scale * left_out) / np.exp(scale * left_out).sum(1, keepdims=True)
            likelihood = np.log(p[np.arange(number), labels]).mean()
            if likelihood > most:
                best, most = p, likelihood
    np.testing.assert_allclose(linear.linear(shown).expert.probabilities, best, rtol=1e-4)


def test_neighbors_vote_by_their_similarity_and_two_votes_are_as_all_labels():
    shown = few()
    index, similarity = shown.neighbors
    assert similarity.min() < 0  # an opposite neighbor has no vote
    shares = np.bincount(shown.labels) / 40
    for i, votes in enumerate(neighbors.neighbors(shown).expert.probabilities):
        expected, weights = 2 * shares, np.maximum(np.float64(similarity[i]), 0)
        for other, weight in zip(index[i], weights / weights.sum(), strict=True):
            expected[shown.labels[other]] += len(index[i]) * weight
        np.testing.assert_allclose(votes, expected / expected.sum(), rtol=1e-4)


@pytest.mark.parametrize("name", WITHOUT_TRAINING)
def test_an_expert_does_not_look_at_the_label_that_it_judges(name):
    before, after = (evidence.collect(source(change))[name].expert.probabilities for change in (None, 7))
    assert abs(before[7] - after[7]).max() < 0.005  # the shares of the classes changed a little
    assert before[7].argmax() == load_digits(return_X_y=True)[1][7]
