"""Methods with a step of their own that mix examples, against their papers and published codes: MixUp, ELR+, DivideMix.

Whole steps are followed in NumPy on a small network; only what is drawn at random (shares, partners, which examples)
comes from the same keys.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from helpers.mixtures import of_the_published_code, overlapping
from helpers.oracles import (
    BATCH,
    INPUTS,
    LABELS,
    OF_CLASSES,
    RATE,
    SIZES,
    Seen,
    check,
    cross_entropies,
    double,
    gradient_of,
    mlp,
    of_network,
    same,
    same_slope,
    softmax,
    steps_of,
)

from jnl import strategies
from jnl.core.memory import MemoryInit
from jnl.ops.mixup import mixture
from jnl.strategies import dividemix as of_dividemix
from jnl.strategies import elr_plus as of_elr_plus
from jnl.strategies._division import divide, draw_halves

BATCHES = np.arange(8), np.arange(4, 12), np.array([0, 1, 2, 3, 8, 9, 10, 11])
KEY = jax.random.key(7)  # of all steps of `steps_of`


def _soft_cross_entropies(z, y):
    return -(y * np.log(softmax(z))).sum(1)


def _descend(params, velocity, gradient):
    """One step of PyTorch's SGD, momentum 0.9."""
    velocity = jax.tree.map(lambda v, g: 0.9 * v + g, velocity, gradient)
    return jax.tree.map(lambda p, v: p - RATE * v, params, velocity), velocity


def _shaken(key, inputs):
    """An augmentation that gives each key other inputs."""
    return inputs + 0.3 * jax.random.normal(key, inputs.shape)


def _nothing(params):
    return jax.tree.map(np.zeros_like, params)


def _mixes(key, concentration, size, mostly_own=True):
    """Which share of which rows makes each mixed row, f64[size, size]."""
    return np.float64(_mixture(key, concentration, size, mostly_own))


@partial(jax.jit, static_argnums=(2, 3))
def _mixture(key, concentration, size, mostly_own):
    return mixture(key, concentration, size, mostly_own)(jnp.eye(size))


# MixUp


def mixup(params, mixes, x, y):
    """Zhang et al. 2018: cross entropy of mixed inputs with mixed one-hot labels, Beta(c, c) as it is drawn."""
    return _soft_cross_entropies(mlp(params, mixes @ x), mixes @ y).mean()


def test_mixup_steps_down_the_loss_of_mixed_examples():
    _, state, step = steps_of("mixup", concentration=2.0)
    params = of_network(state.params, 0)
    velocity, mixes = _nothing(params), _mixes(jax.random.fold_in(KEY, 2), 2.0, BATCH, False)
    assert 0 < np.diag(mixes).min() < 0.5  # as published, a row may be mostly another one
    for number, index in enumerate(BATCHES):
        x, y = INPUTS[index], np.eye(4)[LABELS[index]]
        state, outcome = step(state, 0, number, index)
        np.testing.assert_allclose(outcome.objective, [mixup(params, mixes, x, y)], rtol=1e-5)
        gradient = gradient_of(lambda params: mixup(params, mixes, x, y), params)  # noqa: B023
        params, velocity = _descend(params, velocity, gradient)
        same(of_network(state.params, 0), params)


# ELR+


def _ramp(step, length):
    """shengliu66/ELR, ELR_plus/utils/util.py, `sigmoid_rampup`."""
    return 1.0 if length == 0 else np.exp(-5 * (1 - np.clip(step, 0, length) / length) ** 2)


def elr_plus(z, y, q, pull, reweight=False):
    """Liu et al. 2020; shengliu66/ELR, ELR_plus/model/loss.py: f64[B, C] each -> f64[B]. `reweight`: 100 classes."""
    if reweight:
        y = y * q / (y * q).sum(1, keepdims=True)
    p = np.clip(softmax(z), 1e-4, 1 - 1e-4)
    return _soft_cross_entropies(z, y) + pull * np.log(1 - (q * p).sum(1))


@OF_CLASSES
def test_elr_plus_loss(classes):
    ours = jax.jit(jax.value_and_grad(lambda z, y, q: of_elr_plus.regularized_loss(z, y, q, 3.0).sum()))
    for size in SIZES:
        z, y, q = double(np.random.default_rng(1).normal(0, size, (3, 1, BATCH, classes)))
        y, q = softmax(y / size), 0.9 * softmax(q)
        value, gradient = ours(*map(jnp.float32, (z, y, q)))
        np.testing.assert_allclose(value, elr_plus(z[0], y[0], q[0], 3.0).sum(), rtol=1e-5)
        same_slope(gradient[0], lambda z: elr_plus(z, y[0], q[0], 3.0).sum(), z[0], atol=2e-5)  # noqa: B023


