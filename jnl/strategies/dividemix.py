"""DivideMix (Li et al. 2020): each network divides the data for the other one, and both train semi-supervised.

After `warmup_epochs` of cross entropy, each epoch begins with a division: a mixture of two Gaussians is fitted to the
losses of all examples (`ops/gaussian_mixture.py`), and w is the probability of the lower Gaussian. If w > `threshold`,
the target is the label, mixed with the network's own guess by w. Otherwise both networks guess it. Each example has two
views; targets are sharpened (`temperature`); MixUp follows (`concentration`). Guessed targets have a squared error: its
weight rises in each step, to `unlabeled_weight` after 16 epochs. A penalty pulls the mean prediction to uniform.
Published `unlabeled_weight`: 0 (CIFAR-10 20 %, asymmetric), 25 (50 %; CIFAR-100 20 %), 150 (CIFAR-100 50 %, 90 %).
`asymmetric` penalizes confidence in the warm-up; `average_epochs` 5 is for 90 % noise. Report `ensemble_accuracy`.
`train_accuracy` and the label metrics use the division at the start of the epoch. Labels are listed as wrong if the
mean w of the two networks does not exceed `threshold` in the last division.
Departures from the published code: both networks step together, while in that code each trains an epoch in turn; an
epoch has as many steps as with any other method, each with half a batch with and half a batch without labels, drawn at
random; batch norm sees all views at once for guesses. The mixture decides at most 1 % of the labels differently from
scikit-learn (`tests/ops/test_gaussian_mixture.py`).
"""

import jax
import jax.numpy as jnp
from jax import Array, lax

from jnl.core.memory import Arrays, Memory, MemoryInit, PredictAllFn
from jnl.core.strategy import Selection, StepContext, StepFn, StepOutput, StepResult, Strategy
from jnl.core.suspects import Listed, Suspects
from jnl.core.train_state import TrainContext, TrainState, Tree, apply_gradients, forward, predict
from jnl.ops.losses import cross_entropy, uniform_kl
from jnl.ops.mixup import mixup
from jnl.ops.selection import masked_mean
from jnl.strategies._division import divide, draw_halves
from jnl.support.errors import UserError, whole_number, within


