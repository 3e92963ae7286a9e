"""Iterative learning with open-set noisy labels (Wang et al. 2018): find the outliers of each class, push them away.

A first round of `first_epochs` epochs is followed by rounds of `round_epochs` epochs. After each round, the local
outlier factor (LOF, cosine, scikit-learn on the host) of each example among the examples with its label is computed
from the features. The share `outliers` of each class with the lowest sum of 1 / LOF over the rounds are its outliers.
A step trains on pairs. The first example is not an outlier. The second example is one of the same class that is not an
outlier, an outlier of this class, or one of another class (in the first round there are no outliers).
L = contrastive loss + CE(head 1, first) + w CE(head 2, second), where w is 1 in the first round, then 0.1, and for
outliers 0.1 times the mean of 1 / LOF. Head 1 is the last layer of the network, head 2 belongs to the strategy. The
numbers and rules come from the published code.
Departures: pairs are drawn at random and not enumerated, so an epoch has as many steps as with any other method; both
branches share batch statistics; there is no L2 on the feature layer (set `optim.weight_decay`); inputs are in [0, 1]
and not centered; default values come from PyTorch, not Keras, and head 2 starts from zero; the number of outliers is
rounded down, while that code rounds half of an odd class up; the clip of p to [1e-7, 1 - 1e-7] in the cross entropy of
Keras is not repeated.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from jnl.core.memory import Arrays, HostCallback, Memory, MemoryInit
from jnl.core.strategy import StepContext, StepFn, StepOutput, StepResult, Strategy
from jnl.core.train_state import TrainContext, TrainState, Tree, apply_gradients, forward, strategy_params
from jnl.ops.selection import masked_mean
from jnl.support.errors import whole_number, within


def iterative_open_set(
    first_epochs: int = 5, round_epochs: int = 10, neighbors: int = 2000, outliers: float = 0.5, margin: float = 1.0
) -> Strategy:
    """Train in rounds, with the outliers of each class. Published: the defaults, and 9 later rounds (95 epochs in all).

    Args:
      first_epochs: number of epochs of the first round.
      round_epochs: number of epochs of each later round.
      neighbors: number of neighbors of the LOF.
      outliers: share of each class that are outliers.
      margin: margin of the contrastive loss.
    """
    within("strategy.outliers", outliers, 0, 0.99, "published: 0.5")
    within("strategy.margin", margin, 0, 1e6, "published: 1")
    for name, number in (("first_epochs", first_epochs), ("round_epochs", round_epochs), ("neighbors", neighbors)):
        whole_number(f"strategy.{name}", number, 1)

    def init(given: MemoryInit) -> Arrays:
        classes, examples = len(given.transition), len(given.labels)
        start = {"trains": given.trains, "score": jnp.zeros(examples), "rounds": jnp.float32(0)}
        return start | _groups(given.labels, jnp.zeros(examples, bool), given.trains, classes)

    def due(epoch: int) -> bool:
        return epoch >= first_epochs and (epoch - first_epochs) % round_epochs == 0

    def look(memory: dict[str, np.ndarray], features: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        rows, score, outlier = memory["trains"], memory["score"].copy(), np.zeros(len(labels), bool)
        score[rows] += _inverse_lof(features[0, rows], labels[rows], neighbors)
        outlier[rows] = _lowest(score[rows], labels[rows], outliers)
        groups = _groups(jnp.asarray(labels), jnp.asarray(outlier), jnp.asarray(rows), len(memory["size"]) // 2)
        return memory | {"score": score, "rounds": memory["rounds"] + 1} | jax.device_get(groups)

    def step(default_step: StepFn, training: TrainContext, state: TrainState, context: StepContext) -> StepResult:
        memory, size = state.memory, len(context.example_index)
        first, second, like = _pairs(memory, jax.random.fold_in(context.key, 2), size)
        index = jnp.concatenate([first, second])
        inputs = training.augment(context.key, training.inputs_of(index))
        labels, rounds = training.labels, memory["rounds"]
        weight = jnp.where(memory["outlier"][second], memory["score"][second] / jnp.maximum(rounds, 1), 1.0)
        weight = jnp.where(rounds > 0, 0.1 * weight, 1.0)

        def total(params: Tree) -> tuple[Array, tuple[Tree, tuple[Array, Array]]]:
            logits, features, stats = forward(training.model, params, state.batch_stats, inputs, context.key)
            own = strategy_params(params)
            assert features is not None  # without features, `train_state.init` has already raised an error
            near, far = features[0, :size], features[0, size:]
            second_logits = far @ own["kernel"][0] + own["bias"]
            of_first = optax.softmax_cross_entropy_with_integer_labels(logits[0, :size], labels[first])
            of_second = optax.softmax_cross_entropy_with_integer_labels(second_logits, labels[second])
            loss = contrast(near, far, like, margin) + of_first + weight * of_second
            return loss.mean(), (stats, (loss, logits[:, :size]))

        fresh = jax.vmap(training.optimizer.init)(state.params)  # each round has its own optimizer
        since = context.epoch - first_epochs
        new_round = (context.batch == 0) & (since >= 0) & (since % round_epochs == 0)
        kept = jax.tree.map(lambda new, old: jnp.where(new_round, new, old), fresh, state.opt_state)
        state, (loss, logits) = apply_gradients(training, state._replace(opt_state=kept), total)
        selection = masked_mean(loss[None])
        return state, StepOutput(loss.mean()[None], selection, logits, first)

    def init_params(classes: int, features: int) -> Arrays:
        return {"kernel": jnp.zeros((features, classes)), "bias": jnp.zeros(classes)}

    return Strategy(1, memory=Memory(init, host=HostCallback(due, look)), init_params=init_params, custom_step=step)


def contrast(near: Array, far: Array, like: Array, margin: float | Array) -> Array:
    """Return the contrastive loss of pairs of features: f32[B, D], f32[B, D], bool[B] -> f32[B].

    It is distance^2 for pairs of the same kind (`like`), and max(margin - distance, 0)^2 for the others.
    """
    distance = jnp.sqrt(jnp.maximum(jnp.square(near - far).sum(-1), 1e-7))
    return jnp.where(like, jnp.square(distance), jnp.square(jnp.maximum(margin - distance, 0)))


def _inverse_lof(features: np.ndarray, labels: np.ndarray, neighbors: int) -> np.ndarray:
    """Return 1 / LOF of each example among the examples with its label: f32[N, D], i32[N] -> f32[N]."""
    from sklearn.neighbors import LocalOutlierFactor  # takes seconds to import

    score = np.ones(len(features), np.float32)
    if not np.isfinite(features).all():  # this run has diverged; an error would stop the other runs too
        return score
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        if len(mine) > 2:
            finder = LocalOutlierFactor(n_neighbors=min(neighbors, len(mine) - 1), metric="cosine")
            score[mine] = -1 / finder.fit(features[mine]).negative_outlier_factor_
    return score


def _lowest(score: np.ndarray, labels: np.ndarray, share: float) -> np.ndarray:
    """Return which examples are in the `share` of their class with the lowest score: f32[N], i32[N] -> bool[N]."""
    lowest = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        lowest[mine[np.argsort(score[mine], kind="stable")[: int(share * len(mine))]]] = True
    return lowest


def _groups(labels: Array, outlier: Array, trains: Array, classes: int) -> Arrays:
    """Return the examples in order of 2 C groups, with the end and size of each group.

    Each class has a group of examples that are not outliers, then a group of outliers. Examples that do not train are
    in no group.
    """
    group = jnp.where(trains, 2 * labels + outlier, 2 * classes)
    size = jnp.bincount(group, length=2 * classes)
    return {"outlier": outlier, "order": jnp.argsort(group).astype(jnp.int32), "end": jnp.cumsum(size), "size": size}


def _pairs(memory: Arrays, key: Array, number: int) -> tuple[Array, Array, Array]:
    """Draw pairs: i32[number] first, i32[number] second, bool[number] same class and not an outlier."""
    keys, filled = jax.random.split(key, 5), memory["size"][::2] > 0  # no pair is drawn from a class without examples

    def draw(key: Array, group: Array) -> Array:
        lots = (jax.random.uniform(key, (number,)) * memory["size"][group]).astype(jnp.int32)
        return memory["order"][memory["end"][group] - memory["size"][group] + lots]

    order, present = jnp.argsort(~filled), filled.sum()
    place = jax.random.randint(keys[0], (number,), 0, present)
    label, other = order[place], order[(place + jax.random.randint(keys[1], (number,), 1, present)) % present]
    # 0: same class, 1: another class, 2: an outlier of the same class
    kind = jax.random.randint(keys[2], (number,), 0, jnp.where(memory["rounds"] > 0, 3, 2))
    outlying = (kind == 2) & (memory["size"][2 * label + 1] > 0)
    group = jnp.where(outlying, 2 * label + 1, 2 * jnp.where(kind == 1, other, label))
    return draw(keys[3], 2 * label), draw(keys[4], group), (kind != 1) & ~outlying