RAMPED = {"ramp_steps": 10, "reweight": True, "target_momentum": 0.9}  # as for CIFAR-100, but for a short ramp


@pytest.mark.parametrize(
    ("first", "hyper"),
    [(1, {}), (1, RAMPED), (20_000, RAMPED)],
    ids=["CIFAR-10", "in the ramp of the weight", "in the ramp of the average"],
)
@pytest.mark.slow
def test_elr_plus_over_three_steps(first, hyper):
    """ELR_plus/trainer/trainer.py: the ramp of the weight sees step 1, 2, ..., that of the average 2, 3, ...

    Each network's targets come from the average of the other one, on inputs that are not mixed.
    """
    _, state, step = steps_of("elr_plus", **hyper)
    assert state.memory.step == 1
    random = np.random.default_rng(3)
    away = jax.tree.map(lambda leaf: leaf + random.normal(0, 0.5, leaf.shape).astype(np.float32), state.memory.params)
    state = state._replace(memory=state.memory._replace(step=jnp.float32(first), params=away))
    nets, averages = ([of_network(tree, n) for n in (0, 1)] for tree in (state.params, away))
    velocity, target, momentum = (
        [_nothing(net) for net in nets],
        np.zeros((2, 40, 4)),
        hyper.get("target_momentum", 0.7),
    )
    keys = jax.random.split(jax.random.split(jax.random.fold_in(KEY, 2), 4)[1])
    for number, index in enumerate(BATCHES):
        now, x, y = first + number, INPUTS[index], np.eye(4)[LABELS[index]]
        state, outcome = step(state, 0, number, index)
        said = [softmax(mlp(average, x)) for average in averages]
        for n in (0, 1):
            target[n, index] = momentum * target[n, index] + (1 - momentum) * said[1 - n]
            mixes, pull = _mixes(keys[n], 1.0, BATCH), 3.0 * _ramp(now, hyper.get("ramp_steps", 0))

            def loss(net, mixes=mixes, pull=pull, q=target[n, index]):
                z = mlp(net, mixes @ x)  # noqa: B023
                return elr_plus(z, mixes @ y, mixes @ q, pull, "reweight" in hyper).mean()  # noqa: B023

            np.testing.assert_allclose(outcome.objective[n], loss(nets[n]), rtol=1e-5, atol=1e-6)
            nets[n], velocity[n] = _descend(nets[n], velocity[n], gradient_of(loss, nets[n]))
            factor = 0.997 * _ramp(now + 1, 40_000)
            mean = jax.tree.map(lambda a, w: factor * a + (1 - factor) * w, averages[n], nets[n])  # noqa: B023
            averages[n] = mean
            same(of_network(state.params, n), nets[n])
            same(of_network(state.memory.params, n), mean)
        np.testing.assert_allclose(state.memory.target, target, rtol=1e-4, atol=1e-6)
    assert state.memory.step == first + 3


class _Normed(nn.Module):
    """A network that normalizes its inputs. So its batch statistics are the statistics of the inputs."""

    @nn.compact
    def __call__(self, x, train):
        return nn.Dense(4)(nn.BatchNorm(not train, momentum=0.9)(x))


@pytest.mark.slow
def test_the_averages_of_elr_plus_have_statistics_of_inputs_that_are_not_mixed():
    _, state, step = steps_of("elr_plus", network=_Normed())
    variance = np.ones(5)
    for number, index in enumerate(BATCHES):
        state, _ = step(state, 0, number, index)
        variance = 0.9 * variance + 0.1 * INPUTS[index].var(0)  # a mixture has the same mean
        for n in (0, 1):
            of_average, own = (
                stats["BatchNorm_0"]["var"][n] for stats in (state.memory.batch_stats, state.batch_stats)
            )
            np.testing.assert_allclose(of_average, variance, rtol=1e-4)
            assert np.abs(own - variance).max() > 1e-3


# DivideMix


def dividemix(z, y, seen, asymmetric=False):
    """Li et al. 2020; LiJunnan1992/DivideMix, Train_CIFAR.py, `warmup`: cross entropy, and `NegEntropy`."""
    losses = []
    for network in z:
        p = softmax(network)
        penalty = (p * np.log(p)).sum(1).mean() if asymmetric else 0.0
        losses.append(cross_entropies(network, y).mean() + penalty)
    return losses


