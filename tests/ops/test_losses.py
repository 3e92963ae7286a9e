"""Losses against float64, and at the extremes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jnl.core.strategy import Selection
from jnl.ops import losses, schedules, selection
from jnl.ops.losses import cross_entropy, objective, symmetric_kl, uniform_kl
from jnl.support.errors import UserError

logits = arrays(np.float32, (2, 5, 4), elements=st.floats(-20, 20, width=32))


@pytest.mark.parametrize("module", [losses, schedules, selection], ids=lambda module: module.__name__)
def test_the_members_of_a_module_are_those_that_it_defines(module):
    defined = {name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__}
    assert {name for name in defined if not name.startswith("_")} == set(dir(module)) - {"KINDS"}


def softmax(z):
    p = np.exp(np.float64(z) - np.float64(z).max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


@given(logits, arrays(np.int32, 5, elements=st.integers(0, 3)))
def test_cross_entropy(z, labels):
    expected = -np.log(softmax(z)[:, np.arange(5), labels])
    np.testing.assert_allclose(cross_entropy(jnp.asarray(z), jnp.asarray(labels)), expected, rtol=1e-4, atol=1e-5)


def test_a_label_that_is_no_class_has_no_loss():
    loss = cross_entropy(jnp.zeros((2, 3, 4)), jnp.array([-1, 4, 3]))
    assert np.isnan(loss).tolist() == [[True, True, False]] * 2


def test_lists_are_logits_and_labels_too():
    np.testing.assert_allclose(cross_entropy([[[0.0, 0.0]]], [1]), [[np.log(2)]], rtol=1e-6)


def test_each_example_needs_a_label():
    with pytest.raises(UserError, match="labels: 3 for the 4 examples of the logits; give one for each"):
        cross_entropy(jnp.zeros((1, 4, 2)), jnp.arange(3))


@given(logits)
def test_symmetric_kl_is_the_sum_of_both(z):
    p, q = softmax(z)
    expected = (p * np.log(p / q)).sum(-1) + (q * np.log(q / p)).sum(-1)
    np.testing.assert_allclose(symmetric_kl(jnp.asarray(z)), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("gap", [0.0, 50.0, 104.0, 200.0, 1e4])
def test_symmetric_kl_and_its_gradient_stay_finite(gap):
    z = jnp.array([[[gap, 0.0, -gap]], [[-gap, 0.0, gap]]])
    value, gradient = jax.value_and_grad(lambda z: symmetric_kl(z).sum())(z)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@given(logits)
def test_uniform_kl_is_that_of_the_mean_prediction(z):
    expected = (np.log(1 / 4 / softmax(z).mean(1)) / 4).sum(-1)
    np.testing.assert_allclose(uniform_kl(jax.nn.log_softmax(z)), expected, rtol=1e-4, atol=1e-5)


def test_a_denominator_below_one_counts_as_one():
    mask = jnp.array([[True, False]] * 3)
    found = objective(Selection(jnp.full((3, 2), 6.0), mask, jnp.array([0.25, 1, 3])))
    np.testing.assert_array_equal(found, [6, 6, 2])


def test_an_unselected_nan_does_not_leak():
    loss = jnp.array([[1.0, jnp.nan, 3.0]])
    mask = jnp.array([[True, False, True]])

    def value(loss):
        return objective(Selection(loss, mask, mask.sum(-1).astype(jnp.float32))).sum()

    assert value(loss) == 2.0
    np.testing.assert_array_equal(jax.grad(value)(loss), [[0.5, 0.0, 0.5]])


def test_an_empty_row_is_zero_with_zero_gradient():
    mask = jnp.zeros((1, 3), bool)
    value, gradient = jax.value_and_grad(lambda loss: objective(Selection(loss, mask, jnp.zeros(1))).sum())(
        jnp.ones((1, 3))
    )
    assert value == 0
    np.testing.assert_array_equal(gradient, np.zeros((1, 3)))
