"""Methods that send predictions through a noise matrix, against their papers and published codes: forward and backward
correction, S-model, S-model + Decoupling.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.oracles import (
    BATCH,
    EXAMPLES,
    FEATURES,
    OF_CLASSES,
    Seen,
    check,
    context,
    cross_entropies,
    double,
    draw,
    same_slope,
    softmax,
)

from jnl import models, noise, strategies
from jnl.core import train_state
from jnl.core.memory import MemoryInit
from jnl.ops.losses import objective
from jnl.strategies._noise_matrix import confusion, estimate
from jnl.training.optimizers import Optimizer

CORRECTIONS = ("forward_correction", "backward_correction")


def _first_stage(z, y, seen):
    """Cross entropy without those that are held out; giorgiop/loss-correction, loss.py, `crossentropy`."""
    kept = ~seen.memory["held_out"][seen.example_index]
    return [_clipped_cross_entropies(z[0], y)[kept].mean()]


def _clipped_cross_entropies(z, y):
    return -np.log(np.clip(softmax(z), 1e-7, 1 - 1e-7)[np.arange(len(y)), y])


def forward_correction(z, y, seen, estimation_epochs=20, known_noise=False):
    """Patrini et al. 2017, theorem 2; giorgiop/loss-correction, loss.py, `robust`."""
    if seen.epoch < estimation_epochs and not known_noise:
        return _first_stage(z, y, seen)
    p, total = np.clip(softmax(z[0]), 1e-7, 1 - 1e-7), 0.0
    for row, label in zip(p, y, strict=True):
        total -= np.log(sum(row[c] * seen.memory["transition"][c, label] for c in range(len(row))))
    return [total / len(y)]


def backward_correction(z, y, seen, estimation_epochs=20, known_noise=False):
    """Patrini et al. 2017, theorem 1; giorgiop/loss-correction, loss.py, `robust`."""
    if seen.epoch < estimation_epochs and not known_noise:
        return _first_stage(z, y, seen)
    p, inverse = np.clip(softmax(z[0]), 1e-7, 1 - 1e-7), np.linalg.inv(seen.memory["transition"])
    total = 0.0
    for row, label in zip(p, y, strict=True):
        total -= sum(inverse[label, c] * np.log(row[c]) for c in range(len(row)))
    return [total / len(y)]


def _through_the_layer(z, y, seen, network, i):
    """Goldberger & Ben-Reuven 2017: -log sum_i p_i theta_ij, theta = softmax(b), or softmax(u h + b)."""
    b = seen.memory["start"][network] + seen.strategy_params["b"][network]
    if "u" in seen.strategy_params:
        b = b + np.tensordot(seen.features[network, i], seen.strategy_params["u"][network], 1)
    return -np.log(softmax(z[network, i]) @ softmax(b)[:, y[i]])


def s_model(z, y, seen, kind="simple", pretrain_epochs=10):
    """udibr/noisy_labels, mnist-jacob-reed.py, without the clip of Keras' cross entropy."""
    if seen.epoch < pretrain_epochs:
        return [cross_entropies(z[0], y).mean()]
    return [np.mean([_through_the_layer(z, y, seen, 0, i) for i in range(len(y))])]


def s_model_decoupling(z, y, seen, kind="simple", pretrain_epochs=10):
    """Malach & Shalev-Shwartz 2017, section 5, with that layer; disagreement is that of the predictions before it."""
    if seen.epoch < pretrain_epochs:
        return [cross_entropies(network, y).mean() for network in z]
    differ = [i for i in range(len(y)) if seen.z[0, i].argmax() != seen.z[1, i].argmax()]
    return [np.mean([_through_the_layer(z, y, seen, n, i) for i in differ]) for n in (0, 1)]


def with_matrix(epoch, invert):
    """Pair noise, as a correction has it, and a third of the examples held out."""

    def seen_of(z):
        matrix = double(noise.transition("pair", z.shape[-1], 0.3))
        used = np.linalg.inv(matrix) if invert else matrix
        memory = {"held_out": np.arange(EXAMPLES) % 3 == 0, "transition": matrix, "matrix": double(used)}
        return Seen(z, epoch, memory=memory)

    return seen_of


