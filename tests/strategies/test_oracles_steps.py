"""Methods that change the gradient or draw pairs, against their papers and published codes: CDR, iterative open-set."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from helpers.oracles import (
    BATCH,
    CLASSES,
    INPUTS,
    LABELS,
    OF_CLASSES,
    RATE,
    SIZES,
    check,
    cross_entropies,
    double,
    gradient_of,
    mlp,
    of_network,
    same,
    same_slope,
    steps_of,
)
from sklearn.neighbors import LocalOutlierFactor

from jnl import strategies
from jnl.strategies import iterative_open_set as of_open_set
from jnl.strategies.cdr import _nth_largest
from jnl.training.optimizers import Optimizer

# CDR


def cdr(z, y, seen, noise_rate=0.2):
    """Xia et al. 2021: the loss is cross entropy."""
    return [cross_entropies(z[0], y).mean()]


def _published_cdr(params, gradient, velocity, noise_rate, rate, decay):
    """xiaoboxia/CDR, main.py, `train_one_step`, then PyTorch's SGD with momentum 0.9: dicts of arrays."""
    kernels = [name for name, leaf in params.items() if leaf.ndim in (2, 4)]
    importance = np.concatenate([np.abs(gradient[name] * params[name]).ravel() for name in kernels])
    limit = np.sort(importance)[::-1][int((1 - noise_rate) * len(importance)) - 1]
    for name in params:
        for place in np.ndindex(params[name].shape):
            slope = gradient[name][place]
            if name in kernels:
                slope *= (1 - noise_rate) * (abs(params[name][place] * slope) >= limit)
            velocity[name][place] = 0.9 * velocity[name][place] + slope + decay * params[name][place]
    for name in params:
        params[name] -= rate * velocity[name]


@OF_CLASSES
def test_the_loss_of_cdr(classes):
    check(cdr, {}, classes)


@pytest.mark.parametrize("noise_rate", [0.0, 0.2, 0.45, 0.8])
def test_two_steps_of_cdr(noise_rate):
    """The threshold is one for all kernels of two and four axes; biases learn as ever."""
    random = np.random.default_rng(0)
    shapes = {"bias": (7,), "deep": (3, 3, 2, 2), "kernel": (6, 5), "scale": (5,)}
    params = {name: double(random.normal(size=shape)) for name, shape in shapes.items()}
    ours, velocity = jax.tree.map(jnp.float32, params), jax.tree.map(np.zeros_like, params)
    chain = optax.chain(
        strategies.make("cdr", noise_rate=noise_rate).gradient_transform, Optimizer("sgd", 0.9, 1e-3)(0.01, 0)
    )
    update, state = jax.jit(chain.update), chain.init(ours)
    for _ in range(2):
        gradient = {name: double(random.normal(size=shape)) for name, shape in shapes.items()}
        change, state = update(jax.tree.map(jnp.float32, gradient), state, ours)
        ours = optax.apply_updates(ours, change)
        _published_cdr(params, gradient, velocity, noise_rate, 0.01, 1e-3)
        same(ours, params, rtol=1e-5, atol=1e-7)


def test_two_steps_of_cdr_in_a_training():
    _, state, step = steps_of("cdr", decay=1e-3, noise_rate=0.4)
    nested = of_network(state.params, 0)
    flat = {(layer, name): leaf for layer, leaves in nested.items() for name, leaf in leaves.items()}
    velocity = jax.tree.map(np.zeros_like, flat)
    for number, index in enumerate((np.arange(8), np.arange(4, 12))):
        nested = {layer: {name: flat[layer, name] for name in leaves} for layer, leaves in nested.items()}

        def loss(params, index=index):
            return cross_entropies(mlp(params, INPUTS[index]), LABELS[index]).mean()

        found = gradient_of(loss, nested)
        _published_cdr(flat, {key: found[key[0]][key[1]] for key in flat}, velocity, 0.4, RATE, 1e-3)
        state, _ = step(state, 0, number, index)
        after = of_network(state.params, 0)
        for (layer, name), leaf in flat.items():
            np.testing.assert_allclose(after[layer][name], leaf, rtol=1e-4, atol=1e-6)


def test_nth_largest_is_that_of_a_sort():
    values = np.abs(np.random.default_rng(0).normal(size=999)).astype(np.float32) ** 9
    values[:100] = 0
    ours = jax.jit(_nth_largest)
    for share in (0.0, 0.0009, 0.01, 0.2, 0.5, 1.0):
        assert ours(values, share) == np.sort(values)[::-1][max(int(share * 999), 1) - 1]


# Iterative learning with open-set noise


