"""The noise layer of the S-model (Goldberger & Ben-Reuven 2017).

It is a softmax that models P(noisy label | true class). `s_model` documents the arguments `kind`, `pretrain_epochs` and
`prior`.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array, lax

from jnl.core.memory import Arrays, Memory, MemoryInit, PredictAllFn
from jnl.core.strategy import StepContext
from jnl.ops.losses import cross_entropy
from jnl.strategies._noise_matrix import confusion, through
from jnl.support.errors import unknown, whole_number, within

KINDS = ["complex", "simple"]


def check(kind: str, pretrain_epochs: int, prior: float) -> None:
    """Raise `UserError` if the kind is unknown or a number is out of range."""
    within("strategy.prior", prior, 1e-6, 1 - 1e-6, "published: 0.46")
    if kind not in KINDS:
        raise unknown("strategy.kind", kind, KINDS)
    whole_number("strategy.pretrain_epochs", pretrain_epochs, 0)


def init_params(kind: str) -> Callable[[int, int], Arrays]:
    """Return the function that makes the trained parameters, which start from 0.

    They are the change of b, f32[C, C], and for the complex model also u, f32[D, C, C].
    """

    def parameters(classes: int, features: int) -> Arrays:
        simple = {"b": jnp.zeros((classes, classes))}
        return simple if kind == "simple" else simple | {"u": jnp.zeros((features, classes, classes))}

    return parameters


def loss(kind: str, pretrain_epochs: int, logits: Array, labels: Array, context: StepContext) -> Array:
    """Return -log sum_i p_i theta_i,label, or cross entropy in the pre-training: f32[K, B, C], i32[B] -> f32[K, B]."""

    def one(logits: Array, features: Array, start: Array, own: Arrays) -> Array:
        scores = start + own["b"]
        if kind == "complex":
            scores = scores[None] + jnp.einsum("bd,dij->bij", features, own["u"])
        return through(logits, jax.nn.log_softmax(scores), labels)

    assert context.features is not None and context.strategy_params is not None
    noisy = jax.vmap(one)(logits, context.features, context.memory["start"], context.strategy_params)
    return jnp.where(context.epoch < pretrain_epochs, cross_entropy(logits, labels), noisy)


def memory(kind: str, networks: int, pretrain_epochs: int, prior: float) -> Memory:
    """Return the memory, which holds the start of b, f32[K, C, C].

    It comes from the confusion matrix of the pre-trained network or, without pre-training, from a `prior` for wrong
    labels. The complex model has a different noise matrix for each example, so it has no `Memory.noise`.
    """

    def init(given: MemoryInit) -> Arrays:
        classes = len(given.transition)
        start = jnp.where(jnp.eye(classes, dtype=bool), jnp.log(1 - prior), jnp.log(prior / (classes - 1)))
        start = start[None] + 0.01 * jax.random.uniform(given.key, (networks, classes, classes))
        return {"start": start, "trains": given.trains}

    def refresh(memory: Arrays, predict_all: PredictAllFn, labels: Array, epoch: Array) -> Arrays:
        def look() -> Array:
            return jnp.log(jax.vmap(confusion, (0, None, None))(predict_all()[0], labels, memory["trains"]) + 1e-8)

        due = (epoch == pretrain_epochs) & (pretrain_epochs > 0)
        return memory | {"start": lax.cond(due, look, lambda: memory["start"])}

    def noise(memory: Arrays, params: Arrays) -> Array:
        return jax.nn.softmax(memory["start"] + params["b"]).mean(0)

    return Memory(init, refresh, noise=noise if kind == "simple" else None)
