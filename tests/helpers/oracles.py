"""What the tests of the methods against their papers and published codes share.

An oracle is NumPy float64, written as the paper or the published code has it and not as jnl computes it. It has the
name of its method and gives the objective of each network: logits f64[K, B, C], labels i[B], `Seen`, hyperparameters ->
list. Where a method stops the gradient, its oracle reads `seen.z` instead of the logits. Gradients are central
differences.
"""

from functools import cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jnl import models, strategies
from jnl.core import train_state
from jnl.core.memory import MemoryInit
from jnl.core.strategy import StepContext
from jnl.ops.augment import Augment
from jnl.ops.losses import objective
from jnl.training.optimizers import Optimizer
from jnl.training.step import update

SIZES = (1, 4, 50)  # of the logits: of a new network, of a sure one, and where float32 has only 0 and 1 left
BATCH, EXAMPLES, FEATURES = 8, 24, 3
INDEX = np.random.default_rng(9).permutation(EXAMPLES)[:BATCH]
OF_CLASSES = pytest.mark.parametrize("classes", [10, pytest.param(100, marks=pytest.mark.slow)])


class Seen(NamedTuple):
    """All that a method may know besides logits and labels."""

    z: np.ndarray  # the logits where the method stops the gradient
    epoch: int = 5
    batch: int = 0
    forget: float = 0.3
    example_index: np.ndarray = INDEX  # of the batch in the data set
    memory: dict = {}
    strategy_params: dict = {}
    features: np.ndarray | None = None
    weights: np.ndarray = np.ones(BATCH)


