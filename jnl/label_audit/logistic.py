"""Logistic regression in folds, which learns from probable classes instead of labels.

The objective is that of scikit-learn's `LogisticRegression` with its default penalty (C = 1), on features whose mean
squared length is 1. scikit-learn's own takes no probabilities as targets.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax

_STEPS = 20  # of L-BFGS
_FOLDS = 5


def out_of_sample(features: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return probabilities of each example from a regression that did not learn from it.

    Args:
      features: f32[N, D].
      targets: f32[N, C] probabilities of the classes.

    Returns:
      f32[N, C].
    """
    columns = np.column_stack([scaled(features), np.ones(len(features))]).astype(np.float32)
    fold = np.random.default_rng(0).permutation(len(features)) % min(_FOLDS, len(features))
    probabilities = np.empty(targets.shape, np.float32)
    for number in range(fold.max() + 1):
        held_out = fold == number
        learned = _fit(jnp.asarray(columns), jnp.asarray(targets, jnp.float32), jnp.asarray(~held_out, jnp.float32))
        probabilities[held_out] = jax.nn.softmax(columns[held_out] @ learned)
    return probabilities


def scaled(features: np.ndarray) -> np.ndarray:
    """Return features f[N, D] with mean 0, whose mean squared length is 1."""
    centered = features - features.mean(0)
    return centered / max(float(np.sqrt(np.square(centered).sum(1).mean())), 1e-12)


@jax.jit
def _fit(features: Array, targets: Array, counts: Array) -> Array:
    """Return weights f32[D + 1, C], whose last row is the bias, from the examples whose count f32[N] is 1."""

    def loss(weights: Array) -> Array:
        each = optax.softmax_cross_entropy(features @ weights, targets)
        return (each @ counts + 0.5 * jnp.square(weights[:-1]).sum()) / counts.sum()

    optimizer = optax.lbfgs()
    value_and_grad = optax.value_and_grad_from_state(loss)

    def step(carry: tuple[Array, optax.OptState], _: None) -> tuple[tuple[Array, optax.OptState], None]:
        weights, state = carry
        value, gradient = value_and_grad(weights, state=state)
        change, state = optimizer.update(gradient, state, weights, value=value, grad=gradient, value_fn=loss)
        return (optax.apply_updates(weights, change), state), None

    start = jnp.zeros((features.shape[1], targets.shape[1]))
    return lax.scan(step, (start, optimizer.init(start)), length=_STEPS)[0][0]
