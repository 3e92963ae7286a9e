"""Masks of static shape against the index lists that they stand for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from jnl.core.strategy import Selection
from jnl.ops.losses import objective
from jnl.ops.selection import balanced, checked, disagree, masked_mean, small_loss
from jnl.support.errors import UserError

BATCH = 12
MASK = jnp.ones((1, BATCH), bool)
BALANCED = jax.jit(balanced)
losses = arrays(np.float32, (2, BATCH), elements=st.sampled_from([0, 0.5, 0.5, 1, 2, 7, np.inf, np.nan]))
eligibles = arrays(bool, BATCH)


@given(losses, eligibles, st.integers(0, BATCH))
def test_small_loss_is_the_stable_sort_of_the_eligible(loss, eligible, keep):
    mask = jax.jit(small_loss)(loss, keep, eligible)
    for row, selected in zip(loss, mask, strict=True):
        index = np.flatnonzero(eligible)
        expected = np.zeros(BATCH, bool)
        expected[index[np.argsort(row[index], kind="stable")[:keep]]] = True  # numpy too sorts NaN last
        np.testing.assert_array_equal(selected, expected)


@given(arrays(np.float32, (2, BATCH), elements=st.floats(0, 9, width=32), unique=True), st.permutations(range(BATCH)))
def test_permuting_the_batch_permutes_the_mask(loss, order):
    order = np.array(order)
    np.testing.assert_array_equal(small_loss(loss[:, order], 5), np.asarray(small_loss(loss, 5))[:, order])


def test_no_gradient_passes_through_the_choice():
    def kept(loss):
        return (small_loss(loss, 2) * 1.0).sum()

    np.testing.assert_array_equal(jax.grad(kept)(jnp.array([[3.0, 1.0, 2.0]])), np.zeros((1, 3)))


def test_disagree_compares_predictions():
    logits = jnp.array([[[1.0, 2.0], [5.0, 0.0]], [[0.0, 9.0], [0.0, 5.0]]])
    np.testing.assert_array_equal(disagree(logits), [False, True])


@given(arrays(np.float32, (2, BATCH), elements=st.floats(-5, 5, width=32)), arrays(bool, (2, BATCH)))
def test_masked_mean_is_the_mean_over_indices(loss, mask):
    expected = [
        row[chosen].mean(dtype=np.float64) if chosen.any() else 0 for row, chosen in zip(loss, mask, strict=True)
    ]
    np.testing.assert_allclose(
        objective(masked_mean(jnp.asarray(loss), jnp.asarray(mask))), expected, rtol=1e-5, atol=1e-6
    )


def test_without_a_mask_all_examples_train():
    selection = masked_mean(jnp.array([[1.0, 2.0, 6.0]]))
    assert selection.mask.all() and objective(selection).tolist() == [3.0]


def test_a_selection_says_among_which_examples_it_chose():
    some = jnp.arange(BATCH) < 5
    assert masked_mean(jnp.ones((2, BATCH)), MASK, eligible=some).eligible is some
    assert masked_mean(jnp.ones((2, BATCH)), MASK).eligible is None


@pytest.mark.parametrize("kind", ["float32", "int32"])
def test_weights_are_no_mask(kind):
    with pytest.raises(UserError, match=f"masked_mean: the mask must be bool, not {kind}; multiply the loss"):
        jax.jit(masked_mean)(jnp.ones((1, BATCH)), jnp.ones((1, BATCH), kind))


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (jnp.ones((1, BATCH)), r"select must return a Selection, .* it returned an array of shape \(1, 12\)"),
        (None, "it returned a NoneType"),
        (Selection(jnp.ones((1, 3)), jnp.ones((1, 3)), jnp.ones(1)), "select: the mask must be bool, not float32"),
        (masked_mean(jnp.ones((3, BATCH)), MASK), r"a loss of shape \[3, 12\], .* for logits of K = 2 networks"),
        (Selection(jnp.ones(BATCH), MASK[0], jnp.ones(1)), r"loss of shape \[12\], .* the shapes \[K, B\], \[K, B\]"),
        (Selection(jnp.ones((1, BATCH)), MASK, jnp.ones(2)), r"a denominator of shape \[2\] for logits"),
    ],
)
def test_what_is_no_selection_is_refused(returned, message):
    with pytest.raises(UserError, match=message):
        checked(returned, jnp.ones((2, BATCH, 3)))


@pytest.mark.parametrize("nets", [1, 2, 3])
def test_a_selection_has_a_row_for_each_network_or_one_for_all(nets):
    for rows in (1, 2, 3):
        selection = masked_mean(jnp.ones((rows, BATCH)), MASK)
        if rows in (1, nets):
            assert checked(selection, jnp.ones((nets, BATCH, 3))) is selection
        else:
            with pytest.raises(UserError, match=rf"a loss of shape \[{rows}, 12\], .* of K = {nets} networks"):
                checked(selection, jnp.ones((nets, BATCH, 3)))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_balanced_gives_every_class_its_turn(labels, random):
    random.shuffle(labels)
    labels = np.array(labels)
    position = np.asarray(BALANCED(jnp.asarray(np.pad(labels, (0, 60 - len(labels)), mode="wrap"))))
    labels = np.pad(labels, (0, 60 - len(labels)), mode="wrap")
    numbers = np.bincount(labels[position], minlength=5)
    there = np.unique(labels)
    assert numbers[there].sum() == 60
    assert np.ptp(numbers[there]) <= 1
    for label in there:  # each example before any is taken again
        times = np.bincount(position[labels[position] == label], minlength=60)[labels == label]
        assert np.ptp(times) <= 1
