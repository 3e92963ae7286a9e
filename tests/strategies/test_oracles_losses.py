"""Losses of one network without a memory, against their papers and published codes: GCE, symmetric cross entropy,
Bootstrap, regularized losses, peer loss, buckets, and Standard with weights.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.oracles import BATCH, OF_CLASSES, Seen, agree, check, cross_entropies, draw, ours, softmax

from jnl import noise, strategies
from jnl.support.errors import UserError


def gce(z, y, seen, q=0.7, truncated=False, threshold=0.5):
    """Zhang & Sabuncu 2018, eq. 6; truncated, it is less a constant: AlanChou/Truncated-Loss, TruncatedLoss.py."""
    total = 0.0
    for i, row in enumerate(softmax(z[0])):
        if not truncated:
            total += (1 - row[y[i]] ** q) / q
        elif seen.memory["kept"][seen.example_index[i]]:
            total += (1 - row[y[i]] ** q) / q - (1 - threshold**q) / q
    return [total / len(y)]


def symmetric_cross_entropy(z, y, seen, alpha=0.1, beta=1.0):
    """Wang et al. 2019, with log 0 = log 1e-4: YisenWang/symmetric_cross_entropy_for_noisy_labels, loss.py.

    That code also clips p to [1e-7, 1] in the cross entropy.
    """
    total = 0.0
    for row, label in zip(softmax(z[0]), y, strict=True):
        log_y = np.log(np.clip(np.eye(len(row))[label], 1e-4, 1))
        total += alpha * -np.log(row[label]) + beta * -(row * log_y).sum()
    return [total / len(y)]


def bootstrap(z, y, seen, kind="soft", soft_beta=0.95, hard_beta=0.8):
    """Reed et al. 2015, eqs. 6 and 7; emalach/UpdateByDisagreement, train.py. Neither clips p."""
    total = 0.0
    for row, label in zip(softmax(z[0]), y, strict=True):
        beta, belief = (soft_beta, row) if kind == "soft" else (hard_beta, np.eye(len(row))[row.argmax()])
        for c, p in enumerate(row):
            total -= (beta * (c == label) + (1 - beta) * belief[c]) * np.log(p)
    return [total / len(y)]


def regularized(z, y, seen, smoothing=0.1, confidence=0.0, class_prior=0.0):
    """Szegedy et al. 2016, section 7; `NegEntropy` and the penalty of LiJunnan1992/DivideMix, Train_CIFAR.py."""
    classes, total, p = z.shape[-1], 0.0, softmax(z[0])
    for row, label in zip(p, y, strict=True):
        for c in range(classes):
            target = (1 - smoothing) * (c == label) + smoothing / classes
            total += (-target + confidence * row[c]) * np.log(row[c])
    prior = 1 / classes
    return [total / len(y) + class_prior * sum(prior * np.log(prior / p[:, c].mean()) for c in range(classes))]


def peer_loss(z, y, seen, alpha=1.0, epsilon=1e-5):
    """Liu & Guo 2020; its loss: weijiaheng/Multi-class-Peer-Loss-functions, CIFAR-10/runner.py.

    The code draws one peer for each example, of which all pairs of the batch are the mean here.
    """
    log_p = np.log(softmax(z[0]) + epsilon)
    own = -np.mean([log_p[i, y[i]] for i in range(len(y))])
    peers = -np.mean([log_p[i, y[j]] for i in range(len(y)) for j in range(len(y))])
    return [own - alpha * peers]


def buckets(z, y, seen, bag_size=8, known_noise=False, entropy=0.0):
    """Label shares of a bag against its mean prediction (Ardehali & Culotta 2017); jnl's own, no code."""
    p, total = softmax(z[0]), 0.0
    for start in range(0, len(y), bag_size):
        said = p[start : start + bag_size].mean(0)
        if known_noise:
            said = said @ seen.memory["transition"]
        for label in y[start : start + bag_size]:
            total -= np.log(max(said[label], 1e-7)) / bag_size
    return [total * bag_size / len(y) - entropy * (p * np.log(p)).sum(1).mean()]


