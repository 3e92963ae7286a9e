"""The two stages of forward and backward correction: estimate the noise matrix, then train new networks with it."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array, lax

from jnl.core.memory import Arrays, Memory, MemoryInit, PredictAllFn
from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.selection import masked_mean
from jnl.strategies._noise_matrix import estimate
from jnl.support.errors import UserError, within

Loss = Callable[[Array, Array, Array], Array]  # logits f32[1, B, C], labels i32[B], matrix f32[C, C] -> f32[1, B]
Prepare = Callable[[Array], Array]  # noise f32[C, C] -> the matrix that the loss needs, f32[C, C]


def correction(
    loss: Loss, prepare: Prepare, epochs: int, held_out: float, percentile: int, known_noise: bool
) -> Strategy:
    """Return the strategy that trains `epochs` epochs to estimate the matrix, then new networks with this matrix.

    The epoch with the lowest loss on the held-out share gives the matrix. If `data.validation` holds examples out, they
    are this share, and neither stage trains on them. `known_noise` uses the true matrix, with the second stage only.
    """
    if known_noise:
        epochs = 0
    elif epochs < 1:
        raise UserError(f"strategy.estimation_epochs: {epochs}; give at least 1, or set strategy.known_noise")
    within("strategy.held_out", held_out, 1e-3, 0.999, "published: 0.1")
    within("strategy.percentile", percentile, 1, 100, "published: 97, or 100 for CIFAR-100")

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        first = context.epoch < epochs
        losses = jnp.where(first, plain(logits, labels), corrected(logits, labels, context.memory))
        mask = ~(first & context.memory["held_out"][context.example_index])
        return masked_mean(losses, mask[None])

    def plain(logits: Array, labels: Array) -> Array:
        """Return cross entropy, clipped like the corrected loss: f32[1, B, C], i32[B] -> f32[1, B]."""
        return loss(logits, labels, jnp.eye(logits.shape[-1]))  # `prepare` does not change it

    def corrected(logits: Array, labels: Array, memory: Arrays) -> Array:
        return loss(logits, labels, memory["matrix"])

    def init(given: MemoryInit) -> Arrays:
        own = jax.random.permutation(given.key, len(given.labels)) < held_out * len(given.labels)
        held = jnp.where(given.trains.all(), own, ~given.trains)
        noise = given.transition if known_noise else jnp.eye(len(given.transition))
        return {"held_out": held, "transition": noise, "matrix": prepare(noise), "lowest": jnp.float32(jnp.inf)}

    def refresh(memory: Arrays, predict_all: PredictAllFn, labels: Array, epoch: Array) -> Arrays:
        def look() -> Arrays:
            logits, _ = predict_all()
            now = jnp.where(memory["held_out"], plain(logits, labels)[0], 0.0).sum()
            noise = estimate(jax.nn.softmax(logits[0]), percentile)
            found = {"lowest": now, "transition": noise, "matrix": prepare(noise)}
            better = (now < memory["lowest"]) | ~jnp.isfinite(memory["lowest"])
            return memory | {name: jnp.where(better, value, memory[name]) for name, value in found.items()}

        return lax.cond((epoch > 0) & (epoch <= epochs), look, lambda: memory)

    matrix = None if known_noise else lambda memory, learned: memory["transition"]
    return Strategy(
        1,
        select,
        memory=Memory(init, refresh, noise=matrix),
        reset_epoch=epochs,
        validation_loss=corrected,
        needs_truth=known_noise,
    )
