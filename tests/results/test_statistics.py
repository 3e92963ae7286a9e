"""Statistics against SciPy, brute force, and what must hold of any numbers."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from jnl.results import statistics

# As accuracies are: multiples of 1/10,000, so ties are frequent.
accuracies = st.integers(0, 10_000).map(lambda right: right / 10_000)
several = st.lists(accuracies, min_size=2, max_size=9).map(np.array)
pairs = st.lists(st.tuples(accuracies, accuracies), min_size=2, max_size=9).map(np.array)


@given(several)
def test_the_interval_is_that_of_scipy(values):
    found = statistics.mean(values)
    assert found.runs == len(values)
    np.testing.assert_allclose((found.mean, found.std), (np.mean(values), np.std(values)))
    if values.std() > 1e-9:
        expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        np.testing.assert_allclose((found.low, found.high), expected, atol=1e-12)


def test_the_interval_of_five_covers_what_it_promises():
    draws = np.random.default_rng(0).normal(size=(4000, 5))
    found = [statistics.mean(draw) for draw in draws]
    assert 0.94 < np.mean([one.low < 0 < one.high for one in found]) < 0.96


def test_failed_runs_are_in_no_mean_and_few_runs_have_no_interval():
    assert statistics.mean(np.array([0.5, math.nan, 0.7])) == statistics.mean(np.array([0.5, 0.7]))
    one = statistics.mean(np.array([math.nan, 0.5]))
    assert (one.runs, one.mean, one.std) == (1, 0.5, 0)
    assert math.isnan(one.low) and math.isnan(one.high)
    none = statistics.mean(np.array([math.nan]))
    assert none.runs == 0 and math.isnan(none.mean)


def test_intervals_of_shares_are_cut_to_0_and_1():
    few, many = np.array([0.0, 0.5]), np.array([0.49, 0.5, 0.51])
    assert statistics.share(few) == statistics.mean(few)._replace(low=0, high=1)
    assert statistics.share(many) == statistics.mean(many)


@given(pairs)
def test_paired_differences_are_those_of_scipy(values):
    first, second = values.T
    found = statistics.paired(first, second)
    if (first - second).std() > 1e-9:
        expected = stats.ttest_rel(first, second).confidence_interval(0.95)
        np.testing.assert_allclose((found.low, found.high), expected, atol=1e-9)
    other = statistics.paired(second, first)
    np.testing.assert_allclose((other.mean, other.low, other.high), (-found.mean, -found.high, -found.low), atol=1e-12)
    assert other.p == found.p
    assert (found.better, other.better) == (sum(a > b for a, b in values), sum(a < b for a, b in values))


@given(pairs)
def test_sign_flips_are_counted_as_by_brute_force(values):
    differences = values[:, 0] - values[:, 1]
    whole = abs(differences.sum())
    sums = [abs(np.dot(signs, differences)) for signs in itertools.product((-1, 1), repeat=len(differences))]
    expected = np.mean([one >= whole - 1e-9 for one in sums])
    assert statistics.sign_flip(differences) == expected
    assert statistics.sign_flip(differences) >= statistics.least_p(len(differences))


@pytest.mark.parametrize("count", [2, 5, 9])
def test_sign_flips_are_those_of_scipy(count):
    differences = np.random.default_rng(count).normal(0.5, 1, count)
    expected = stats.permutation_test(
        (differences, np.zeros(count)), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf
    )
    assert statistics.sign_flip(differences) == pytest.approx(expected.pvalue)


def test_the_smallest_p_is_reached_and_stated():
    assert [statistics.least_p(count) for count in (1, 2, 3, 5, 10)] == [1, 0.5, 0.25, 0.0625, 2 / 1024]
    many = statistics.paired(np.arange(1.0, 42.0), np.zeros(41))
    assert many.pairs == 41 and math.isnan(many.p) and many.low > 0
    for count in (1, 5, 40):
        assert statistics.paired(np.linspace(1, 2, count), np.zeros(count)).p == statistics.least_p(count)
    assert math.isnan(statistics.least_p(0)) and math.isnan(statistics.sign_flip(np.array([])))
    with pytest.raises(ValueError, match="41 differences"):
        statistics.sign_flip(np.ones(41))


def test_a_pair_of_which_one_has_failed_is_left_out():
    first, second = np.array([0.5, math.nan, 0.7, 0.9]), np.array([0.4, 0.5, math.nan, 0.6])
    assert statistics.paired(first, second) == statistics.paired(first[[0, 3]], second[[0, 3]])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_is_the_definition(p):
    found, order = statistics.holm(p), np.argsort(p, kind="stable")
    for rank, index in enumerate(order):
        steps = [min(1, (len(p) - before) * p[order[before]]) for before in range(rank + 1)]
        assert found[index] == pytest.approx(max(steps))
    assert all(one >= other for one, other in zip(found, p, strict=True))


def test_holm_leaves_out_what_was_not_tested():
    found = statistics.holm([0.01, math.nan, 0.04, 0.03])
    assert found[0] == pytest.approx(0.03) and found[2] == found[3] == pytest.approx(0.06)
    assert math.isnan(found[1])
    assert statistics.holm([]) == []


@given(st.integers(2, 4), st.integers(2, 4), st.integers(0, 10**6))
def test_components_are_those_of_sums_by_hand(a, b, seed):
    cells = [(row, column) for row in range(a) for column in range(b)]
    generator = np.random.default_rng(seed)
    table = dict(zip(cells, generator.normal(size=a * b), strict=True))
    generator.shuffle(cells)
    grand = sum(table.values()) / (a * b)
    rows = [sum(table[row, column] for column in range(b)) / b for row in range(a)]
    columns = [sum(table[row, column] for row in range(a)) / a for column in range(b)]
    of_rows = b * sum((row - grand) ** 2 for row in rows) / (a - 1)
    of_columns = a * sum((column - grand) ** 2 for column in columns) / (b - 1)
    left = sum((table[row, column] - rows[row] - columns[column] + grand) ** 2 for row, column in cells)
    left /= (a - 1) * (b - 1)
    found = statistics.components(np.array([table[cell] for cell in cells]), *zip(*cells, strict=True))
    np.testing.assert_allclose(found, (max(0, (of_rows - left) / b), max(0, (of_columns - left) / a), left), atol=1e-12)


def test_components_find_what_was_put_in():
    generator = np.random.default_rng(0)
    initialization, noise = generator.normal(0, 2, (60, 1)), generator.normal(0, 1, (1, 60))
    values = initialization + noise + generator.normal(0, 0.5, (60, 60))
    seeds, noise_seeds = (axis.ravel().tolist() for axis in np.indices((60, 60)))
    found = statistics.components(values.ravel(), seeds, noise_seeds)
    np.testing.assert_allclose(np.sqrt(found), (2, 1, 0.5), rtol=0.25)


@pytest.mark.parametrize(
    "seeds, noise_seeds",
    [
        ([1, 2, 3, 4], [0, 0, 0, 0]),  # one draw of the noise for all
        ([1, 2, 3, 4], [1, 2, 3, 4]),  # both change together
        ([1, 1, 2, 2], [1, 2, 1, 1]),  # one pair twice, one never
    ],
)
def test_what_is_not_crossed_cannot_be_told_apart(seeds, noise_seeds):
    assert statistics.components(np.arange(4.0), seeds, noise_seeds) is None


def test_a_failed_run_breaks_the_layout():
    assert statistics.components(np.array([1, 2, 3, math.nan]), [1, 1, 2, 2], [1, 2, 1, 2]) is None
