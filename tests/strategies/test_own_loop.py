"""Losses and selection of jnl in training loops of people's own: plain optax, and nnx."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import linen as nn
from flax import nnx

import jnl

BATCH, EPOCHS, RATE = 64, 12, 0.4


@pytest.fixture(scope="module")
def noisy():
    """Digits with 40 % wrong labels: inputs, labels, test inputs, test labels."""
    digits = jnl.data.load("digits")
    labels = jnl.noise.corrupt(digits.train.labels, jnl.noise.transition("symmetric", 10, RATE), seed=0)
    scale = lambda images: jnp.asarray(images, jnp.float32).reshape(len(images), -1) / 255  # noqa: E731
    return scale(digits.train.inputs), jnp.asarray(labels), scale(digits.test.inputs), digits.test.labels


def batches(number):
    """(epoch, rows of the batch) of a whole training."""
    random = np.random.default_rng(0)
    for epoch in range(EPOCHS):
        order = random.permutation(number)
        yield from ((epoch, order[start : start + BATCH]) for start in range(0, number - BATCH + 1, BATCH))


def test_co_teaching_in_a_plain_optax_loop(noisy):
    inputs, labels, test_inputs, test_labels = noisy
    network, coteaching = nn.Sequential([nn.Dense(128), nn.relu, nn.Dense(10)]), jnl.strategies.make("coteaching")
    params = jax.vmap(lambda key: network.init(key, inputs[:1]))(jax.random.split(jax.random.key(0), 2))  # two networks
    optimizer = optax.adam(3e-3)
    state, forget = optimizer.init(params), jnl.schedules.forget_rate(RATE, EPOCHS, ramp_epochs=4)

    @jax.jit
    def step(params, state, x, y, context):
        def loss(params):
            selection = coteaching.select(jax.vmap(network.apply, (0, None))(params, x), y, context)
            return jnl.losses.objective(selection).sum(), selection.mask

        (_, mask), gradient = jax.value_and_grad(loss, has_aux=True)(params)
        updates, state = optimizer.update(gradient, state)
        return optax.apply_updates(params, updates), state, mask

    for epoch, rows in batches(len(inputs)):
        context = jnl.strategies.context(BATCH, forget_rate=forget[epoch], epoch=epoch)
        params, state, mask = step(params, state, inputs[rows], labels[rows], context)
    assert mask.sum(1).tolist() == [int((1 - RATE) * BATCH)] * 2
    predicted = jax.vmap(network.apply, (0, None))(params, test_inputs).argmax(-1)
    assert (np.asarray(predicted) == test_labels).mean() > 0.85


@pytest.mark.slow
def test_small_loss_in_an_nnx_loop(noisy):
    inputs, labels, test_inputs, test_labels = noisy
    network, small_loss = (
        nnx.Sequential(nnx.Linear(64, 128, rngs=nnx.Rngs(0)), nnx.relu, nnx.Linear(128, 10, rngs=nnx.Rngs(1))),
        jnl.strategies.make("small_loss"),
    )
    optimizer = nnx.Optimizer(network, optax.adam(3e-3), wrt=nnx.Param)
    forget = jnl.schedules.forget_rate(RATE, EPOCHS, ramp_epochs=4)

    @nnx.jit
    def step(network, optimizer, x, y, context):
        def loss(network):
            return jnl.losses.objective(small_loss.select(network(x)[None], y, context)).sum()  # K = 1 network

        optimizer.update(network, nnx.grad(loss)(network))

    for epoch, rows in batches(len(inputs)):
        context = jnl.strategies.context(BATCH, forget_rate=forget[epoch], epoch=epoch)
        step(network, optimizer, inputs[rows], labels[rows], context)
    assert (np.asarray(network(test_inputs).argmax(-1)) == test_labels).mean() > 0.8


def test_a_method_with_a_memory_gets_it_back(noisy):
    _, labels, _, _ = noisy
    elr = jnl.strategies.make("elr")
    from jnl.core.memory import MemoryInit

    memory = elr.memory.init(MemoryInit(jax.random.key(0), labels, jnp.ones(len(labels), bool), jnp.eye(10), None))
    logits = jax.random.normal(jax.random.key(1), (1, BATCH, 10))
    context = jnl.strategies.context(BATCH, example_index=jnp.arange(BATCH), memory=memory)
    after = elr.select(logits, labels[:BATCH], context).memory
    assert any(not np.array_equal(memory[name], after[name]) for name in memory)
