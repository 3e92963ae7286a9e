"""What the other methods do beside a loss: noise matrices, mixtures, outliers, gradients, steps of their own."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_oracles import ce, softmax
from test_oracles_more import BATCH, CLASSES, EXAMPLES, FEATURES, slope

from jnl import models, networks, strategies
from jnl.augment import Augment, mixture
from jnl.memory import Given
from jnl.optimisers import Optimiser
from jnl.step import update
from jnl.strategies import dividemix, elr_plus, iterative_open_set
from jnl.strategies._channel import confusion, estimate
from jnl.strategies._mixture import chance_of_lower
from jnl.strategies.cdr import _nth_largest
from jnl.types import Context


def patrini(p, percentile):
    """The published estimate, without its aliasing."""
    rows = []
    for i in range(p.shape[1]):
        column = p[:, i].copy()
        if percentile < 100:
            column[column >= np.percentile(column, percentile, method="higher")] = 0.0
        rows.append(p[column.argmax()] / p[column.argmax()].sum())
    return np.stack(rows)


@pytest.mark.parametrize("percentile", [50, 97, 100])
@pytest.mark.parametrize("number", [30, 101, 1000])
def test_estimated_noise_is_patrinis(percentile, number):
    p = softmax(np.random.default_rng(number).normal(0, 2, (number, CLASSES))).astype(np.float32)
    np.testing.assert_allclose(jax.jit(estimate, static_argnums=1)(p, percentile), patrini(p, percentile), rtol=1e-5)


def test_the_matrix_of_the_best_epoch_is_kept():
    strategy = strategies.make("forward_correction", estimation_epochs=3, held_out=0.5)
    labels = jnp.asarray(np.random.default_rng(0).integers(0, CLASSES, EXAMPLES))
    memory = strategy.memory.init(Given(jax.random.key(0), labels, jnp.ones(EXAMPLES, bool), jnp.eye(CLASSES), None))
    held = np.asarray(memory["held_out"])
    assert held.sum() == 12
    found, best = None, np.inf
    for epoch in range(6):
        logits = jax.random.normal(jax.random.key(epoch), (1, EXAMPLES, CLASSES))
        memory = strategy.memory.refresh(memory, lambda logits=logits: (logits, logits), labels, jnp.int32(epoch))
        loss = ce(np.float64(logits[0]), np.asarray(labels))[held].sum()
        if 1 <= epoch <= 3 and loss < best:
            found, best = patrini(np.asarray(jax.nn.softmax(logits[0])), 97), loss
        if found is not None:
            np.testing.assert_allclose(memory["transition"], found, rtol=1e-5)
    assert strategy.restart == 3


def test_confusion_counts_label_by_prediction():
    logits, labels = jax.random.normal(jax.random.key(0), (50, CLASSES)), np.arange(50) % CLASSES
    expected = np.zeros((CLASSES, CLASSES))
    for row, label in zip(np.asarray(logits), labels, strict=True):
        expected[row.argmax(), label] += 1
    found = confusion(logits, labels, np.arange(50) != 7)
    expected[np.asarray(logits)[7].argmax(), labels[7]] -= 1  # this one is held out
    np.testing.assert_allclose(found, expected / expected.sum(1, keepdims=True), rtol=1e-6)


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 1.0])
def test_nth_largest_is_that_of_a_sort(share):
    values = np.abs(np.random.default_rng(0).normal(size=999)).astype(np.float32) ** 9
    values[:100] = 0
    expected = np.sort(values)[::-1][int(share * 999) - 1]
    assert jax.jit(_nth_largest)(values, share) == expected


def test_cdr_moves_the_critical_weights_only():
    transform = strategies.make("cdr", noise_rate=0.4).transform
    random = np.random.default_rng(0)
    tree = {"kernel": (6, 5), "deep": (3, 3, 2, 2), "bias": (7,)}
    gradient, params = ({k: np.float32(random.normal(size=v)) for k, v in tree.items()} for _ in range(2))
    moved, _ = transform.update(gradient, transform.init(params), params)
    size = {k: np.abs(gradient[k] * params[k]) for k in tree}
    limit = np.sort(np.concatenate([size["kernel"].ravel(), size["deep"].ravel()]))[::-1][int(0.6 * 66) - 1]
    for name in ("kernel", "deep"):
        expected = np.where(size[name] >= limit, gradient[name] * np.float32(0.6), 0)
        np.testing.assert_allclose(moved[name], expected, rtol=1e-6)
    np.testing.assert_array_equal(moved["bias"], gradient["bias"])


def test_dividemix_targets_and_loss():
    random = np.random.default_rng(0)
    half, p, other = 3, *(softmax(random.normal(0, 1, (2, 2, 2, 3, CLASSES))) for _ in range(2))
    sure, labels = random.uniform(size=(2, half)), random.integers(0, CLASSES, (2, half))
    targets = np.zeros((2, 2 * half, CLASSES))
    for k in range(2):
        for i in range(half):
            refined = (
                sure[k, i] * np.eye(CLASSES)[labels[k, i]] + (1 - sure[k, i]) * (p[k, 0, 0, i] + p[k, 1, 0, i]) / 2
            )
            guessed = (p[k, 0, 1, i] + p[k, 1, 1, i] + other[k, 0, 1, i] + other[k, 1, 1, i]) / 4
            targets[k, i], targets[k, half + i] = refined**2 / (refined**2).sum(), guessed**2 / (guessed**2).sum()
    arguments = [jnp.asarray(value, jnp.float32) for value in (p, other, sure)]
    np.testing.assert_allclose(jax.jit(dividemix.guess)(*arguments, jnp.asarray(labels), 0.5), targets, rtol=1e-4)

    known, z = np.array([True, True, False, False, False, True]), random.normal(0, 1, (2, 6, CLASSES))

    def loss(z):
        q, total = softmax(z), 0.0
        for k in range(2):
            labelled = -np.mean((targets[k] * np.log(q[k])).sum(1)[known])
            guessed = np.mean((q[k] - targets[k])[~known] ** 2)
            prior = sum(1 / CLASSES * np.log(1 / CLASSES / q[k].mean(0)[c]) for c in range(CLASSES))
            total += labelled + 25 * guessed + prior
        return total

    def ours(z):
        return dividemix.semi_supervised_loss(z, jnp.float32(targets), jnp.asarray(known), jnp.float32(25)).sum()

    value, gradient = jax.jit(jax.value_and_grad(ours))(jnp.float32(z))
    np.testing.assert_allclose(value, loss(z), rtol=1e-5)
    np.testing.assert_allclose(gradient, slope(loss, z), rtol=1e-3, atol=2e-5)


def test_elr_plus_loss():
    random = np.random.default_rng(0)
    z, labels, targets = (random.normal(0, 1, (2, BATCH, CLASSES)) for _ in range(3))
    labels, targets = softmax(labels), 0.9 * softmax(targets)

    def loss(z):
        p = np.clip(softmax(z), 1e-4, 1 - 1e-4)
        return (-(labels * np.log(softmax(z))).sum(-1) + 3 * np.log(1 - (targets * p).sum(-1))).sum()

    def ours(z):
        return elr_plus.regularised_loss(z, jnp.float32(labels), jnp.float32(targets), 3.0).sum()

    value, gradient = jax.jit(jax.value_and_grad(ours))(jnp.float32(z))
    np.testing.assert_allclose(value, loss(z), rtol=1e-5)
    np.testing.assert_allclose(gradient, slope(loss, z), rtol=1e-3, atol=2e-5)


def test_iterative_open_set_pairs_and_contrast():
    random = np.random.default_rng(0)
    near, far = random.normal(0, 0.3, (2, BATCH, FEATURES))
    like = np.arange(BATCH) % 2 == 0
    distance = np.linalg.norm(near - far, axis=1)
    expected = np.where(like, distance**2, np.maximum(1 - distance, 0) ** 2)
    assert (distance < 1).any()
    arguments = (jnp.float32(near), jnp.float32(far), jnp.asarray(like))
    np.testing.assert_allclose(iterative_open_set.contrast(*arguments, 1.0), expected, rtol=1e-4)

    labels, outlier = random.integers(0, CLASSES, 200), random.uniform(size=200) < 0.4
    trains = np.arange(200) % 10 > 0
    memory = iterative_open_set._groups(jnp.asarray(labels), jnp.asarray(outlier), jnp.asarray(trains), CLASSES)
    memory |= {"rounds": 1.0}
    first, second, alike = map(np.asarray, iterative_open_set._pairs(memory, jax.random.key(0), 3000))
    assert not outlier[first].any()
    same = labels[first] == labels[second]
    np.testing.assert_array_equal(alike, same & ~outlier[second])
    assert not outlier[second[~same]].any()
    shares = [alike.mean(), (same & outlier[second]).mean(), (~same).mean()]
    np.testing.assert_allclose(shares, 1 / 3, atol=0.03)
    assert set(first) == set(np.flatnonzero(~outlier & trains))
    assert set(second) <= set(np.flatnonzero(trains))

    nobody = jnp.zeros(200, bool)
    memory |= iterative_open_set._groups(jnp.asarray(labels), nobody, jnp.asarray(trains), CLASSES)
    first, second, alike = iterative_open_set._pairs(memory, jax.random.key(0), 3000)
    np.testing.assert_array_equal(alike, labels[np.asarray(first)] == labels[np.asarray(second)])


def test_outliers_by_lof():
    from sklearn.neighbors import LocalOutlierFactor

    random = np.random.default_rng(0)
    features, labels = random.normal(0, 0.1, (60, 3)) + np.array([1.0, 0, 0]), np.arange(60) % 2
    features[:4] = random.normal(0, 1, (4, 3))
    score = iterative_open_set._inverse_lof(features, labels, 5)
    for label in (0, 1):
        mine = labels == label
        lof = -LocalOutlierFactor(n_neighbors=5, metric="cosine").fit(features[mine]).negative_outlier_factor_
        np.testing.assert_allclose(score[mine], 1 / lof, rtol=1e-5)
    lowest = iterative_open_set._lowest(score, labels, 0.1)
    for label in (0, 1):
        mine = np.flatnonzero(labels == label)
        assert set(np.flatnonzero(lowest & (labels == label))) == set(mine[np.argsort(score[mine])[:3]])


def test_networks_start_alike_with_and_without_a_noise_layer():
    """What a strategy learns itself is another entry beside the network's parameters."""
    from jnl.models import make
    from jnl.optimisers import Optimiser

    model, sample, key = make("mlp", CLASSES), jnp.ones((1, 8)), jax.random.key(0)
    optimiser = Optimiser("adam", 0.0, 0.0)(0.1, 0.9)
    plain = networks.init(model, 1, optimiser, key, sample, 1)
    layered = networks.init(model, 1, optimiser, key, sample, 1, strategies.make("s_model").learned)
    assert layered.params["strategy"]["b"].shape == (1, CLASSES, CLASSES)
    for one, other in zip(*map(jax.tree.leaves, (plain.params, layered.params | {"strategy": {}})), strict=True):
        np.testing.assert_array_equal(one, other)


