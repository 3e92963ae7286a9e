"""What a training loop of people's own needs beside the loops of `docs/extending.md`, which run as tests too."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jnl
from jnl.core.memory import MemoryInit


@pytest.mark.parametrize("name", ["small_loss", "coteaching", "jocor"])
def test_a_shorter_last_batch_keeps_the_same_share(name):
    method, context = jnl.strategies.make(name), jnl.strategies.context(64, forget_rate=0.4)
    logits, labels = jax.random.normal(jax.random.key(0), (method.num_nets, 30, 10)), jnp.arange(30) % 10
    assert method.select(logits, labels, context).mask.sum(-1).tolist() == [18] * (2 if name == "coteaching" else 1)


def test_a_method_with_a_memory_gets_it_back():
    elr, batch = jnl.strategies.make("elr"), 64
    labels = jnp.arange(1000) % 10
    memory = elr.memory.init(MemoryInit(jax.random.key(0), labels, jnp.ones(len(labels), bool), jnp.eye(10), None))
    logits = jax.random.normal(jax.random.key(1), (1, batch, 10))
    index = jax.random.permutation(jax.random.key(2), len(labels))[:batch]
    context = jnl.strategies.context(batch, example_index=index, memory=memory)
    after = elr.select(logits, labels[index], context).memory
    rows = np.zeros(len(labels), bool)
    rows[np.asarray(index)] = True
    changed = (np.asarray(memory["target"]) != np.asarray(after["target"])).any(-1)
    np.testing.assert_array_equal(changed, rows)


def test_a_method_with_only_a_step_of_its_own_says_so():
    with pytest.raises(jnl.UserError, match="this method has no `select`; give it one, or a `custom_step`"):
        jnl.strategies.make("mixup").select(jnp.zeros((1, 2, 3)), jnp.zeros(2, int), jnl.strategies.context(2))


def test_a_context_without_examples_is_refused():
    with pytest.raises(jnl.UserError, match="batch_size: 0; give a whole number of at least 1"):
        jnl.strategies.context(0)
