"""CDR (Xia et al. 2021, "Robust early-learning"): only the critical parameters learn from the gradient.

A weight of a matrix or kernel is critical if its |gradient x weight| is among the largest share 1 - `noise_rate` of all
these weights. The gradient of a critical weight is multiplied by 1 - `noise_rate`, the gradient of any other weight is
set to 0. Biases and parameters of norm layers train as usual.
Published with SGD and weight decay 1e-3, which also shrinks the other weights (`reference`). Under Adam the factor has
almost no effect, and a weight whose gradient is 0 still moves by its momentum.
Departure: in the paper the share of the other weights rises over the first epochs. The published code overwrites this
ramp, so there is no ramp here.
"""

import jax
import jax.numpy as jnp
import optax
from jax import Array, lax

from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.core.train_state import Tree
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean
from jnl.support.errors import within


def cdr(noise_rate: float = 0.2) -> Strategy:
    """Train the critical parameters. `configs/cdr.py` sets `noise_rate` to the noise rate of the data."""
    within("strategy.noise_rate", noise_rate, 0, 1, "give the share of wrong labels")

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        loss = cross_entropy(logits, labels)
        return masked_mean(loss)

    def critical(gradient: Tree, params: Tree) -> Tree:
        importance = jax.tree.map(lambda g, w: jnp.abs(g * w), gradient, params)
        weights = [leaf.reshape(-1) for leaf in jax.tree.leaves(importance) if leaf.ndim > 1]
        limit = _nth_largest(jnp.concatenate(weights), 1 - noise_rate)

        def learn(gradient: Array, importance: Array) -> Array:
            return jnp.where(importance >= limit, gradient * (1 - noise_rate), 0.0) if gradient.ndim > 1 else gradient

        return jax.tree.map(learn, gradient, importance)

    return Strategy(1, select, gradient_transform=optax.stateless(critical))


def _nth_largest(values: Array, share: float | Array) -> Array:
    """Return the k-th largest value, k = max(int(share * n), 1): values f32[n] >= 0, share f32[] -> f32[].

    The result is exact and needs no sort. Floats that are not negative have the same order as their bit patterns, so
    this finds the bits of the result one by one. share * n is computed in float32; the published code uses float64.
    """
    bits, wanted = lax.bitcast_convert_type(values, jnp.int32), jnp.maximum(jnp.floor(share * values.size), 1)

    def one(step: Array, found: Array) -> Array:
        higher = found | (jnp.int32(1) << (30 - step))
        return jnp.where((bits >= higher).sum() >= wanted, higher, found)

    return lax.bitcast_convert_type(lax.fori_loop(0, 31, one, jnp.int32(0)), jnp.float32)