def step_of(name, labels, **hyper):
    """The step of a method with an own one, as a function of state and memory, on 40 examples and a small network."""
    strategy = strategies.make(name, **hyper)
    model, optimiser = models.make("mlp", CLASSES, width=8), Optimiser("sgd", 0.9, 0.0)(0.1, 0.9)
    inputs = jnp.asarray(INPUTS_40, jnp.float32)
    start = partial(networks.init, model, strategy.num_nets, optimiser)
    state = jax.jit(lambda key: start(key, inputs[:1], len(inputs), strategy.learned))(jax.random.key(1))
    given = Given(jax.random.key(3), labels, jnp.ones(40, bool), jnp.eye(CLASSES), state)
    training = networks.Training(model, optimiser, Augment(), inputs, labels)

    @jax.jit
    def step(state, epoch=5, batch=1):
        context = Context(
            jnp.int32(epoch), jnp.int32(batch), 10, jnp.arange(BATCH + 1), jnp.arange(BATCH), inputs[:BATCH],
            jnp.ones(BATCH), jnp.float32(0.5), jax.random.key(7), state.memory,
        )  # fmt: skip
        return strategy.step(partial(update, strategy, training), training, state, context)[0]

    return strategy, state._replace(memory=strategy.memory.init(given) if strategy.memory else {}), step