def confident_filter(z, y, seen):
    """A weighted sum over what was kept, by the number that was kept: cleanlab passes weights to the classifier."""
    kept = seen.weights > 0
    return [(seen.weights * cross_entropies(z[0], y))[kept].sum() / kept.sum()]


def oracle(z, y, seen):
    """Standard on those whose label is true."""
    return [cross_entropies(z[0], y)[seen.weights > 0].mean()]


def kept_at_random(z):
    return Seen(z, memory={"kept": np.random.default_rng(1).uniform(size=24) < 0.6})


def weighted(z):
    return Seen(z, weights=np.arange(BATCH) % 3 * 1.0)


def with_noise(z):
    return Seen(z, memory={"transition": np.float64(noise.transition("pair", z.shape[-1], 0.3))})


ORACLES = [
    (gce, {}, Seen),
    (gce, {"q": 0.3}, Seen),
    (gce, {"truncated": True, "threshold": 0.2}, kept_at_random),
    (symmetric_cross_entropy, {}, Seen),
    (symmetric_cross_entropy, {"alpha": 6.0, "beta": 0.1}, Seen),
    (bootstrap, {}, Seen),
    (bootstrap, {"kind": "hard"}, Seen),
    (regularized, {}, Seen),
    (regularized, {"smoothing": 0.0, "confidence": 1.0, "class_prior": 1.0}, Seen),
    (peer_loss, {}, Seen),
    (peer_loss, {"alpha": -0.5, "epsilon": 0.2}, Seen),
    (buckets, {"bag_size": 4}, Seen),
    (buckets, {"bag_size": 1}, Seen),
    (buckets, {"bag_size": 2, "known_noise": True, "entropy": 0.1}, with_noise),
    (confident_filter, {}, weighted),
    (oracle, {}, weighted),
]


@OF_CLASSES
@pytest.mark.parametrize(("oracle", "hyper", "seen_of"), ORACLES, ids=lambda value: getattr(value, "__name__", None))
def test_value_and_gradient(oracle, hyper, seen_of, classes):
    check(oracle, hyper, classes, seen_of)


def published_gce(z, y):
    """AlanChou/Truncated-Loss, TruncatedLoss.py: the power of a probability, whose slope at 0 is infinite."""
    return ((1 - jax.nn.softmax(z)[jnp.arange(len(y)), y] ** 0.7) / 0.7).mean()


def published_confidence(z, y):
    """LiJunnan1992/DivideMix, Train_CIFAR.py, `NegEntropy`: the logarithm of a probability, which may be 0."""
    p = jax.nn.softmax(z)
    return (jnp.log(p) * p).sum(1).mean()


def published_class_prior(z, y):
    """The penalty there: no example of the batch may have left a probability for some class."""
    return (0.01 * jnp.log(0.01 / jax.nn.softmax(z).mean(0))).sum()


@pytest.mark.parametrize(
    ("name", "hyper", "published"),
    [
        ("gce", {}, published_gce),
        ("regularized", {"confidence": 1.0, "smoothing": 0.0}, published_confidence),
        ("regularized", {"class_prior": 1.0, "smoothing": 0.0}, published_class_prior),
        ("regularized", {}, published_class_prior),  # it must not matter where it weighs nothing
    ],
)
def test_ours_is_finite_where_the_published_code_is_not(name, hyper, published):
    z, y = draw(50, 100)
    both = jax.jit(jax.value_and_grad(published))(jnp.float32(z[0]), jnp.asarray(y))
    assert not all(np.isfinite(one).all() for one in both)
    rows, gradient, _ = ours(name, hyper, z, y, Seen(z))
    assert np.isfinite(rows).all() and np.isfinite(gradient).all()


