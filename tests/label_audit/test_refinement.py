"""Evidence that learns again from probable classes no longer repeats the noise."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import average_precision_score

import jnl
from jnl import noise
from jnl.label_audit import evidence, refinement
from jnl.label_audit.evidence import Expert
from jnl.label_audit.refinement import Refined, refined
from jnl.label_audit.source import Source
from jnl.noise import posterior

EVEN = np.where(np.eye(3) > 0, 0.7, 0.15)
PAIR = 0.6 * np.eye(3) + 0.4 * np.roll(np.eye(3), 1, 1)


@pytest.fixture(scope="module")
def digits():
    inputs, labels = load_digits(return_X_y=True)
    return np.float32(inputs[:1000] - inputs.mean(0)), labels[:1000]


def source_of(inputs, labels):
    names = [str(number) for number in range(10)]
    return Source(jnl.from_arrays(inputs, labels, class_names=names, kind="features", standardize=False), inputs, None)


def test_it_finds_noise_that_evidence_repeats_at_first(digits):
    """Under pair noise, neighbors and classifiers learn the wrong class with the right one."""
    inputs, true = digits
    labels = noise.draw("pair", true, 10, 0.4, 0)
    source = source_of(inputs, labels)
    experts = {name: each.expert for name, each in evidence.collect(source).items()}
    pooled = posterior.pool([each.probabilities for each in experts.values()])
    before, after = posterior.infer(pooled, labels), refined(source, experts).posterior
    rates = [posterior.rate_of(each.transition, labels) for each in (before, after)]
    assert rates[0] < 0.2 and rates[1] == pytest.approx((labels != true).mean(), abs=0.05)
    found = [average_precision_score(labels != true, each.wrong(labels)) for each in (before, after)]
    assert found[1] > 0.98 and found[1] > found[0] + 0.05


def test_right_labels_stay_right(digits):
    inputs, true = digits
    source = source_of(inputs, true)
    found = refined(source, {name: each.expert for name, each in evidence.collect(source).items()})
    assert posterior.rate_of(found.posterior.transition, true) < 0.02


def test_what_cannot_learn_stays(digits):
    inputs, true = digits
    p = np.full((1000, 10), 0.05, np.float32)
    p[np.arange(1000), true] = 0.55
    found = refined(source_of(inputs, true), {"pred_probs": Expert(p, "the given model")})
    assert found.experts["pred_probs"] is p


@pytest.mark.parametrize(("noise", "even"), [(EVEN, True), (PAIR, False)])
def test_coteaching_decides_whether_noise_is_even_and_what_others_count(noise, even):
    stream = np.random.default_rng(0)
    p, guessed = (stream.dirichlet(np.full(3, 0.3), 3000) for _ in range(2))
    true, labels = np.zeros(3000, int), np.zeros(3000, int)
    for row in range(3000):
        true[row] = stream.choice(3, p=p[row])
        labels[row] = stream.choice(3, p=noise[true[row]])
    experts = {"coteaching": Expert(p, "Co-teaching", judges=True), "cross_entropy": Expert(guessed, "cross entropy")}
    found = refined(SimpleNamespace(labels=labels), experts)
    equal = posterior.infer(posterior.pool([p, guessed]), labels)
    scores = [average_precision_score(labels != true, each.wrong(labels)) for each in (equal, found.posterior)]
    assert scores[1] > scores[0] + 0.02
    off = found.posterior.transition[~np.eye(3, dtype=bool)]
    assert found.noise.even == even == bool(np.ptp(off) < 1e-6)


def explained(rate, even=True):
    matrix = np.where(np.eye(3) > 0, 1 - rate, rate / 2)
    return posterior.Explained(np.zeros((6, 3)), posterior.Posterior(np.zeros((6, 3)), matrix, 0.0), even)


def test_even_noise_takes_the_larger_rate_and_other_noise_the_rate_of_the_network():
    labels, network = np.arange(6) % 3, explained(0.1, even=False)
    for rate, together in ((0.2, 0.4), (0.4, 0.2)):
        found = Refined({}, np.zeros((6, 3)), explained(together).posterior)
        taken = refinement._noise(found, explained(rate), network, labels)
        assert posterior.rate_of(taken.posterior.transition, labels) == pytest.approx(0.4)
        assert refinement._noise(found, explained(rate, even=False), network, labels) is network


def test_an_expert_that_says_nothing_does_not_count(digits):
    inputs, true = digits
    labels, random = noise.draw("symmetric", true, 10, 0.3, 0), np.random.default_rng(0)
    p = np.full((1000, 10), 0.05, np.float32)
    p[np.arange(1000), true] = 0.55
    guessed = random.dirichlet(np.ones(10), 1000).astype(np.float32)
    found = refined(source_of(inputs, labels), {"pred_probs": Expert(p, "given"), "other": Expert(guessed, "other")})
    assert set(found.experts) == {"pred_probs"} and found.says_something
    nothing = refined(source_of(inputs, labels), {"other": Expert(guessed, "other")})
    assert set(nothing.experts) == {"other"} and not nothing.says_something


def test_the_judge_is_the_one_under_which_the_labels_are_more_likely():
    stream = np.random.default_rng(0)
    p, guessed = (stream.dirichlet(np.full(3, 0.3), 2000) for _ in range(2))
    labels = np.array([stream.choice(3, p=each @ EVEN) for each in p])
    source = SimpleNamespace(labels=labels, features=stream.normal(size=(2000, 4)))
    pairs = {"coteaching": (p, guessed), "linear": (guessed, p)}
    experts = {
        name: {each: Expert(p, each, judges=True) for each, p in zip(pairs, both, strict=True)}
        for name, both in pairs.items()
    }
    by = {name: refined(source, each) for name, each in experts.items()}
    assert {name: found.judge for name, found in by.items()} == {"coteaching": "coteaching", "linear": "linear"}
    for found in by.values():
        rate = posterior.rate_of(found.noise.posterior.transition, labels)
        assert rate == pytest.approx(0.3, abs=0.05)
        assert rate >= posterior.rate_of(found.posterior.transition, labels)
    better = experts["linear"]["linear"]
    found = refined(source, experts["linear"] | {"linear": better._replace(judges=False)})
    assert found.judge == "coteaching"
