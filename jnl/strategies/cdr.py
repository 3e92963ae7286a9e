"""CDR (Xia et al. 2021, "Robust early-learning"): only the critical parameters learn.

A weight is critical if |gradient x weight| is among the largest share 1 - `noise_rate` of all weights of matrices and
kernels; the gradients of those are multiplied by 1 - `noise_rate`, the others' are 0. Biases and norms learn as ever.
The paper lets the share of the others rise over the first epochs; its code overwrites that ramp, and so it is here.
Published with SGD of weight decay 1e-3, which also shrinks the others (`reference`); under Adam the factor does nearly
nothing, and what is zeroed still moves by its momentum.
"""

import jax
import jax.numpy as jnp
import optax
from jax import Array, lax

from jnl.core.errors import within
from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.core.train_state import Tree
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean


def cdr(noise_rate: float = 0.2) -> Strategy:
    """`noise_rate` is that of the data unless set."""
    within("strategy.noise_rate", noise_rate, 0, 1, "give the share of wrong labels")

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        loss = cross_entropy(logits, labels)
        return masked_mean(loss, jnp.ones(loss.shape, bool))

    def critical(gradient: Tree, params: Tree) -> Tree:
        importance = jax.tree.map(lambda g, w: jnp.abs(g * w), gradient, params)
        weights = [leaf.reshape(-1) for leaf in jax.tree.leaves(importance) if leaf.ndim > 1]
        limit = _nth_largest(jnp.concatenate(weights), 1 - noise_rate)

        def learn(gradient: Array, importance: Array) -> Array:
            return jnp.where(importance >= limit, gradient * (1 - noise_rate), 0.0) if gradient.ndim > 1 else gradient

        return jax.tree.map(learn, gradient, importance)

    return Strategy(1, select, gradient_transform=optax.stateless(critical))


def _nth_largest(values: Array, share: float | Array) -> Array:
    """The smallest of the int(share * n) largest of f32[n] >= 0, at least one: -> f32[].

    Exactly and without a sort: the bits of floats that are not negative are ordered as the floats are, so its bits are
    found one by one. The product is taken in float32, where the published code has float64.
    """
    bits, wanted = lax.bitcast_convert_type(values, jnp.int32), jnp.maximum(jnp.floor(share * values.size), 1)

    def one(step: Array, found: Array) -> Array:
        higher = found | (jnp.int32(1) << (30 - step))
        return jnp.where((bits >= higher).sum() >= wanted, higher, found)

    return lax.bitcast_convert_type(lax.fori_loop(0, 31, one, jnp.int32(0)), jnp.float32)