def iterative_open_set(params, first, second, like, weight):
    """Wang et al. 2018; YisenWang/ONL, train_model_openset.py: `contrastive_loss`, a cross entropy for each head."""
    total, layer, head = 0.0, params["Dense_0"], params["strategy"]
    for a, b, alike, w in zip(first, second, like, weight, strict=True):
        one, other = (np.maximum(layer["kernel"] @ INPUTS[i] + layer["bias"], 0) for i in (a, b))
        total += _contrast(one, other, alike)
        total += cross_entropies(mlp(params, INPUTS[[a]]), LABELS[[a]])[0]
        total += w * cross_entropies((other @ head["kernel"] + head["bias"])[None], LABELS[[b]])[0]
    return total / len(first)


def _contrast(one, other, alike):
    distance = np.sqrt(max(((one - other) ** 2).sum(), 1e-7))
    return distance**2 if alike else max(1 - distance, 0) ** 2


def test_contrast():
    ours = jax.jit(jax.value_and_grad(lambda *given: of_open_set.contrast(*given, 1.0).sum()))
    random, like = np.random.default_rng(0), np.arange(BATCH) % 2 == 0
    for size in (0.0, 0.3, *SIZES):
        near, far = double(random.normal(0, size, (2, BATCH, 3)))

        def contrasts(near, far=far):
            return sum(_contrast(one, other, alike) for one, other, alike in zip(near, far, like, strict=True))

        value, gradient = ours(jnp.float32(near), jnp.float32(far), jnp.asarray(like))
        np.testing.assert_allclose(value, contrasts(near), rtol=1e-5)
        same_slope(gradient, contrasts, near, atol=1e-4)


def _published_score(features, labels, neighbors):
    """`get_outlier_factor`: 1 / LOF among those of the same label."""
    score = np.zeros(len(labels))
    for label in np.unique(labels):
        finder = LocalOutlierFactor(n_neighbors=neighbors, metric="cosine").fit(features[labels == label])
        score[labels == label] = -1 / finder.negative_outlier_factor_
    return score


