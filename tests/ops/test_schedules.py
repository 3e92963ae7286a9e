"""Plans over epochs against the loops of the published code."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jnl.ops.schedules import beta1, cosine, forget_rate, keep_counts, linear, staircase
from jnl.support.errors import UserError

rates = st.floats(0, 1)


@given(rates, st.integers(1, 40), st.integers(1, 15), st.floats(0.25, 3))
def test_reference_schedule_is_the_published_lines(rate, epochs, ramp, exponent):
    plan = np.ones(max(epochs, ramp)) * rate
    plan[:ramp] = np.linspace(0, rate**exponent, ramp)
    np.testing.assert_array_equal(forget_rate(rate, epochs, ramp, exponent, "reference"), plan[:epochs])


@given(rates, st.integers(1, 40), st.integers(1, 15), st.floats(0.25, 3))
def test_paper_schedule_is_the_papers_formula(rate, epochs, ramp, exponent):
    expected = [rate * min(epoch**exponent / ramp, 1) for epoch in range(epochs)]
    np.testing.assert_allclose(forget_rate(rate, epochs, ramp, exponent, "paper"), expected, rtol=1e-12)


def test_the_two_schedules_reach_the_rate_one_epoch_apart():
    assert forget_rate(0.5, 200, kind="reference")[9] == 0.5
    assert forget_rate(0.5, 200, kind="paper")[9] < 0.5 == forget_rate(0.5, 200, kind="paper")[10]


@given(rates, st.integers(1, 30), st.integers(1, 200))
def test_keep_counts_truncate_like_python(rate, epochs, batch):
    forget = forget_rate(rate, epochs)
    table = keep_counts(forget, batch)
    assert table.dtype == np.int32
    assert table.shape == (epochs, batch + 1)
    assert table.tolist() == [[int((1 - f) * n) for n in range(batch + 1)] for f in forget.tolist()]
    assert (table >= 0).all()
    assert (table <= np.arange(batch + 1)).all()


def test_what_is_no_share_or_no_cycle_is_refused():
    for wrong in (np.array([2.0]), np.array([0.1, np.nan]), np.array([-0.1])):
        with pytest.raises(UserError, match="shares outside"):
            keep_counts(wrong, 8)
    with pytest.raises(UserError, match=r"forget_rate: an array of shape \[\]; give \[E\]"):
        keep_counts(0.2, 10)
    with pytest.raises(UserError, match="batch_size: 0; give a whole number of at least 1"):
        keep_counts(np.array([0.2]), 0)
    with pytest.raises(UserError, match="factor: 3 factors for 2 milestones; give one factor, or one for each"):
        staircase(0.1, 10, (3, 6), (0.1, 0.2, 0.3))
    with pytest.raises(UserError, match="cycle: 0; give a whole number of at least 1"):
        cosine(0.1, 10, 0, 0.0)


def test_keep_counts_of_full_batches():
    counts = [int(keep_counts(np.array([rate]), 128)[0, -1]) for rate in (0.2, 0.45, 0.5, 0.8)]
    assert counts == [102, 70, 64, 25]
    assert keep_counts(np.array([0.8]), 5)[0, 5] == 0  # (1 - 0.8) * 5 is just below 1
    assert keep_counts(np.array([0.3]), 90)[0, 90] == 62


def test_learning_rate_and_beta1_as_published():
    rates, betas = linear(1e-3, 200, 80), beta1(0.9, 0.1, 200, 80)
    np.testing.assert_allclose(rates[:81], 1e-3, rtol=1e-6)
    np.testing.assert_allclose(rates[80:], [1e-3 * (200 - e) / 120 for e in range(80, 200)], rtol=1e-6)
    np.testing.assert_array_equal(betas, np.float32([0.9] * 80 + [0.1] * 120))


def test_staircase_and_cosine():
    np.testing.assert_allclose(staircase(0.1, 6, (2, 4), 0.1), [0.1, 0.1, 0.01, 0.01, 0.001, 0.001], rtol=1e-6)
    np.testing.assert_allclose(staircase(0.1, 2, (), 0.1), [0.1, 0.1], rtol=1e-6)
    np.testing.assert_array_equal(staircase(0.1, 6, (2, 4), (0.1,)), staircase(0.1, 6, (2, 4), 0.1))
    half = 0.01 + 0.09 / 2
    np.testing.assert_allclose(cosine(0.1, 5, 2, 0.01), [0.1, half, 0.1, half, 0.1], rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"rate": -0.1}, "forget_rate"),
        ({"rate": 1.1}, "forget_rate"),
        ({"rate": float("nan")}, "forget_rate"),
        ({"rate": 0.5, "ramp_epochs": 0}, "ramp_epochs"),
        ({"rate": 0.5, "epochs": 0}, "epochs: 0; give a whole number of at least 1"),
        ({"rate": 0.5, "epochs": -3}, "epochs: -3"),
        ({"rate": 0.5, "exponent": 0.0}, "exponent"),
        ({"rate": 0.5, "kind": "papers"}, "did you mean 'paper'"),
    ],
)
def test_wrong_settings_name_the_field(arguments, field):
    with pytest.raises(UserError, match=field):
        forget_rate(**{"epochs": 20, **arguments})