@OF_CLASSES
@pytest.mark.parametrize("asymmetric", [False, True])
def test_the_warm_up_of_dividemix(asymmetric, classes):
    check(dividemix, {"asymmetric": asymmetric}, classes, lambda z: Seen(z))


def _guesses(own, other, sure, labels):
    """Train_CIFAR.py, `train`: sharpened targets of those with and without a label, temperature 0.5.

    Probabilities f64[2 views, with or without label, n, C], f64[n], i[n] -> f64[2 n, C].
    """
    rows = [w * np.eye(own.shape[-1])[y] + (1 - w) * p for w, y, p in zip(sure, labels, own[:, 0].mean(0), strict=True)]
    rows += list((own[:, 1].mean(0) + other[:, 1].mean(0)) / 2)
    return np.stack([row**2 / (row**2).sum() for row in rows])


def _semi_supervised_loss(z, targets, known, weight):
    """Train_CIFAR.py, `SemiLoss` and the penalty: f64[M, C], f64[M, C], bool[M]."""
    q, classes = softmax(z), z.shape[1]
    penalty = sum(1 / classes * np.log(1 / classes / q[:, c].mean()) for c in range(classes))
    guessed = np.mean((q[~known] - targets[~known]) ** 2)
    return _soft_cross_entropies(z[known], targets[known]).mean() + weight * guessed + penalty


@OF_CLASSES
def test_dividemix_targets_and_loss(classes):
    guess = jax.jit(of_dividemix.guess)
    ours = jax.jit(jax.value_and_grad(lambda *given: of_dividemix.semi_supervised_loss(*given).sum()))
    random, known = np.random.default_rng(0), np.arange(12) % 4 < 2
    for size in SIZES:
        p, other = (softmax(double(random.normal(0, size, (2, 2, 2, 6, classes)))) for _ in range(2))
        sure, labels = random.uniform(size=(2, 6)), random.integers(0, classes, (2, 6))
        targets = np.stack([_guesses(p[k], other[k], sure[k], labels[k]) for k in range(2)])
        found = guess(*map(jnp.float32, (p, other, sure)), jnp.asarray(labels), 0.5)
        np.testing.assert_allclose(found, targets, rtol=1e-4, atol=1e-6)

        z = double(random.normal(0, size, (2, 12, classes)))
        value, gradient = ours(*map(jnp.float32, (z, targets)), jnp.asarray(known), jnp.float32(25))
        expected = [_semi_supervised_loss(z[k], targets[k], known, 25) for k in range(2)]
        np.testing.assert_allclose(value, sum(expected), rtol=1e-5)
        for k in range(2):

            def loss(z, targets=targets[k]):
                return _semi_supervised_loss(z, targets, known, 25)

            same_slope(gradient[k], loss, z[k], rtol=1e-3, atol=1e-5)


def test_dividemix_divides_by_the_mean_of_the_last_five_losses():
    """Train_CIFAR.py, `eval_train`, 90 % noise: losses of an epoch from 0 to 1, the mean of the last five.

    What is held out neither scales nor divides the losses, and comes last.
    """
    number, classes, trains = 600, 4, np.arange(600) % 10 > 0
    labels, history = np.random.default_rng(0).integers(0, classes, number), []
    strategy = strategies.make("dividemix", warmup_epochs=2, average_epochs=5)
    given = MemoryInit(jax.random.key(0), jnp.asarray(labels), jnp.asarray(trains), jnp.eye(classes), None)
    memory = strategy.memory.init(given)

    @jax.jit
    def refresh(memory, logits, epoch):
        return strategy.memory.refresh(memory, lambda: (logits, logits), jnp.asarray(labels), epoch)

    random = np.random.default_rng(1)
    for epoch in range(9):
        now = [0.1 + 3 * overlapping(number, seed) for seed in (1, 2)] + random.normal(0, 0.05, (2, number))
        now = np.maximum(now, 0.01)
        now[:, ~trains] = random.choice([1e-3, 9], (2, 60))  # what is held out has the lowest and the highest losses
        rest = np.log((1 - np.exp(-now)) / (classes - 1))
        z = np.where(np.eye(classes)[labels] > 0, -now[..., None], rest[..., None])  # whose cross entropies are these
        memory = refresh(memory, jnp.float32(z), epoch)
        if epoch < 2:
            assert (memory["clean"] == 1).all()
            continue
        history.append([(loss - loss.min()) / (loss.max() - loss.min()) for loss in now[:, trains]])
        clean = [of_the_published_code(loss) for loss in np.mean(history[-5:], 0)]
        np.testing.assert_allclose(memory["clean"][:, trains], clean, atol=0.05)
        for n in (0, 1):  # the other one says which keep their label, and these come first
            kept = (np.asarray(memory["clean"][1 - n]) > 0.5) & trains
            assert 0 < kept.sum() < trains.sum()
            assert (kept[trains] != (clean[1 - n] > 0.5)).mean() <= 0.01
            order = np.asarray(memory["order"][n])
            assert kept[order][: kept.sum()].all() and trains[order][: trains.sum()].all()
            assert sorted(order) == list(range(number))
    assert len(history) == 7