def moved(tree, network):
    """The same tree with the weights of one network changed."""
    return jax.tree.map(lambda leaf: leaf.at[network].multiply(1.5), tree)


def differs(one, other):
    """Which of the two networks differ."""
    pairs = zip(*map(jax.tree.leaves, (one, other)), strict=True)
    return np.any([np.any(np.reshape(a != b, (2, -1)), 1) for a, b in pairs], 0).tolist()


INPUTS_40 = np.random.default_rng(0).normal(0, 1, (40, 8))
LABELS_40 = jnp.asarray(np.random.default_rng(1).integers(0, CLASSES, 40))


def test_mixup_steps_down_the_loss_of_mixed_examples():
    """The whole step in NumPy; only the share and the partners come from the same key."""
    _, state, step = step_of("mixup", LABELS_40, concentration=0.5)
    mix = mixture(jax.random.fold_in(jax.random.key(7), 2), 0.5, BATCH)
    rows = np.float64(mix(jnp.eye(BATCH)))
    assert np.diag(rows).min() < 1
    inputs, y = rows @ INPUTS_40[:BATCH], rows @ np.eye(CLASSES)[np.asarray(LABELS_40[:BATCH])]
    before, after = (jax.tree.map(lambda leaf: np.float64(leaf[0]), one.params) for one in (state, step(state)))
    last = before["Dense_1"]["kernel"]

    def loss(kernel):
        hidden = np.maximum(inputs @ before["Dense_0"]["kernel"].T + before["Dense_0"]["bias"], 0)
        return -np.mean((y * np.log(softmax(hidden @ kernel.T + before["Dense_1"]["bias"]))).sum(1))

    np.testing.assert_allclose(after["Dense_1"]["kernel"], last - 0.1 * slope(loss, last), rtol=1e-4, atol=1e-6)


