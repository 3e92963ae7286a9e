"""The posterior of the true classes: against NumPy in float64, and on labels whose noise is known."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy.special import logit

from jnl.noise import posterior

MATRIX = np.array([[0.6, 0.4, 0.0], [0.0, 0.9, 0.1], [0.1, 0.1, 0.8]])


def problem(number=6000, noise=MATRIX, seed=0):
    """True classes, given labels, and calibrated probabilities that know nothing of the labels."""
    stream = np.random.default_rng(seed)
    p = stream.dirichlet(np.full(len(noise), 0.15), number).astype(np.float32)
    true = (stream.random(number)[:, None] > p.cumsum(1)).sum(1).clip(0, len(noise) - 1)
    labels = (stream.random(number)[:, None] > noise[true].cumsum(1)).sum(1).clip(0, len(noise) - 1)
    return true, labels, p


def in_float64(p, labels, rounds=posterior.ROUNDS):
    """Expectation maximization as in the docstring of the module."""
    p, classes = p.astype(np.float64), p.shape[1]
    matrix = np.where(np.eye(classes) > 0, 0.8, 0.2 / (classes - 1))
    for _ in range(rounds):
        true = p * matrix[:, labels].T
        true /= true.sum(1, keepdims=True)
        counts = np.stack([true[labels == k].sum(0) for k in range(classes)], 1)
        wrong = 1 - np.trace(counts) / counts.sum()
        matrix = counts + classes * np.where(np.eye(classes) > 0, 1 - wrong, wrong / (classes - 1))
        matrix /= matrix.sum(1, keepdims=True)
    joint = p * matrix[:, labels].T
    return joint / joint.sum(1, keepdims=True), matrix, np.log(joint.sum(1)).mean()


def test_it_is_that_of_numpy():
    _, labels, p = problem(500)
    found, (true, matrix, likelihood) = posterior.infer(p, labels), in_float64(p, labels)
    np.testing.assert_allclose(found.true, true, atol=1e-4)
    np.testing.assert_allclose(found.transition, matrix, atol=1e-4)
    assert found.log_likelihood == pytest.approx(likelihood, abs=1e-5)


EVEN = np.where(np.eye(3) > 0, 0.7, 0.15)


def test_an_even_matrix_is_that_of_numpy():
    _, labels, p = problem(500, EVEN)
    rate, p64 = 0.2, p.astype(np.float64)
    for _ in range(posterior.ROUNDS):
        true = p64 * np.where(np.eye(3) > 0, 1 - rate, rate / 2)[:, labels].T
        rate = 1 - (true / true.sum(1, keepdims=True))[np.arange(500), labels].mean()
    found = posterior.infer(p, labels, even=True)
    np.testing.assert_allclose(found.transition, np.where(np.eye(3) > 0, 1 - rate, rate / 2), atol=1e-5)


def test_noise_is_even_unless_the_labels_are_clearly_more_likely_with_more_numbers():
    for noise, number, expected in ((EVEN, 6000, True), (MATRIX, 100, True), (MATRIX, 120, False)):
        _, labels, p = problem(number, noise)
        assert posterior.explain(p, labels).even == expected


def test_the_matrix_of_the_noise_is_found():
    true, labels, p = problem()
    found = posterior.infer(p, labels)
    np.testing.assert_allclose(found.transition, MATRIX, atol=0.04)
    assert found.wrong(labels).mean() == pytest.approx((true != labels).mean(), abs=0.01)
    assert posterior.rate_of(found.transition, labels) == pytest.approx((true != labels).mean(), abs=0.01)


@pytest.mark.parametrize("off", [0.5, 2.0])
def test_the_temperature_that_is_off_is_found(off):
    _, labels, p = problem()
    assert posterior.temperature(posterior.sharpen(p, off), labels) * off == pytest.approx(1, abs=0.25)


def test_the_lowest_temperature_is_taken_that_is_at_most_one_nat_less_likely():
    _, labels, p = problem(100)
    nats = {}
    for each in (0.3, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0, 3.0):
        power = np.maximum(p.astype(np.float64), 1e-3) ** (1 / each)
        nats[each] = 100 * in_float64(power / power.sum(1, keepdims=True), labels)[2]
    less = {each: max(nats.values()) - value for each, value in nats.items()}
    assert less[1.5] == 0 and less[1.0] < 0.9 and 1.05 < less[0.85] and less[0.3] < 10
    assert posterior.temperature(p, labels) == 1.0


def test_of_temperatures_that_explain_the_labels_alike_the_surest_is_taken():
    """So one of ten labels that contradicts equally sure predictions is noise, and not the doubt that these state."""
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    p = np.array([[0.9, 0.1]] * 5 + [[0.1, 0.9]] * 5)
    assert posterior.estimate(posterior.explain(p, labels, even=False), labels).rate == pytest.approx(0.1, abs=0.01)


def test_tiny_probabilities_are_not_rounded_to_0():
    found = posterior.Posterior(np.float32([[1, 1e-9, 2e-9], [0.25, 0.5, 0.25]]), np.eye(3), 0.0)
    np.testing.assert_allclose(found.wrong(np.array([0, 1])), [3e-9, 0.5], rtol=1e-6)


def test_the_pool_is_the_geometric_mean_and_no_expert_overrules():
    first, second = np.array([[0.9, 0.1], [1.0, 0.0]]), np.array([[0.4, 0.6], [0.1, 0.9]])
    expected = np.sqrt(np.maximum(first, 1e-3) * np.maximum(second, 1e-3))
    np.testing.assert_allclose(posterior.pool([first, second]), expected / expected.sum(1, keepdims=True), rtol=1e-5)
    alone = np.array([[1e-5, 1 - 1e-5]])  # there is nothing to overrule
    np.testing.assert_allclose(posterior.pool([alone]), alone, rtol=1e-3)
    sure = np.full((1, 1000), 0.03 / 999)  # of many classes, those that are unlikely do not add up to much
    sure[0, 7] = 0.97
    assert posterior.pool([sure, sure])[0, 7] > 0.9


def test_what_the_given_labels_cost_is_that_of_numpy_and_so_is_its_slope():
    _, labels, p = problem(200)
    experts, log_weights = [p, problem(200, seed=1)[2]], np.array([-0.3, -1.1])

    def cost(log_weights):
        logs = np.log(np.maximum(np.stack(experts).astype(np.float64), 1e-3))
        pooled = np.exp(np.tensordot(np.exp(log_weights), logs, 1))
        pooled /= pooled.sum(1, keepdims=True)
        price = 0.01 * ((log_weights - log_weights.mean()) ** 2).sum()
        return -np.log((pooled * MATRIX[:, labels].T).sum(1)).mean() + price

    logs = np.log(np.maximum(np.stack(experts), 1e-3)).astype(np.float32)
    value, slope = posterior._cost(*map(jax.numpy.float32, (log_weights, logs, np.eye(3)[labels], MATRIX)))
    assert value == pytest.approx(cost(log_weights), abs=1e-5)
    steps = 1e-5 * np.eye(2)
    expected = [(cost(log_weights + step) - cost(log_weights - step)) / 2e-5 for step in steps]
    np.testing.assert_allclose(slope, expected, atol=1e-4)


def test_an_expert_says_something_if_it_is_better_than_the_shares_of_the_classes():
    _, labels, p = problem(2000)
    many = np.random.default_rng(0).integers(100, size=400)  # few examples of each of many classes
    weak = np.where(np.eye(100)[many] > 0, 0.2, 0.8 / 99)
    shares = np.tile(np.bincount(labels) / 2000, (2000, 1))
    chance = np.random.default_rng(1).dirichlet(np.ones(3), 2000)
    says = [
        posterior.says_something(posterior.explain(each, given, even=True), given)
        for each, given in ((p, labels), (weak, many), (shares, labels), (chance, labels))
    ]
    assert says == [True, True, False, False]


def test_what_an_expert_must_explain_grows_with_the_logarithm_of_the_number():
    labels, nothing = np.repeat([0, 1, 2], [50, 30, 20]), np.zeros((100, 3))
    entropy = -(np.array([0.5, 0.3, 0.2]) * np.log([0.5, 0.3, 0.2])).sum()
    for more, says in ((0.9, False), (1.1, True)):
        explains = posterior.Posterior(nothing, np.eye(3), more * np.log(100) / 100 - entropy)
        assert posterior.says_something(posterior.Explained(nothing, explains, True), labels) == says


def test_what_is_too_sure_is_softened_and_what_is_not_stays():
    _, labels, p = problem()
    np.testing.assert_allclose(posterior.soften(posterior.sharpen(p, 1 / 3, 1e-30), labels), p, atol=1e-4)
    for stays in (p, posterior.sharpen(p, 2.0)):
        assert posterior.soften(stays, labels) is stays


def test_an_expert_that_is_not_sure_enough_weighs_more_than_one():
    _, labels, p = problem()
    assert posterior.weigh([posterior.sharpen(p, 2.0)], labels, MATRIX) == pytest.approx(2, abs=0.1)


def test_an_expert_that_knows_nothing_gets_less_weight():
    _, labels, p = problem()
    knows, guesses = posterior.weigh([p, problem(seed=1)[2]], labels, MATRIX)
    assert knows > 5 * guesses


def test_an_expert_that_has_learned_the_noise_gets_less_weight():
    """Under a matrix without noise it would get more."""
    _, labels, p = problem()
    clean, learned = posterior.weigh([p, p @ MATRIX], labels, MATRIX)
    assert clean > learned
    clean, learned = posterior.weigh([p, p @ MATRIX], labels, np.eye(3))
    assert clean < learned


@given(some.lists(some.floats(0, 1), min_size=3, max_size=50), some.floats(0.02, 0.98))
def test_calibration_keeps_the_order_and_reaches_the_rate(wrong, rate):
    wrong = np.array(wrong)
    found = posterior.calibrate(wrong, rate)
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found[np.argsort(wrong, kind="stable")]) >= -1e-12).all()
    assert found.mean() == pytest.approx(rate, abs=1e-3)


def test_calibration_moves_all_log_odds_by_one_number():
    wrong = np.array([1e-9, 1e-4, 0.03, 0.5, 0.99, 1 - 1e-9])
    found = posterior.calibrate(wrong, 0.3)
    np.testing.assert_allclose(np.diff(logit(found) - logit(wrong)), 0, atol=1e-6)


def test_of_bootstrap_samples_95_of_100_are_in_the_interval():
    assert posterior.interval(np.arange(1001)) == (25, 975)


def test_bootstrap_samples_spread_as_shares_of_all_examples():
    labels = (np.arange(2000) % 5 == 0).astype(int)  # a fifth of the labels is surely wrong
    p = np.tile([0.9999, 0.0001], (2000, 1))
    drawn = posterior.bootstrap(p, labels, np.array([[0.8, 0.2], [0.2, 0.8]]), even=True, samples=100)
    assert drawn[:, 0, 1].std() == pytest.approx(np.sqrt(0.2 * 0.8 / 2000), rel=0.25)


def test_bootstrap_samples_lie_around_the_estimate():
    _, labels, p = problem(2000)
    matrix = posterior.infer(p, labels).transition
    drawn = posterior.bootstrap(p, labels, matrix, samples=20)
    assert (abs(drawn.mean(0) - matrix) < 0.03).all()
    assert 0.002 < drawn.std(0)[0, 0] < 0.05
