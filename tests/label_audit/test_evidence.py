"""Every kind of evidence: its columns fit the examples, and no expert looks at the label that it judges."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

import jnl
from jnl.label_audit import evidence
from jnl.label_audit.evidence import linear
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


@pytest.mark.parametrize("name", WITHOUT_TRAINING)
def test_an_expert_does_not_look_at_the_label_that_it_judges(name):
    before, after = (evidence.collect(source(change))[name].expert.probabilities for change in (None, 7))
    assert abs(before[7] - after[7]).max() < 0.005  # the shares of the classes changed a little
    assert before[7].argmax() == load_digits(return_X_y=True)[1][7]