def with_layer(epoch, kind):
    """A layer and features at random."""

    def seen_of(z):
        random, (number, _, classes) = np.random.default_rng(5), z.shape
        learned = {"b": double(random.normal(0, 1, (number, classes, classes)))}
        if kind == "complex":
            learned["u"] = double(random.normal(0, 1, (number, FEATURES, classes, classes)))
        start = double(random.normal(0, 1, (number, classes, classes)))
        features = double(random.normal(0, 1, (number, BATCH, FEATURES)))
        return Seen(z, epoch, memory={"start": start}, strategy_params=learned, features=features)

    return seen_of


ORACLES = [
    (forward_correction, {"known_noise": True}, with_matrix(5, False)),
    (forward_correction, {"estimation_epochs": 6}, with_matrix(5, False)),
    (forward_correction, {"estimation_epochs": 6}, with_matrix(6, False)),
    (backward_correction, {"estimation_epochs": 6}, with_matrix(6, True)),
    (backward_correction, {"estimation_epochs": 6}, with_matrix(5, True)),
    (s_model, {"pretrain_epochs": 6}, with_layer(5, "simple")),
    (s_model, {"pretrain_epochs": 6}, with_layer(6, "simple")),
    (s_model, {"pretrain_epochs": 6, "kind": "complex"}, with_layer(6, "complex")),
    (s_model_decoupling, {"pretrain_epochs": 6}, with_layer(5, "simple")),
    (s_model_decoupling, {"pretrain_epochs": 6}, with_layer(6, "simple")),
]


@OF_CLASSES
@pytest.mark.parametrize(("oracle", "hyper", "seen_of"), ORACLES, ids=lambda value: getattr(value, "__name__", None))
def test_value_and_gradient(oracle, hyper, seen_of, classes):
    check(oracle, hyper, classes, seen_of)


@pytest.mark.parametrize("kind", ["simple", "complex"])
def test_the_noise_layer_learns_by_the_same_gradient(kind):
    hyper = {"kind": kind, "pretrain_epochs": 0}
    strategy = strategies.make("s_model", **hyper)
    z, y = draw(4, 4)
    seen = with_layer(5, kind)(z)

    @jax.jit
    @jax.grad
    def ours(learned, seen):
        return objective(strategy.select(jnp.float32(z), jnp.asarray(y), seen._replace(strategy_params=learned))).sum()

    gradient = ours(context(seen).strategy_params, context(seen))
    assert gradient.keys() == seen.strategy_params.keys()
    for name in gradient:

        def moved(value, name=name):
            return s_model(z, y, seen._replace(strategy_params=seen.strategy_params | {name: value}), **hyper)[0]

        same_slope(gradient[name], moved, seen.strategy_params[name])


def _given(labels, trains, classes):
    return MemoryInit(jax.random.key(0), jnp.asarray(labels), jnp.asarray(trains), jnp.eye(classes), None)


def _refresh(strategy):
    """At the start of an epoch, with these logits of all examples."""

    def refresh(memory, logits, labels, epoch):
        return strategy.memory.refresh(memory, lambda: (logits, logits), labels, epoch)

    return jax.jit(refresh)


def _patrini(p, percentile):
    """giorgiop/loss-correction, models.py, `NoiseEstimator`, on a copy of each column (its code zeroes p itself)."""
    rows = []
    for c in range(p.shape[1]):
        column = p[:, c].copy()
        if percentile < 100:
            column[column >= np.percentile(column, percentile, method="higher")] = 0.0
        rows.append(p[column.argmax()] / p[column.argmax()].sum())
    return np.stack(rows)


@pytest.mark.parametrize("percentile", [90, 97, 100])
def test_estimated_noise_is_patrinis(percentile):
    ours = jax.jit(estimate, static_argnums=1)
    for number in (30, 101, 1000):
        p = softmax(np.random.default_rng(number).normal(0, 2, (number, 4))).astype(np.float32)
        np.testing.assert_allclose(ours(p, percentile), _patrini(p, percentile), rtol=1e-5)