def softmax(z):
    p = np.exp(z - z.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


def cross_entropies(z, y):
    """f64[B, C], i[B] -> f64[B]."""
    return -np.log(softmax(z)[np.arange(len(y)), y])


def double(values):
    """In float64, but rounded to float32 first, so that both sides see the same."""
    return np.float64(np.float32(values))


def draw(size, classes, number=1, seed=3):
    """Logits f64[number, B, C] and labels i[B], of which the first two are what the first network says."""
    random = np.random.default_rng(seed)
    z = double(random.normal(0, size, (number, BATCH, classes)))
    y = random.integers(0, classes, BATCH)
    y[:2] = z[0, :2].argmax(-1)
    return z, y


def single(tree):
    """Floats in float32, whole numbers and truth values as they are."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32 if np.asarray(leaf).dtype == float else None), tree)


def context(seen):
    """The same as jnl has it, in float32; a training lasts 100 epochs of 10 steps."""
    keep = jnp.array([int((1 - seen.forget) * number) for number in range(BATCH + 1)])
    return StepContext(
        epoch=jnp.int32(seen.epoch),
        batch=jnp.int32(seen.batch),
        steps=jnp.int32(10),
        keep_counts=keep,
        example_index=jnp.asarray(seen.example_index),
        inputs=jnp.zeros((BATCH, 1)),
        weights=jnp.float32(seen.weights),
        progress=jnp.float32(seen.epoch / 100 + seen.batch / 1000),
        key=jax.random.key(0),
        memory=single(seen.memory),
        strategy_params=single(seen.strategy_params),
        features=None if seen.features is None else jnp.float32(seen.features),
    )


@cache
def _compiled(name, **hyper):
    strategy = strategies.make(name, **hyper)

    def total(z, y, context):
        selection = strategy.select(z, y, context)
        rows = objective(selection)
        return rows.sum(), (rows, selection.memory)

    return jax.jit(jax.grad(total, has_aux=True))


def ours(name, hyper, z, y, seen):
    """What jnl has: the objective f[G], its gradient by the logits, and what is remembered."""
    gradient, (rows, memory) = _compiled(name, **hyper)(jnp.float32(z), jnp.asarray(y, jnp.int32), context(seen))
    return np.asarray(rows), np.asarray(gradient), memory


def slope(function, where, step=1e-5, places=None):
    """Central differences of a function of an array, at all places; at a list of them, in its order."""
    numeric = []
    for place in np.ndindex(where.shape) if places is None else places:
        up, down = where.copy(), where.copy()
        up[place] += step
        down[place] -= step
        numeric.append((function(up) - function(down)) / (2 * step))
    return np.reshape(numeric, where.shape) if places is None else np.array(numeric)


def same_slope(gradient, function, where, rtol=1e-4, atol=1e-6, err_msg="", surely=()):
    """Asserts that a gradient is the function's own: at all places or, of more than 200, at some and in `surely`."""
    places = list(np.ndindex(where.shape))
    if len(places) > 200:
        some = np.random.default_rng(0).permutation(len(places))[:48]
        places = list(dict.fromkeys([*surely, *(places[number] for number in some)]))
    gradient = np.asarray(gradient)
    found = [gradient[place] for place in places]
    np.testing.assert_allclose(found, slope(function, where, places=places), rtol=rtol, atol=atol, err_msg=err_msg)


def check(oracle, hyper, classes, seen_of=Seen):
    """Value and gradient at logits of all sizes; `seen_of` makes what else is seen from the logits."""
    number = strategies.make(oracle.__name__, **hyper).num_nets
    for size in SIZES:
        z, y = draw(size, classes, number)
        agree(oracle, hyper, z, y, seen_of(z), f"logits of size {size}")


def agree(oracle, hyper, z, y, seen, message=""):
    """Asserts that the objective and its gradient are the oracle's."""
    rows, gradient, _ = ours(oracle.__name__, hyper, z, y, seen)
    np.testing.assert_allclose(rows, oracle(z, y, seen, **hyper), rtol=1e-5, atol=1e-6, err_msg=message)
    of_labels = [(network, row, y[row]) for network in range(len(z)) for row in range(len(y))]
    same_slope(gradient, lambda z: sum(oracle(z, y, seen, **hyper)), z, err_msg=message, surely=of_labels)


# Whole steps, on a network that is small enough for central differences.
CLASSES, WIDTH, RATE = 4, 6, 0.1
_random = np.random.default_rng(0)
INPUTS = double(_random.normal(0, 1, (40, 5)))
LABELS = _random.integers(0, CLASSES, 40)


class Steps(NamedTuple):
    strategy: object
    state: train_state.TrainState
    step: object  # (state, epoch, batch, index) -> the state after it, the output


@cache
def steps_of(name, momentum=0.9, decay=0.0, augment=Augment(), network=None, **hyper):  # noqa: B008
    """A method with all that a training of jnl has around it: SGD, 40 examples, an MLP of `WIDTH` hidden units."""
    strategy = strategies.make(name, **hyper)
    model = models.wrap(network or models.make("mlp", CLASSES, width=WIDTH))
    optimizer = optax.chain(strategy.gradient_transform, Optimizer("sgd", momentum, decay)(RATE, 0.9))
    inputs, labels = jnp.float32(INPUTS), jnp.asarray(LABELS, jnp.int32)
    start = partial(train_state.init, model, strategy.num_nets, optimizer)
    state = jax.jit(lambda key: start(key, inputs[:1], len(inputs), strategy.init_params))(jax.random.key(1))
    training = train_state.TrainContext(model, optimizer, augment, inputs, labels)
    default_step = partial(update, strategy, training)
    change = partial(strategy.custom_step, default_step, training) if strategy.custom_step else default_step

    @jax.jit
    def step(state, epoch, batch, index):
        seen = StepContext(
            epoch, batch, jnp.int32(10), jnp.arange(BATCH + 1), index, inputs[index],
            jnp.ones(BATCH), jnp.float32(0.5), jax.random.key(7), state.memory,
        )  # fmt: skip
        return change(state, seen)

    if strategy.memory:
        given = MemoryInit(jax.random.key(3), labels, jnp.ones(40, bool), jnp.eye(CLASSES), state)
        state = state._replace(memory=jax.jit(strategy.memory.init)(given))
    return Steps(strategy, state, lambda s, epoch, batch, index: step(s, *map(jnp.int32, (epoch, batch)), index))


def of_network(tree, number):
    """One network's part of a tree, in float64."""
    return jax.tree.map(lambda leaf: np.float64(leaf[number]), tree)


def mlp(params, inputs):
    """The network of `steps_of`: f64[B, D] -> logits f64[B, C]."""
    hidden = np.maximum(inputs @ params["Dense_0"]["kernel"].T + params["Dense_0"]["bias"], 0)
    return hidden @ params["Dense_1"]["kernel"].T + params["Dense_1"]["bias"]


def gradient_of(function, params):
    """Of a function of the parameters of an MLP, by central differences."""
    found = {}
    for layer, leaves in params.items():
        found[layer] = {}
        for name, leaf in leaves.items():

            def moved(value, layer=layer, name=name):
                return function(params | {layer: params[layer] | {name: value}})

            found[layer][name] = slope(moved, leaf)
    return found


def same(found, expected, rtol=1e-4, atol=1e-6):
    """Asserts that two trees are the same."""
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for one, other in zip(*map(jax.tree.leaves, (found, expected)), strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=atol)