def _lots(key, first, number):
    """Which examples of a part of an order are drawn: i[2, B / 2] places in the order."""
    return np.floor(first[:, None] + np.asarray(jax.random.uniform(key, (2, BATCH // 2))) * number[:, None]).astype(int)


def test_dividemix_draws_from_all_examples_if_a_network_finds_none_of_a_kind():
    clean = jnp.stack([jnp.full(100, 0.9), jnp.full(100, 0.1)])  # w of network 2 is low, so network 1 has no labels
    memory = {"trains": jnp.arange(100) < 80, "clean": clean, "order": jnp.tile(jnp.arange(100), (2, 1))}
    known, unknown = draw_halves(memory, jax.random.split(jax.random.key(0)), 500, 0.5)
    for each in (*known, *unknown):
        assert len(np.unique(each)) == 80 and each.max() == 79


def test_dividemix_takes_all_labels_for_true_if_their_losses_are_equal():
    memory = {"trains": jnp.ones(8, bool), "losses": jnp.zeros((1, 2, 8))}
    after = jax.jit(divide)(memory, jnp.zeros((2, 8, 4)), jnp.arange(8) % 4, jnp.int32(1), 0.5)
    np.testing.assert_allclose(after["clean"], 1, rtol=1e-3)
    assert not after["losses"].any()


@pytest.mark.slow
def test_dividemix_over_three_steps_of_an_epoch():
    """Train_CIFAR.py, `train`; the weight is lambda_u clip((epoch + batch / batches - warm-up) / 16, 0, 1)."""
    strategy, state, step = steps_of("dividemix", augment=_shaken, warmup_epochs=2)
    logits = double(np.random.default_rng(2).normal(0, 1, (2, 40, 4)))
    refresh = jax.jit(lambda memory, z: strategy.memory.refresh(memory, lambda: (z, z), jnp.asarray(LABELS), 5))
    state = state._replace(memory=refresh(state.memory, jnp.float32(logits)))
    nets, velocity = [of_network(state.params, n) for n in (0, 1)], [_nothing(of_network(state.params, 0))] * 2
    clean, order = np.float64(state.memory["clean"]), np.asarray(state.memory["order"])
    kept = (clean[::-1] > 0.5).sum(1)
    keys = jax.random.split(jax.random.fold_in(KEY, 2), 8)
    has_label = _lots(keys[0], np.zeros(2), kept)
    has_none = _lots(keys[1], kept, 40 - kept)
    known = np.arange(2 * BATCH) % BATCH < BATCH // 2
    for batch in (0, 5, 9):
        state, outcome = step(state, 5, batch, np.arange(BATCH))
        weight, losses = 25 * np.clip((5 + batch / 10 - 2) / 16, 0, 1), []
        for n in (0, 1):
            labeled, others = order[n, has_label[n]], order[n, has_none[n]]
            assert (clean[1 - n, labeled] > 0.5).all() and (clean[1 - n, others] <= 0.5).all()
            both = jnp.float32(INPUTS[np.concatenate([labeled, others])])
            x = np.concatenate([np.float64(_shaken(jax.random.split(key)[n], both)) for key in keys[2:4]])
            own, other = (softmax(mlp(nets[k], x)).reshape(2, 2, BATCH // 2, 4) for k in (n, 1 - n))
            targets = np.tile(_guesses(own, other, clean[1 - n, labeled], LABELS[labeled]), (2, 1))
            mixes = _mixes(jax.random.split(keys[5])[n], 4.0, 2 * BATCH)

            def loss(net, mixes=mixes, x=x, targets=targets):
                return _semi_supervised_loss(mlp(net, mixes @ x), mixes @ targets, known, weight)  # noqa: B023

            losses.append(loss)
        np.testing.assert_allclose(outcome.objective, [losses[n](nets[n]) for n in (0, 1)], rtol=1e-4)
        after = [_descend(nets[n], velocity[n], gradient_of(losses[n], nets[n])) for n in (0, 1)]
        nets, velocity = map(list, zip(*after, strict=True))
        for n in (0, 1):
            same(of_network(state.params, n), nets[n], rtol=1e-3, atol=1e-5)