def test_a_class_with_few_examples_takes_its_row_of_noise_from_its_own_examples():
    """Predictions that are sure and right: row i is that of an example of class i, also if it has 2 % of them."""
    labels = np.repeat([0, 1, 2], [10, 290, 200])
    p = np.where(np.eye(3)[labels] > 0, np.random.default_rng(0).uniform(0.9, 0.99, (500, 1)), 0)
    p = jnp.asarray(p + (1 - p.sum(1, keepdims=True)) / 3, jnp.float32)
    found = estimate(p, 97)
    assert (found.argmax(1) == np.arange(3)).all()
    assert _patrini(np.asarray(p), 97).argmax(1)[0] != 0
    balanced = np.arange(2000) % 40
    many = jnp.asarray(0.9 * np.eye(40)[balanced] + 0.1 / 40, jnp.float32)
    np.testing.assert_allclose(np.diag(estimate(many, 97)), 0.9025, rtol=1e-5)
    for number, few in ((70, True), (100, False)):  # 60 of 2000 are left out, and 90 is 1.5 times as many
        sure = np.random.default_rng(number).uniform(0.9, 0.99, 2000)
        p = np.where(np.arange(2000)[:, None] < number, [1, 0], [0, 1]) * sure[:, None]
        p = np.float32(p + (p == 0) * (1 - sure[:, None]))
        expected = p[p[:, 0].argmax()] if few else _patrini(p, 97)[0]
        np.testing.assert_allclose(estimate(jnp.asarray(p), 97)[0], expected, rtol=1e-5)


@pytest.mark.parametrize("name", CORRECTIONS)
def test_a_correction_takes_the_matrix_of_the_best_epoch(name):
    """giorgiop/loss-correction, models.py: ModelCheckpoint with the lowest loss on what is held out, of its epochs.

    The matrix comes from the predictions on all inputs, the held-out ones too.
    """
    random = np.random.default_rng(0)
    strategy, labels = strategies.make(name, estimation_epochs=4, held_out=0.5), random.integers(0, 4, EXAMPLES)
    refresh, memory = _refresh(strategy), strategy.memory.init(_given(labels, np.ones(EXAMPLES, bool), 4))
    held = np.asarray(memory["held_out"])
    assert held.sum() == 12 and strategy.reset_epoch == 4
    assert not refresh(memory, jnp.zeros((1, EXAMPLES, 4)), labels, 0)["lowest"] < np.inf  # nothing is trained yet
    found, losses = None, []
    for epoch in range(1, 7):  # so many epochs are over; the fifth would be better, but comes too late
        size = {1: 2.0, 2: 1.0, 3: 1.5, 4: 0.1, 5: 0.05, 6: 0.05}[epoch]
        logits = double(random.normal(0, size, (1, EXAMPLES, 4)))
        logits[0] += (epoch >= 4) * np.eye(4)[labels]
        if epoch == 4:  # the mean loss is the lowest, but one loss is the highest
            logits[0, held.argmax(), labels[held.argmax()]] = -4.0
        memory = refresh(memory, jnp.float32(logits), labels, epoch)
        losses.append(_clipped_cross_entropies(logits[0], labels)[held].mean())
        if epoch <= 4 and losses[-1] == min(losses):
            found = _patrini(softmax(logits[0]), 97)
        np.testing.assert_allclose(memory["transition"], found, rtol=1e-5)
        used = np.linalg.inv(found) if name == "backward_correction" else found
        np.testing.assert_allclose(memory["matrix"], used, rtol=2e-3, atol=1e-4)
    assert losses[3] == min(losses[:4]) and min(losses[4:]) < losses[3]


