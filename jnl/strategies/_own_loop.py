"""What a method needs in a training loop that is not jnl's."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jnl.core.memory import Arrays
from jnl.core.strategy import StepContext
from jnl.ops.schedules import keep_counts


def context(
    batch_size: int,
    *,
    forget_rate: float = 0.0,
    epoch: int | Array = 0,
    batch: int | Array = 0,
    steps: int = 1,
    progress: float | Array = 0.0,
    key: Array | None = None,
    example_index: Array | None = None,
    weights: Array | None = None,
    memory: Arrays | None = None,
    features: Array | None = None,
) -> StepContext:
    """Return the context of a step, for methods in a training loop of your own.

    Most methods read `forget_rate` only. Make the context outside of `jax.jit` and give it to the compiled step.

    Args:
      batch_size: B, which no batch exceeds; the last batch of an epoch may be shorter.
      forget_rate: share of the batch that does not train in this epoch, such as an entry of
        `jnl.schedules.forget_rate(rate, epochs)`.
      epoch: number of the epoch.
      batch: position of the batch in its epoch.
      steps: number of batches in an epoch.
      progress: fraction of the training that is done.
      key: random key of the step; None means one of seed 0.
      example_index: i32[B] rows of the examples in the data set; None means the first B rows.
      weights: f32[B] weight of each example; None means 1.
      memory: arrays that the method keeps between batches, from `strategy.memory.init` or the last `Selection.memory`.
      features: f32[K, B, D] inputs of the last layer.

    Returns:
      The context, without stored inputs and without trained parameters of the strategy.

    Example:
      >>> import jax.numpy as jnp
      >>> import jnl
      >>> coteaching = jnl.strategies.make("coteaching")
      >>> logits, labels = jnp.zeros((2, 4, 10)), jnp.arange(4)  # of two networks
      >>> selection = coteaching.select(logits, labels, jnl.strategies.context(4, forget_rate=0.5))
      >>> selection.mask.sum(1).tolist()  # of 4 examples each network trains on 2
      [2, 2]
      >>> jnl.losses.objective(selection).shape  # the loss of each network, to differentiate
      (2,)
    """
    return StepContext(
        epoch=jnp.asarray(epoch, jnp.int32),
        batch=jnp.asarray(batch, jnp.int32),
        steps=steps,
        keep_counts=jnp.asarray(keep_counts(np.array([forget_rate]), batch_size)[0]),
        example_index=jnp.arange(batch_size) if example_index is None else example_index,
        inputs=jnp.zeros((batch_size, 0)),
        weights=jnp.ones(batch_size) if weights is None else weights,
        progress=jnp.asarray(progress, jnp.float32),
        key=jax.random.key(0) if key is None else key,
        memory={} if memory is None else memory,
        features=features,
    )
