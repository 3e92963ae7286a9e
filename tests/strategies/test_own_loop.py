"""What a training loop of people's own needs beside the loops of `docs/extending.md`, which run as tests too."""

import jax
import jax.numpy as jnp
import numpy as np

import jnl
from jnl.core.memory import MemoryInit


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