def _published_start(logits, labels, trains):
    """udibr/noisy_labels, mnist-jacob-reed.py: the log of the shares of each label where a class is predicted."""
    counts = np.zeros((logits.shape[-1],) * 2)
    for row, label, counts_in in zip(logits, labels, trains, strict=True):
        counts[row.argmax(), label] += counts_in
    return np.log(counts / counts.sum(1, keepdims=True) + 1e-8)


@pytest.mark.parametrize(("name", "number"), [("s_model", 1), ("s_model_decoupling", 2)])
def test_the_layer_starts_from_the_confusion_after_pre_training(name, number):
    random, trains = np.random.default_rng(0), np.arange(200) % 7 > 0
    labels, strategy = random.integers(0, 4, 200), strategies.make(name, pretrain_epochs=3)
    refresh, memory = _refresh(strategy), strategy.memory.init(_given(labels, trains, 4))
    prior = np.where(np.eye(4) > 0, np.log(1 - 0.46), np.log(0.46 / 3))
    expected = np.asarray(memory["start"])
    assert (expected >= prior).all() and (expected <= prior + 0.0101).all() and np.ptp(expected - prior) > 0.005
    assert len(np.unique(expected)) == expected.size  # no two networks start alike
    for epoch in range(6):
        logits = random.normal(0, 1, (number, 200, 4)).astype(np.float32)
        memory = refresh(memory, logits, labels, epoch)
        if epoch == 3:
            expected = [_published_start(one, labels, trains) for one in logits]
        np.testing.assert_allclose(memory["start"], expected, rtol=1e-5)


def test_the_noise_that_layers_have_learned_is_their_mean():
    random = np.random.default_rng(0)
    start, learned = double(random.normal(0, 1, (2, 2, 4, 4)))
    told = strategies.make("s_model_decoupling").memory.noise(
        {"start": jnp.float32(start)}, {"b": jnp.float32(learned)}
    )
    np.testing.assert_allclose(told, softmax(start + learned).mean(0), rtol=1e-5)


def test_a_noise_matrix_without_an_inverse_has_a_pseudo_inverse():
    matrix = np.float32([[0.6, 0.4, 0], [0.6, 0.4, 0], [0, 0.1, 0.9]])
    given = _given(np.arange(6) % 3, np.ones(6, bool), 3)._replace(transition=jnp.asarray(matrix))
    memory = strategies.make("backward_correction", known_noise=True).memory.init(given)
    np.testing.assert_allclose(memory["matrix"], np.linalg.pinv(np.float64(matrix), rcond=1e-6), atol=1e-5)


def test_without_pre_training_the_layer_keeps_its_prior():
    strategy, labels = strategies.make("s_model", pretrain_epochs=0), np.arange(8) % 4
    memory = strategy.memory.init(_given(labels, np.ones(8, bool), 4))
    after = _refresh(strategy)(memory, jnp.zeros((1, 8, 4)), labels, 0)
    np.testing.assert_array_equal(after["start"], memory["start"])


def test_a_class_that_is_never_predicted_has_no_confusion():
    """The published code divides 0 by 0 there; here the layer starts without a preference."""
    found = confusion(jnp.float32(np.eye(4)[[0, 1, 2, 0]]), jnp.array([0, 1, 2, 1]), jnp.ones(4, bool))
    np.testing.assert_array_equal(found, [[0.5, 0.5, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])


def test_networks_start_alike_with_and_without_a_noise_layer():
    """What a strategy learns itself is another entry beside the network's parameters."""
    model, sample, key = models.wrap(models.make("mlp", 4, width=8)), jnp.ones((1, 8)), jax.random.key(0)
    optimizer = Optimizer("adam", 0.0, 0.0)(0.1, 0.9)
    plain, layered = (
        jax.jit(lambda learned=learned: train_state.init(model, 1, optimizer, key, sample, 1, learned))()
        for learned in (None, strategies.make("s_model").init_params)
    )
    assert layered.params["strategy"]["b"].shape == (1, 4, 4)
    for one, other in zip(*map(jax.tree.leaves, (plain.params, layered.params | {"strategy": {}})), strict=True):
        np.testing.assert_array_equal(one, other)