def dividemix(
    warmup_epochs: int = 10,
    unlabeled_weight: float = 25.0,
    threshold: float = 0.5,
    temperature: float = 0.5,
    concentration: float = 4.0,
    asymmetric: bool = False,
    average_epochs: int = 1,
) -> Strategy:
    """Train two networks that divide the data for each other. The first lines of its file explain the arguments."""
    within("strategy.unlabeled_weight", unlabeled_weight, 0, 1e6, "published: 0 to 150")
    within("strategy.threshold", threshold, 0, 0.999, "published: 0.5")
    within("strategy.temperature", temperature, 1e-3, 1e3, "published: 0.5")
    within("strategy.concentration", concentration, 1e-3, 1e6, "published: 4")
    whole_number("strategy.warmup_epochs", warmup_epochs, 1)
    whole_number("strategy.average_epochs", average_epochs, 1)

    def warm_up(logits: Array, labels: Array, context: StepContext) -> Selection:
        loss, log_p = cross_entropy(logits, labels), jax.nn.log_softmax(logits)
        if asymmetric:
            loss += (jnp.exp(log_p) * log_p).sum(-1)
        return masked_mean(loss)

    def init(given: MemoryInit) -> Arrays:
        examples = len(given.labels)
        return {
            "trains": given.trains,
            "clean": jnp.ones((2, examples)),  # w, the probability that the label is true, by each network's losses
            "losses": jnp.zeros((average_epochs, 2, examples)),
            "order": jnp.zeros((2, examples), jnp.int32),  # for each network, examples that keep their label first
            "logits": jnp.zeros((2, examples, len(given.transition))),  # at the start of the epoch
        }

    def refresh(memory: Arrays, predict_all: PredictAllFn, labels: Array, epoch: Array) -> Arrays:
        def divided() -> Arrays:
            epochs = jnp.minimum(epoch - warmup_epochs + 1, average_epochs)
            return divide(memory, predict_all()[0], labels, epochs, threshold)

        return lax.cond(epoch >= warmup_epochs, divided, lambda: memory)

    def semi_supervised(training: TrainContext, state: TrainState, context: StepContext) -> tuple[TrainState, Array]:
        model, half = training.model, len(context.example_index) // 2
        if half < 1:
            raise UserError("config.batch_size: 1 cannot be halved; give at least 2")
        keys = jax.random.split(jax.random.fold_in(context.key, 2), 8)
        known, unknown = draw_halves(state.memory, keys[:2], half, threshold)
        both = jnp.concatenate([known, unknown], 1)  # i32[2, B]
        augment = jax.vmap(training.augment)
        pair = [augment(jax.random.split(key), training.inputs_of(both)) for key in keys[2:4]]  # f32[2, B, ...] each
        views = jnp.concatenate(pair, 1)  # f32[2, 2 B, ...]: known, unknown, known, unknown
        own, _, seen = forward(model, state.params, state.batch_stats, views, keys[4], own_inputs=True)
        params, stats = jax.tree.map(lambda leaf: leaf[::-1], (state.params, state.batch_stats))
        other, _ = predict(model, params, stats, views, own_inputs=True)
        # f32[K, views, known or not, B / 2, C]
        p, p_other = (jax.nn.softmax(z).reshape(2, 2, 2, half, -1) for z in (own, other))
        sure = jnp.take_along_axis(state.memory["clean"][::-1], known, 1)
        targets = guess(p, p_other, sure, training.labels[known], temperature)
        targets = jnp.tile(targets, (1, 2, 1))  # f32[2, 2 B, C]
        mix = jax.vmap(mixup, (0, None, 0, 0))
        inputs, targets = mix(jax.random.split(keys[5]), concentration, views, targets)
        is_known = jnp.tile(jnp.arange(2 * half) < half, 2)
        now = context.epoch + context.batch / context.steps
        weight = unlabeled_weight * jnp.clip((now - warmup_epochs) / 16, 0.0, 1.0)

        def total(params: Tree) -> tuple[Array, tuple[Tree, Array]]:
            logits, _, stats = forward(model, params, seen, inputs, keys[6], own_inputs=True)
            loss = semi_supervised_loss(logits, targets, is_known, weight)
            return loss.sum(), (stats, loss)

        return apply_gradients(training, state, total)

    def step(default_step: StepFn, training: TrainContext, state: TrainState, context: StepContext) -> StepResult:
        def divided() -> StepResult:
            after, loss = semi_supervised(training, state, context)
            mask = state.memory["clean"][::-1, context.example_index] > threshold
            selection = masked_mean(jnp.zeros(mask.shape), mask)
            return after, StepOutput(
                loss, selection, state.memory["logits"][:, context.example_index], context.example_index
            )

        return lax.cond(context.epoch < warmup_epochs, lambda: default_step(state, context), divided)

    def listed(state: TrainState) -> Listed:
        clean = state.memory["clean"].mean(0)  # mean of both networks
        return Listed(state.memory["trains"] & ~(clean > threshold), {"probability": 1 - clean})

    return Strategy(2, warm_up, memory=Memory(init, refresh), suspects=Suspects(listed), custom_step=step)


def guess(p: Array, p_other: Array, sure: Array, labels: Array, temperature: float | Array) -> Array:
    """Return sharpened targets f32[K, 2 n, C] of n examples with a label and n without.

    `p` and `p_other` (of the other network) are f32[K, views, 2, n, C]; `sure` is w, f32[K, n]; `labels` are i32[K, n].
    """
    given = jax.nn.one_hot(labels, p.shape[-1])
    with_label = sure[..., None] * given + (1 - sure[..., None]) * p[:, :, 0].mean(1)
    without = (p[:, :, 1].mean(1) + p_other[:, :, 1].mean(1)) / 2
    both = jnp.concatenate([with_label, without], 1)
    return lax.stop_gradient(jax.nn.softmax(jnp.log(jnp.maximum(both, 1e-30)) / temperature))


def semi_supervised_loss(logits: Array, targets: Array, is_known: Array, weight: Array) -> Array:
    """Return the loss: f32[K, M, C], f32[K, M, C], bool[M] (True for the half with labels), f32[] -> f32[K]."""
    p, log_p = jax.nn.softmax(logits), jax.nn.log_softmax(logits)
    labeled = -jnp.where(is_known[None], (targets * log_p).sum(-1), 0.0).sum(1)
    guessed = jnp.where(is_known[None], 0.0, jnp.square(p - targets).mean(-1)).sum(1)
    return 2 * (labeled + weight * guessed) / len(is_known) + uniform_kl(log_p)
