"""ELR+ (Liu et al. 2020): ELR with MixUp and two networks, each with targets from the weight average of the other one.

The targets t of a network are moving averages of predictions. A network whose weights are the moving average of the
other network's weights makes these predictions, for inputs that are not mixed (its batch norm is in training mode and
has its own statistics). L = CE(mixed) + weight log(1 - <q, p(mixed)>), where q are the targets t, mixed like the
inputs. In the second term p is clipped to [1e-4, 1 - 1e-4]; t is not clipped.
The weight average forgets more slowly in later steps: after step s (from 1) it keeps the share
0.997 exp(-5 (1 - min(s + 1, 40000) / 40000)^2) of its old value. With `ramp_steps` the weight of the regularizer rises
with the factor exp(-5 (1 - min(s, ramp_steps) / ramp_steps)^2).
Published: momentum 0.7, weight 3, MixUp Beta(1, 1) (CIFAR-10, symmetric noise), 0.9 and 1 (asymmetric); for CIFAR-100
0.9 and 7, `ramp_steps` 40,000 and `reweight`.
Report `ensemble_accuracy`, which uses the plain networks. `train_accuracy` is measured on mixed inputs.
Departures: both networks train at the same time on the same batches, while in the published code each trains for an
epoch in turn, with its own order; the weight averages start from the weights of the networks, while in that code they
start from their own weights.
"""

from typing import NamedTuple, cast

import jax
import jax.numpy as jnp
import optax
from jax import Array, lax

from jnl.core.memory import Arrays, Memory, MemoryInit
from jnl.core.strategy import StepContext, StepFn, StepOutput, StepResult, Strategy
from jnl.core.train_state import TrainContext, TrainState, Tree, apply_gradients, forward
from jnl.ops.mixup import mixup
from jnl.ops.selection import masked_mean
from jnl.support.errors import within

_STIFF = 40_000.0  # number of steps after which the average has its full length


class _Remembered(NamedTuple):
    """The memory of ELR+."""

    params: Tree  # parameters of the weight averages
    batch_stats: Tree  # batch statistics of the weight averages
    target: Array  # f32[2, N, C]
    step: Array  # f32[] number of the next step, from 1


def elr_plus(
    target_momentum: float = 0.7,
    weight: float = 3.0,
    ramp_steps: int = 0,
    concentration: float = 1.0,
    reweight: bool = False,
) -> Strategy:
    """Train two networks, each with targets from the weight average of the other one.

    Args:
      target_momentum: momentum of the moving average t.
      weight: weight of the regularizer.
      ramp_steps: number of steps in which the weight rises; 0 for a constant weight.
      concentration: the share of MixUp is drawn from Beta(concentration, concentration).
      reweight: whether the mixed labels are multiplied by q and normalized.
    """
    within("strategy.target_momentum", target_momentum, 0, 1, "published: 0.7 or 0.9")
    within("strategy.weight", weight, 0, 1e6, "published: 1 to 7")
    within("strategy.ramp_steps", ramp_steps, 0, 1e9, "published: 0 or 40000")
    within("strategy.concentration", concentration, 1e-3, 1e6, "published: 1")

    def init(given: MemoryInit) -> Arrays:
        start, target = given.networks, jnp.zeros((2, len(given.labels), len(given.transition)))
        return cast(Arrays, _Remembered(start.params, start.batch_stats, target, jnp.float32(1)))

    def step(default_step: StepFn, training: TrainContext, state: TrainState, context: StepContext) -> StepResult:
        model, memory = training.model, cast(_Remembered, state.memory)
        now = memory.step
        keys = jax.random.split(jax.random.fold_in(context.key, 2), 4)
        inputs, labels = training.augment(context.key, context.inputs), training.labels[context.example_index]

        said, _, stats = forward(model, memory.params, memory.batch_stats, inputs, keys[0])
        # Each network gets the predictions of the weight average of the other network.
        targets = (1 - target_momentum) * lax.stop_gradient(jax.nn.softmax(said[::-1]))
        targets += target_momentum * memory.target[:, context.example_index]
        y = jax.nn.one_hot(labels, targets.shape[-1])

        def mix(key: Array, targets: Array) -> tuple[Array, Array]:
            return mixup(key, concentration, inputs, jnp.concatenate([y, targets], -1))

        mixed, both = jax.vmap(mix)(jax.random.split(keys[1]), targets)  # each network has its own mixture
        y_mixed, q = jnp.split(both, 2, -1)
        pull = weight * _ramp(now, ramp_steps) if ramp_steps else weight
        if reweight:
            y_mixed = y_mixed * q / (y_mixed * q).sum(-1, keepdims=True)

        def total(params: Tree) -> tuple[Array, tuple[Tree, tuple[Array, Array]]]:
            logits, _, stats = forward(model, params, state.batch_stats, mixed, keys[2], own_inputs=True)
            loss = regularized_loss(logits, y_mixed, q, pull)
            return loss.mean(1).sum(), (stats, (loss, logits))

        state, (loss, logits) = apply_gradients(training, state, total)
        factor = 0.997 * _ramp(now + 1, _STIFF)
        params = optax.incremental_update(state.params, memory.params, 1 - factor)
        remembered = _Remembered(params, stats, memory.target.at[:, context.example_index].set(targets), now + 1)
        selection = masked_mean(loss)
        return state._replace(memory=cast(Arrays, remembered)), StepOutput(
            loss.mean(1), selection, logits, context.example_index
        )

    return Strategy(2, memory=Memory(init), custom_step=step)


def _ramp(step: Array, steps: float) -> Array:
    """Return exp(-5 (1 - min(step / steps, 1))^2), which rises from near 0 to 1 (Laine & Aila 2017): f32[] -> f32[]."""
    return jnp.exp(-5 * (1 - jnp.minimum(step / steps, 1.0)) ** 2)


def regularized_loss(logits: Array, labels: Array, targets: Array, pull: float | Array) -> Array:
    """Return the loss of each example.

    Args:
      logits: f32[K, B, C].
      labels: f32[K, B, C], shares of classes.
      targets: f32[K, B, C], the mixed targets q.
      pull: weight of the regularizer.

    Returns:
      f32[K, B].
    """
    p = jnp.clip(jax.nn.softmax(logits), 1e-4, 1 - 1e-4)
    return optax.softmax_cross_entropy(logits, labels) + pull * jnp.log(1 - (targets * p).sum(-1))