@pytest.mark.parametrize("kind", ["soft", "hard"])
def test_bootstrap_learns_from_an_example_that_the_clipped_code_has_given_up(kind):
    """Keras codes clip p to [1e-7, 1 - 1e-7]; the first example has a probability of 1e-9 there, and so no gradient."""
    z, y = np.zeros((1, BATCH, 10)), np.zeros(BATCH, int)
    z[0, 0, 1] = 21.0

    def clipped(z):
        p = np.clip(softmax(z), 1e-7, 1 - 1e-7)
        belief, beta = (p, 0.95) if kind == "soft" else (np.eye(10)[p.argmax(1)], 0.8)
        return -((beta * np.eye(10)[y] + (1 - beta) * belief) * np.log(p)).sum(1).mean()

    _, gradient, _ = ours("bootstrap", {"kind": kind}, z, y, Seen(z))
    up = z[0].copy()
    up[0, 0] += 1e-3
    assert clipped(up) == pytest.approx(clipped(z[0]), abs=1e-9)
    assert gradient[0, 0, 0] < -0.05


def test_alpha_of_peer_loss_grows_as_published():
    """weijiaheng/Multi-class-Peer-Loss-functions, CIFAR-10/runner.py, `f_alpha`; the rate is divided by 1 + alpha."""
    plan = "19:0 20:0 39:1 40:1 49:2 50:2 99:5 100:5 199:10 200:10 299:20"
    parts = (0, 0, 20), (0, 1, 20), (1, 2, 10), (2, 5, 50), (5, 10, 100), (10, 20, 100)
    published = np.concatenate([np.linspace(first, last, number) for first, last, number in parts])
    strategy = strategies.make("peer_loss", alpha=0.5, alpha_plan=plan, divide_rate=True)
    np.testing.assert_allclose(
        jax.vmap(strategy.learning_rate_divisor)(jnp.arange(300)), 1 + 0.5 * published, rtol=1e-5, atol=1e-6
    )
    z, y = draw(4, 10)
    for epoch in (0, 19, 30, 299):

        def peer_loss_then(z, y, seen, alpha_plan, epoch=epoch):
            return peer_loss(z, y, seen, published[epoch])

        peer_loss_then.__name__ = "peer_loss"
        agree(peer_loss_then, {"alpha_plan": plan}, z, y, Seen(z, epoch))


@pytest.mark.parametrize(
    ("plan", "divides", "message"),
    [
        ("1:0 1:1", False, "with epochs that rise"),
        ("0:1 9:-1", True, "has a negative factor"),
        ("0:-1.5 9:1", True, "has a negative factor"),
    ],
)
def test_plans_of_alpha_that_cannot_be_used_are_told(plan, divides, message):
    strategies.make("peer_loss", alpha_plan="0:1 9:-1")  # without a division it may be negative
    with pytest.raises(UserError, match=f"strategy.alpha_plan: .*{message}"):
        strategies.make("peer_loss", alpha_plan=plan, divide_rate=divides)


def test_the_oracle_trains_on_examples_of_unknown_truth():
    weights = strategies.make("oracle").example_weights.weights
    np.testing.assert_array_equal(weights(np.array([0, 1, 2]), np.array([0, 2, -1]), None), [True, False, True])


def test_the_filter_gives_classes_back_what_noise_took_from_them():
    """cleanlab/cleanlab, classification.py: weight 1 / p(given k | true k), of the column sums of the joint counts.

    Half of class 0 is labeled 1, found, and dropped; what is left of class 0 counts twice, and class 1 as it is.
    """
    truth = np.arange(400) % 4
    labels = np.where((truth == 0) & (np.arange(400) % 8 == 0), 1, truth)
    p = np.full((400, 4), 0.02)
    p[np.arange(400), truth] = 0.94
    plain, again = (
        strategies.make("confident_filter", prune="both", reweight=reweight).example_weights.weights(labels, truth, p)
        for reweight in (False, True)
    )
    np.testing.assert_array_equal(plain, labels == truth)
    np.testing.assert_allclose(again, np.where(labels != truth, 0, np.array([2.0, 1, 1, 1])[labels]))
    np.testing.assert_allclose(np.bincount(labels, again), np.bincount(truth))