def test_elr_plus_takes_targets_from_the_others_average():
    _, state, step = step_of("elr_plus", LABELS_40)
    plain = step(state)
    other = step(state._replace(memory=state.memory._replace(params=moved(state.memory.params, 1))))
    assert differs(plain.params, other.params) == [True, False]
    assert differs(plain.memory.target, other.memory.target) == [True, False]
    # At the first step, where the published counter is at 2, the average forgets nearly all.
    factor = 0.997 * np.exp(-5 * (1 - 2 / 40000) ** 2)
    trees = (state.memory.params, plain.params, plain.memory.params)
    for before, weights, average in zip(*map(jax.tree.leaves, trees), strict=True):
        np.testing.assert_allclose(average, factor * before + (1 - factor) * weights, rtol=1e-4, atol=1e-6)


def test_dividemix_divides_for_the_other_and_guesses_with_it():
    strategy, state, step = step_of("dividemix", LABELS_40, warmup_epochs=2, average_epochs=3)
    logits = jax.random.normal(jax.random.key(0), (2, 40, CLASSES))
    for epoch in (2, 3):
        refreshed = strategy.memory.refresh(state.memory, lambda: (logits, logits), LABELS_40, jnp.int32(epoch))
        state = state._replace(memory=refreshed)
    memory = state.memory
    loss = np.stack([ce(np.float64(z), np.asarray(LABELS_40)) for z in logits])
    loss = (loss - loss.min(1, keepdims=True)) / (loss.max(1, keepdims=True) - loss.min(1, keepdims=True))
    for network in (0, 1):  # twice the same losses: their mean is themselves
        expected = chance_of_lower(jnp.float32(loss[network]), jnp.ones(40, bool))
        np.testing.assert_allclose(memory["clean"][network], expected, atol=1e-4)
        kept = np.asarray(memory["clean"][1 - network] > 0.5)
        assert 0 < kept.sum() < 40
        assert kept[memory["order"][network]][: kept.sum()].all()
    plain = step(state)
    assert differs(plain.params, step(state._replace(params=moved(state.params, 1))).params) == [True, True]
    surer = memory | {"clean": memory["clean"].at[1].set(jnp.where(memory["clean"][1] > 0.5, 0.6, 0.0))}
    assert differs(plain.params, step(state._replace(memory=surer)).params) == [True, False]


def test_each_round_has_an_optimiser_of_its_own():
    _, state, step = step_of("iterative_open_set", LABELS_40, first_epochs=5, round_epochs=10, neighbours=5)
    state = step(state)
    assert any(np.any(leaf) for leaf in jax.tree.leaves(state.opt_state))
    fresh = state._replace(opt_state=jax.tree.map(jnp.zeros_like, state.opt_state))

    def apart(epoch, batch):
        pairs = zip(*map(jax.tree.leaves, (step(state, epoch, batch), step(fresh, epoch, batch))), strict=True)
        return any(np.any(one != other) for one, other in pairs)

    assert [apart(epoch, 0) for epoch in (4, 5, 6, 15)] == [True, False, True, False]
    assert apart(5, 1)


def test_the_filter_gives_classes_back_what_noise_took_from_them():
    """cleanlab/cleanlab, classification.py: weight 1 / p(given k | true k), of the column sums of the joint counts.

    Half of class 0 is labelled 1, found, and dropped; what is left of class 0 counts twice, and class 1 as it is.
    """
    truth = np.arange(400) % 4
    labels = np.where((truth == 0) & (np.arange(400) % 8 == 0), 1, truth)
    p = np.full((400, 4), 0.02)
    p[np.arange(400), truth] = 0.94
    plain, again = (
        strategies.make("confident_filter", prune="both", reweight=reweight).weigh.weights(labels, truth, p)
        for reweight in (False, True)
    )
    np.testing.assert_array_equal(plain, labels == truth)
    np.testing.assert_allclose(again, np.where(labels != truth, 0, np.array([2.0, 1, 1, 1])[labels]))
    np.testing.assert_allclose(np.bincount(labels, again), np.bincount(truth))
