"""Estimates of the noise: each one finds the rate of a noise that fits its assumptions."""

import numpy as np
import pytest
from noise.test_posterior import MATRIX, problem

from jnl.label_audit import estimates
from jnl.label_audit.estimates import clusterability, confident_learning, mixture
from jnl.label_audit.neighborhood import Neighbors
from jnl.noise import posterior


def view(noise=MATRIX, sure=0.97):
    """A view of examples whose networks and neighbors are right; `sure` is the probability of the true class."""
    true, labels, _ = problem(6000, noise)
    rest = (1 - sure) / (len(noise) - 1)
    p = np.where(np.arange(len(noise)) == true[:, None], sure, rest).astype(np.float32)
    p += np.random.default_rng(0).uniform(0, rest, p.shape).astype(np.float32)
    p /= p.sum(1, keepdims=True)
    stream = np.random.default_rng(1)
    alike = {kind: np.flatnonzero(true == kind) for kind in range(len(noise))}
    near = np.stack([stream.choice(alike[kind], 2, replace=False) for kind in true]).astype(np.int32)
    wrong = float((true != labels).mean())
    explained = posterior.explain(p, labels, even=False)
    return estimates.View(labels, p, explained, Neighbors(near, np.ones(near.shape, np.float32))), wrong


@pytest.mark.parametrize("name", estimates.names())
def test_it_finds_the_rate(name):
    shown, wrong = view()
    found = estimates.estimate(shown)[name]
    assert found.rate == pytest.approx(wrong, abs=0.02)
    assert found.low - 0.005 <= found.rate <= found.high + 0.005
    assert 0 < found.high - found.low < 0.1
    if found.transition is not None:
        np.testing.assert_allclose(found.transition, MATRIX, atol=0.06)


def test_clusterability_takes_most_labels_of_two_classes_for_right():
    """The shares of labels are the same if the two classes change their names."""
    shown, wrong = view(np.array([[0.6, 0.4], [0.35, 0.65]]))
    assert estimates.estimate(shown)["clusterability"].rate == pytest.approx(wrong, abs=0.05)


def test_a_class_without_labels_and_a_label_without_probability_do_no_harm():
    labels = np.arange(300) % 3
    p = np.where(np.arange(4) == labels[:, None], 0.97, 0.01).astype(np.float32)  # of four classes
    p[:6, :3], p[:6, 3] = 0, 1
    shown = estimates.View(labels, p, None, None)
    np.testing.assert_array_equal(confident_learning.confident_learning(shown).transition, np.eye(4))
    assert mixture.mixture(shown).rate == pytest.approx(0.02, abs=1e-3)


def test_what_it_lacks_is_left_out():
    shown, _ = view()
    assert set(estimates.names()) - set(estimates.estimate(shown._replace(neighbors=None))) == {"clusterability"}
    few = Neighbors(*(array[:, :1] for array in shown.neighbors))
    many = np.tile(shown.p / 11, (1, 11))  # 33 classes
    for change in ({"neighbors": few}, {"p": many}):
        assert clusterability.clusterability(shown._replace(**change)) is None
