"""Clusterability (HOC, Zhu et al. 2021): an example and its two nearest neighbors have the same true class.

Then the shares of labels, of pairs and of triples of labels of neighbors follow from the shares of the true classes and
the noise matrix. The estimate is the matrix that fits these shares best. The published code compares cyclic shifts of
the triples; here all triples are compared, so this estimate needs at most 30 classes.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax
from scipy.optimize import linear_sum_assignment

from jnl.label_audit.estimates import View, resampled
from jnl.noise.posterior import NoiseEstimate, rate_of

_MOST_CLASSES = 30
_STEPS = 1500  # published


def clusterability(view: View) -> NoiseEstimate | None:
    """Return the estimate, or None without neighbors or with more than 30 classes."""
    classes = view.p.shape[1]
    if view.neighbors is None or view.neighbors.rows.shape[1] < 2 or classes > _MOST_CLASSES:
        return None
    triples = np.column_stack([view.labels, view.labels[view.neighbors.rows[:, :2]]])

    def matrix(rows: np.ndarray, steps: int) -> np.ndarray:
        counts = np.bincount(np.ravel_multi_index(triples[rows].T, (classes,) * 3), minlength=classes**3)
        shares = jnp.asarray(counts.reshape((classes,) * 3) / len(rows), jnp.float32)
        return _in_order(np.asarray(_fit(shares, steps), np.float64))

    def rate(rows: np.ndarray) -> float:
        return rate_of(matrix(rows, _STEPS // 3), view.labels[rows])

    everyone = matrix(np.arange(len(triples)), _STEPS)
    low, high = resampled(rate, len(triples), samples=20)
    return NoiseEstimate(rate_of(everyone, view.labels), low, high, everyone)


@partial(jax.jit, static_argnames="steps")
def _fit(triples: Array, steps: int) -> Array:
    """Return the noise matrix f32[C, C] that fits the shares f32[C, C, C] of triples of labels."""
    classes = len(triples)
    pairs, singles = triples.sum(2), triples.sum((1, 2))
    optimizer = optax.adam(0.1)

    def misfit(logits: tuple[Array, Array]) -> Array:
        true, matrix = jax.nn.softmax(logits[0]), jax.nn.softmax(logits[1])
        weighted = true[:, None] * matrix
        three = jnp.einsum("ja,jb,jc->abc", weighted, matrix, matrix)
        two = weighted.T @ matrix
        parts = (weighted.sum(0) - singles, two - pairs, three - triples)
        return sum((jnp.sqrt((part**2).sum() + 1e-12) for part in parts), jnp.float32(0))

    def step(carry: tuple, _: None) -> tuple[tuple, None]:
        logits, state = carry
        updates, state = optimizer.update(jax.grad(misfit)(logits), state)
        return (optax.apply_updates(logits, updates), state), None

    start = jnp.log(singles + 1e-6), 5.0 * jnp.eye(classes)
    (logits, _), _ = lax.scan(step, (start, optimizer.init(start)), length=steps)
    return jax.nn.softmax(logits[1])


def _in_order(matrix: np.ndarray) -> np.ndarray:
    """Return the matrix f64[C, C] with its rows in the order in which most labels are right.

    The shares of labels say nothing about which row belongs to which true class.
    """
    rows, places = linear_sum_assignment(matrix, maximize=True)
    return matrix[rows[np.argsort(places)]]