@pytest.mark.slow
def test_open_set_adds_up_the_scores_of_two_rounds():
    """The half of each class with the lowest sum is outlying; there its mean weighs, and all weights are a tenth.

    The code takes what is not above the median, which is one more in a class of an odd number.
    """
    strategy, state, step = steps_of("iterative_open_set", neighbors=5)
    random, labels = np.random.default_rng(0), LABELS
    memory, score = jax.device_get(state.memory), np.zeros(40)
    for number in (1, 2):
        features = random.normal(0, 0.4, (1, 40, 3)) + np.array([1.0, 0, 0])
        memory = strategy.memory.host.work(memory, features.astype(np.float32), labels)
        score += _published_score(np.float32(features[0]), labels, 5)
        np.testing.assert_allclose(memory["score"], score, rtol=1e-4)
        assert memory["rounds"] == number
        for label in range(CLASSES):
            mine = np.flatnonzero(labels == label)
            assert set(mine[memory["outlier"][mine]]) == set(mine[np.argsort(score[mine])[: len(mine) // 2]])
    weights = np.where(memory["outlier"], score / 2, 1.0) / 10
    start, pairs = of_network(state.params, 0), jax.jit(of_open_set._pairs, static_argnums=2)
    for remembered, weight in ((state.memory, np.ones(40)), (jax.tree.map(jnp.asarray, memory), weights)):
        first, second, like = map(np.asarray, pairs(remembered, jax.random.fold_in(jax.random.key(7), 2), 8))
        after, outcome = step(state._replace(memory=remembered), 5, 1, np.arange(8))

        def loss(params, first=first, second=second, like=like, weight=weight):
            return iterative_open_set(params, first, second, like, weight[second])

        np.testing.assert_allclose(outcome.objective, [loss(start)], rtol=1e-5)
        np.testing.assert_array_equal(outcome.example_index, first)
        np.testing.assert_allclose(outcome.logits[0], mlp(start, INPUTS[first]), rtol=1e-4, atol=1e-5)
        expected = jax.tree.map(lambda p, g: p - RATE * g, start, gradient_of(loss, start))
        same(of_network(after.params, 0), expected)


def test_open_set_scores_what_classes_of_few_examples_allow():
    """A class of one or two has no outliers. A run that has diverged has none either, and stops no other run."""
    features, labels = np.random.default_rng(0).normal(1, 0.4, (11, 3)), np.repeat(np.arange(4), [1, 2, 3, 5])
    expected = np.ones(11)
    for label, number in ((2, 3), (3, 5)):
        mine = labels == label
        expected[mine] = _published_score(features[mine], labels[mine], number - 1)
    np.testing.assert_allclose(of_open_set._inverse_lof(features, labels, 2000), expected, rtol=1e-5)
    features[4, 1] = np.nan
    np.testing.assert_array_equal(of_open_set._inverse_lof(features, labels, 2000), 1)


def test_open_set_scores_nothing_that_is_held_out():
    random, trains = np.random.default_rng(0), np.arange(40) % 5 > 0
    features, memory = random.normal(1, 0.4, (1, 40, 3)), {"trains": trains, "size": np.zeros(2 * CLASSES)}
    work = strategies.make("iterative_open_set", neighbors=3).memory.host.work
    after = work(memory | {"score": np.zeros(40), "rounds": 0}, features, LABELS)
    expected = np.zeros(40)
    expected[trains] = _published_score(features[0, trains], LABELS[trains], 3)
    np.testing.assert_allclose(after["score"], expected, rtol=1e-5)
    assert after["outlier"][trains].any() and not after["outlier"][~trains].any()


def test_open_set_rounds_the_number_of_outliers_down():
    score, labels = np.array([3.0, 1, 2, 1, 1, 0, 5]), np.array([0, 0, 0, 1, 1, 1, 2])
    np.testing.assert_array_equal(np.flatnonzero(of_open_set._lowest(score, labels, 0.5)), [1, 5])
    np.testing.assert_array_equal(np.flatnonzero(of_open_set._lowest(score, labels, 0.7)), [1, 2, 3, 5])


def test_open_set_draws_no_pair_from_a_class_without_examples():
    labels, trains = np.arange(60) % 2, np.arange(60) < 50  # the last classes have none
    memory = of_open_set._groups(*map(jnp.asarray, (labels, np.zeros(60, bool), trains)), CLASSES) | {"rounds": 0.0}
    first, second, alike = map(np.asarray, of_open_set._pairs(memory, jax.random.key(0), 300))
    assert max(first.max(), second.max()) < 50
    np.testing.assert_array_equal(alike, labels[first] == labels[second])
    assert 0.3 < alike.mean() < 0.7


def test_open_set_draws_the_published_pairs():
    """`create_test_pairs`, `create_train_pairs`: the first is never outlying, the second may be."""
    random = np.random.default_rng(0)
    labels, outlier = random.integers(0, CLASSES, 200), random.uniform(size=200) < 0.4
    trains = np.arange(200) % 10 > 0
    pairs = jax.jit(lambda memory: of_open_set._pairs(memory, jax.random.key(0), 3000))
    groups = jax.jit(of_open_set._groups, static_argnums=3)
    memory = groups(*map(jnp.asarray, (labels, outlier, trains)), CLASSES) | {"rounds": 1.0}
    first, second, alike = map(np.asarray, pairs(memory))
    assert not outlier[first].any()
    same_label = labels[first] == labels[second]
    np.testing.assert_array_equal(alike, same_label & ~outlier[second])
    assert not outlier[second[~same_label]].any()
    shares = [alike.mean(), (same_label & outlier[second]).mean(), (~same_label).mean()]
    np.testing.assert_allclose(shares, 1 / 3, atol=0.03)
    assert set(first) == set(np.flatnonzero(~outlier & trains))
    assert set(second) <= set(np.flatnonzero(trains))

    # Without outliers there are two kinds in the first round, and later like ones instead of outlying ones.
    for rounds in (0.0, 1.0):
        nobody = groups(jnp.asarray(labels), jnp.zeros(200, bool), jnp.asarray(trains), CLASSES) | {"rounds": rounds}
        first, second, alike = map(np.asarray, pairs(nobody))
        np.testing.assert_array_equal(alike, labels[first] == labels[second])
        np.testing.assert_allclose(alike.mean(), 1 / 2 if rounds == 0 else 2 / 3, atol=0.03)


@pytest.mark.slow
def test_each_round_has_an_optimizer_of_its_own():
    """The published code compiles a new Adam before each round."""
    _, state, step = steps_of("iterative_open_set", neighbors=5)
    index = np.arange(8)
    state, _ = step(state, 0, 1, index)
    assert any(np.any(leaf) for leaf in jax.tree.leaves(state.opt_state))
    fresh = state._replace(opt_state=jax.tree.map(jnp.zeros_like, state.opt_state))

    def apart(epoch, batch):
        both = (step(one, epoch, batch, index)[0] for one in (state, fresh))
        return any(np.any(one != other) for one, other in zip(*map(jax.tree.leaves, both), strict=True))

    assert [apart(epoch, 0) for epoch in (4, 5, 6, 15)] == [True, False, True, False]
    assert apart(5, 1)
