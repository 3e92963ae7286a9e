"""The contract that every strategy keeps; a new file in strategies/ is tested by being there."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jnl import schedules, strategies
from jnl.errors import UserError
from jnl.losses import objective
from jnl.types import Context

BATCH, CLASSES = 16, 5
# Every value of every hyper: numbers at both ends and inside, booleans both ways.
VALUES = {"co_lambda": [0.0, 0.5, 1.0], "warmup_epochs": [0, 3], "reference": [False, True]}
CASES = [
    pytest.param(name, {hyper: value}, id=f"{name}-{hyper}={value}")
    for name in strategies.names()
    for hyper in strategies.hypers(name)
    for value in VALUES[hyper]
] + [pytest.param(name, {}, id=name) for name in strategies.names()]
everywhere = pytest.mark.parametrize(("name", "hyper"), CASES)


def context(epoch=5, forget=0.3):
    keep = schedules.keep_counts(np.array([forget]), BATCH)[0]
    return Context(jnp.int32(epoch), jnp.int32(2), jnp.asarray(keep), jnp.arange(BATCH))


@pytest.fixture
def batch():
    random = np.random.default_rng(0)
    logits = jnp.asarray(random.normal(0, 2, (2, BATCH, CLASSES)), jnp.float32)
    return logits, jnp.asarray(random.integers(0, CLASSES, BATCH), jnp.int32)


def nets(strategy, logits):
    return logits[: strategy.num_nets]


@everywhere
def test_shapes_and_types(name, hyper, batch):
    strategy = strategies.make(name, **hyper)
    logits, labels = nets(strategy, batch[0]), batch[1]
    selection = strategy.select(logits, labels, context())
    rows = selection.loss.shape[0]
    assert rows in (1, strategy.num_nets)
    assert selection.loss.shape == selection.mask.shape == (rows, BATCH)
    assert selection.count.shape == (rows,)
    assert (selection.loss.dtype, selection.mask.dtype, selection.count.dtype) == (jnp.float32, bool, jnp.float32)
    assert objective(selection).shape == (rows,)
    assert np.isfinite(objective(selection)).all()


@everywhere
def test_permuting_the_batch_permutes_loss_and_mask(name, hyper, batch):
    strategy = strategies.make(name, **hyper)
    logits, labels = nets(strategy, batch[0]), batch[1]
    order = np.random.default_rng(1).permutation(BATCH)
    straight = strategy.select(logits, labels, context())
    permuted = strategy.select(logits[:, order], labels[order], context())
    np.testing.assert_array_equal(permuted.mask, straight.mask[:, order])
    np.testing.assert_allclose(permuted.loss, straight.loss[:, order], rtol=1e-6)
    np.testing.assert_array_equal(permuted.count, straight.count)


@everywhere
def test_swapping_the_networks_swaps_the_rows(name, hyper, batch):
    strategy = strategies.make(name, **hyper)
    logits, labels = nets(strategy, batch[0]), batch[1]
    straight = strategy.select(logits, labels, context())
    swapped = strategy.select(logits[::-1], labels, context())
    np.testing.assert_array_equal(swapped.mask, straight.mask[::-1])
    np.testing.assert_allclose(swapped.loss, straight.loss[::-1], rtol=1e-6)


@everywhere
def test_gradient_only_where_selected(name, hyper, batch):
    strategy = strategies.make(name, **hyper)
    logits, labels = nets(strategy, batch[0]), batch[1]
    selection = strategy.select(logits, labels, context())
    gradient = jax.grad(lambda z: objective(strategy.select(z, labels, context())).sum())(logits)
    mask = jnp.broadcast_to(selection.mask, (strategy.num_nets, BATCH))
    moved = np.abs(gradient).max(-1) > 0
    assert not moved[~np.asarray(mask)].any()
    # co_lambda = 1 leaves only agreement, whose gradient could vanish by chance; nothing else here may.
    assert moved[np.asarray(mask)].all()


@everywhere
def test_jit_and_vmap_equal_eager(name, hyper, batch):
    strategy = strategies.make(name, **hyper)
    logits, labels = nets(strategy, batch[0]), batch[1]
    eager = strategy.select(logits, labels, context())
    jitted = jax.jit(strategy.select)(logits, labels, context())
    several = jax.vmap(strategy.select, (0, None, None))(jnp.stack([logits, logits[:, ::-1]]), labels, context())
    for other in (jitted, jax.tree.map(lambda leaf: leaf[0], several)):
        np.testing.assert_array_equal(other.mask, eager.mask)
        np.testing.assert_allclose(other.loss, eager.loss, rtol=1e-5)
        np.testing.assert_array_equal(other.count, eager.count)


@everywhere
def test_number_hypers_may_be_traced(name, hyper, batch):
    numbers = {key: value for key, value in hyper.items() if isinstance(value, float)}
    static = {key: value for key, value in hyper.items() if key not in numbers}
    strategy = strategies.make(name, **hyper)
    logits, labels = nets(strategy, batch[0]), batch[1]

    def loss(numbers):
        return strategies.make(name, **static, **numbers).select(logits, labels, context()).loss

    expected = strategy.select(logits, labels, context()).loss
    np.testing.assert_allclose(jax.jit(loss)(jax.tree.map(jnp.float32, numbers)), expected, rtol=1e-5)


@everywhere
def test_the_forget_rate_matters_where_the_strategy_says_so(name, hyper, batch):
    strategy = strategies.make(name, **hyper)
    logits, labels = nets(strategy, batch[0]), batch[1]
    few = strategy.select(logits, labels, context(forget=0.75)).mask.sum()
    many = strategy.select(logits, labels, context(forget=0.0)).mask.sum()
    assert (few < many) if strategy.forgets else (few == many)


@pytest.mark.parametrize("name", strategies.names())
def test_nothing_kept_means_nothing_trained_and_nothing_nan(name, batch):
    strategy = strategies.make(name)
    logits, labels = nets(strategy, batch[0]), batch[1]
    value, gradient = jax.value_and_grad(lambda z: objective(strategy.select(z, labels, context(forget=1.0))).sum())(
        logits
    )
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    if strategy.forgets:
        assert not gradient.any()


@pytest.mark.parametrize("name", strategies.names())
def test_documented_and_small(name):
    module = inspect.getmodule(strategies.registry.find(strategies, name, "strategy.name").__dict__[name])
    assert module.__doc__
    assert len(inspect.getsource(module).splitlines()) <= 60
    assert strategies.make(name).num_nets in (1, 2)


def test_wrong_names_list_the_right_ones():
    with pytest.raises(UserError, match="did you mean 'jocor'"):
        strategies.make("jocorr")
    with pytest.raises(UserError, match="strategy.co_lamda.*did you mean 'co_lambda'"):
        strategies.make("jocor", co_lamda=0.5)
    with pytest.raises(UserError, match="co_lambda: 1.5"):
        strategies.make("jocor", co_lambda=1.5)
    with pytest.raises(UserError, match="warmup_epochs: -1"):
        strategies.make("coteaching_plus", warmup_epochs=-1)
