"""Peer loss (Liu & Guo 2020, eq. 2): the loss minus alpha times the loss of inputs with labels of other examples.

l(x, y) = -log(p_y + 1e-5), as in the published code for several classes (weijiaheng/Multi-class-Peer-Loss-functions).
Without 1e-5, L would not be bounded below, because of the minus sign. In that code alpha grows from epoch to epoch
(`alpha_plan`) and 1 + alpha divides the learning rate (`divide_rate`); `reference` sets both. In the paper alpha is
constant.
Departure: the published code draws other inputs and labels from the training set for each batch. Here the peer term is
the mean over all pairs of an input and a label of the batch, which is the expected value of a draw from the batch.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.selection import masked_mean
from jnl.support.errors import UserError, within


def peer_loss(alpha: float = 1.0, epsilon: float = 1e-5, alpha_plan: str = "", divide_rate: bool = False) -> Strategy:
    """Minimize L = mean_i l(x_i, y_i) - alpha mean_{i, j} l(x_i, y_j).

    Args:
      alpha: weight of the peer term; a negative weight rewards agreement with labels drawn at random.
      epsilon: number that is added to each probability.
      alpha_plan: factor of alpha in each epoch, as pairs `epoch:factor` with spaces between them, such as `20:0 39:1`.
        It is linear between two pairs, and constant before the first and after the last one. Empty means always 1.
      divide_rate: whether the learning rate of each epoch is divided by 1 + alpha.
    """
    within("strategy.alpha", alpha, -1e6, 1e6, "published: 1")
    within("strategy.epsilon", epsilon, 1e-30, 1, "published: 1e-5")
    if divide_rate:
        within("strategy.alpha", alpha, 0, 1e6, "1 + alpha divides the learning rate")
    factor = _plan(alpha_plan, divide_rate)

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        every = -jnp.log(jax.nn.softmax(logits) + epsilon)  # f32[1, B, C]
        given = jax.nn.one_hot(labels, logits.shape[-1])
        now = alpha * factor(context.epoch)
        loss = (every * (given - now * given.mean(0, keepdims=True))[None]).sum(-1)
        return masked_mean(loss)

    def divisor(epoch: Array) -> Array:
        return 1 + alpha * factor(epoch)

    return Strategy(1, select, learning_rate_divisor=divisor if divide_rate else None)


def _plan(text: str, divides: bool) -> Callable[[Array], Array]:
    """Return the factor as a function of the epoch, linear between the pairs of `text`: i32[] -> f32[]."""
    if not text.split():
        return lambda epoch: jnp.float32(1)
    try:
        epochs, factors = np.array([[float(number) for number in pair.split(":")] for pair in text.split()]).T
    except ValueError as error:
        raise UserError(f"strategy.alpha_plan: {text!r}; give pairs epoch:factor, such as '20:0 39:1'") from error
    if not np.isfinite([epochs, factors]).all() or (np.diff(epochs) <= 0).any():
        raise UserError(f"strategy.alpha_plan: {text!r}; give finite numbers, with epochs that rise")
    if divides and (factors < 0).any():
        raise UserError(f"strategy.alpha_plan: {text!r} has a negative factor; 1 + alpha divides the learning rate")
    return lambda epoch: jnp.interp(epoch.astype(jnp.float32), jnp.float32(epochs), jnp.float32(factors))
