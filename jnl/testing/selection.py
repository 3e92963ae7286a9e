"""The selections of a strategy for one batch in several situations, and the parts of the contract about them."""

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jnl import noise
from jnl.core import train_state
from jnl.core.memory import MemoryInit, unchanged_types
from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops import schedules
from jnl.ops.losses import objective
from jnl.ops.selection import checked
from jnl.support import registry
from jnl.testing._hyper_values import BATCH, CLASSES, FEATURES, MakeStrategy, Static, divided
from jnl.testing._memory import Predictions, refreshed

Situation = tuple[Array, Array, StepContext]  # logits f32[K, B, C], labels i32[B], the rest
Remember = Callable[[MemoryInit, Predictions, Array], dict[str, Array]]  # see `refreshed`, at some hyperparameters


class Answer(NamedTuple):
    """The selection of a strategy in one situation, and its objective."""

    selection: Selection
    value: Array  # f32[G]
    gradient: Array  # f32[K, B, C] by the logits


class Answers(NamedTuple):
    """The selections of a strategy for one batch."""

    strategy: Strategy
    seen: StepContext
    order: np.ndarray  # i[B] the places of the examples in the permuted batch
    eager: Selection | None  # operation by operation, no hyperparameter traced
    jitted: Answer
    among: dict[str, Answer]  # by vmap, in each situation


def ask(make: MakeStrategy, hyper: dict[str, registry.Value], together: int, alone: bool = True) -> Answers:
    """Return the selections of a strategy for one batch in all situations.

    Args:
      make: see `check_strategy`.
      hyper: hyperparameters that replace the defaults.
      together: see `check_strategy`.
      alone: whether `select` is also called for the straight batch alone, under jit and operation by operation, which
        takes longer.
    """
    traced, static = divided(registry.keywords(make) | hyper)
    strategy = make(**dict(static), **traced)
    groups = np.random.default_rng(1).permutation(BATCH // together)
    order = np.concatenate([np.random.default_rng(one).permutation(together) + together * one for one in groups])
    arrays = jax.tree.map(jnp.float32, traced)
    asked = _situations(strategy, partial(refreshed(make, static), arrays), order)
    one, several = _compiled(make, static)
    answers = jax.device_get(several(arrays, jax.tree.map(lambda *leaves: jnp.stack(leaves), *asked.values())))
    among = {name: jax.tree.map(lambda leaf, at=at: leaf[at], answers) for at, name in enumerate(asked)}
    jitted = jax.device_get(one(arrays, asked["straight"])) if alone else among["straight"]
    eager = checked(strategy.select(*asked["straight"]), asked["straight"][0]) if alone else None
    return Answers(strategy, asked["straight"][-1], order, eager, jitted, among)


def check_shapes_and_types(answers: Answers) -> None:
    """Losses, mask and denominator have the right types, and the objective is finite. `checked` sees to the shapes."""
    selection = answers.jitted.selection
    types = (selection.loss.dtype, selection.mask.dtype, selection.denominator.dtype)
    said = f"the types of loss, mask and denominator are {', '.join(map(str, types))}, not float32, bool, float32"
    assert types == (jnp.float32, bool, jnp.float32), said
    assert np.isfinite(answers.jitted.value).all(), "the objective is not finite"
    if selection.eligible is not None:
        assert (selection.eligible.shape, selection.eligible.dtype) == ((BATCH,), bool)
        assert not (selection.mask & ~selection.eligible[None]).any(), "it chose examples that are not eligible"


def check_permuted_batch(answers: Answers) -> None:
    """Permuting the batch permutes loss and mask, and changes nothing else."""
    straight, permuted = (answers.among[name].selection for name in ("straight", "permuted"))
    order, said = answers.order, "the order of the batch matters"
    np.testing.assert_array_equal(permuted.mask, straight.mask[:, order], err_msg=said)
    np.testing.assert_allclose(permuted.loss, straight.loss[:, order], rtol=1e-5, atol=1e-6, err_msg=said)
    np.testing.assert_allclose(permuted.denominator, straight.denominator, rtol=1e-5, err_msg=said)
    for mine, theirs in zip(*map(jax.tree.leaves, (straight.memory, permuted.memory)), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6, err_msg=said)


def check_swapped_networks(answers: Answers) -> None:
    """Moving each network to the next place, and the last one to the first, moves the rows in the same way."""
    straight, swapped = (answers.among[name].selection for name in ("straight", "swapped"))
    said = "the networks are not treated alike"
    np.testing.assert_array_equal(swapped.mask, np.roll(straight.mask, 1, 0), err_msg=said)
    np.testing.assert_allclose(swapped.loss, np.roll(straight.loss, 1, 0), rtol=1e-6, err_msg=said)


def check_gradient_only_where_selected(answers: Answers) -> None:
    """The loss has a gradient by the logits of selected examples, and none by the logits of other examples."""
    selection, _, gradient = answers.jitted
    mask = np.broadcast_to(selection.mask, gradient.shape[:2])
    moved = np.abs(gradient).max(-1) > 0
    assert np.isfinite(gradient).all(), "the gradient is not finite"
    assert not moved[~mask].any(), "examples train that the mask leaves out"
    assert moved[mask].all(), "examples do not train although the mask selects them"


def check_jit_and_vmap(answers: Answers) -> None:
    """The answer under jit and vmap, with traced hyperparameters, is the same as operation by operation."""
    assert answers.eager is not None
    for other in (answers.jitted.selection, answers.among["straight"].selection):
        np.testing.assert_array_equal(other.mask, answers.eager.mask, err_msg="jit or vmap changes the mask")
        np.testing.assert_allclose(other.loss, answers.eager.loss, rtol=1e-5, atol=1e-6)
        # A sum of weights is a float, which jit may add up in another order.
        np.testing.assert_allclose(other.denominator, answers.eager.denominator, rtol=1e-5)


def check_forget_rate(answers: Answers) -> None:
    """A forget rate leaves out examples if, and only if, `uses_forget_rate` is True."""
    few, many = (answers.among[name].selection.mask.sum() for name in ("forgets much", "forgets nothing"))
    uses = answers.strategy.uses_forget_rate
    if uses:
        assert few < many, "uses_forget_rate is True, but the mask does not depend on keep_counts; leave it False"
    else:
        assert few == many, "uses_forget_rate is False, but the mask depends on keep_counts; set it to True"


def check_progress(answers: Answers) -> None:
    """The share of the training that is done matters only if `uses_progress` is True."""
    if not answers.strategy.uses_progress:
        straight, later = (answers.among[name] for name in ("straight", "later"))
        said = "uses_progress is False, but the share of the training that is done matters"
        np.testing.assert_array_equal(straight.selection.mask, later.selection.mask, err_msg=said)
        np.testing.assert_allclose(straight.value, later.value, rtol=1e-5, atol=1e-6, err_msg=said)


def check_nothing_kept(answers: Answers) -> None:
    """If a batch keeps no example, no network trains, and no number is NaN."""
    nothing = answers.among["keeps nothing"]
    assert np.isfinite(nothing.value).all() and np.isfinite(nothing.gradient).all(), "not finite if nothing is kept"
    if answers.strategy.uses_forget_rate or answers.strategy.example_weights:
        assert not nothing.gradient.any(), "it trains although nothing is kept"


OF_SELECTION = (
    check_shapes_and_types, check_permuted_batch, check_swapped_networks, check_gradient_only_where_selected,
    check_jit_and_vmap, check_forget_rate, check_progress, check_nothing_kept,
)  # fmt: skip


def _keep(forget: float) -> Array:
    return jnp.asarray(schedules.keep_counts(np.array([forget]), BATCH)[0])


def _context(strategy: Strategy, remember: Remember, labels: Array) -> StepContext:
    """Return what the strategy sees in epoch 5, with a memory that has been refreshed once."""
    random = np.random.default_rng(2)
    transition = jnp.asarray(noise.transition("pair", CLASSES, 0.3), jnp.float32)
    trains = jnp.ones(len(labels), bool)
    start = MemoryInit(jax.random.key(3), labels, trains, transition, cast(train_state.TrainState, None))
    features = jnp.asarray(random.normal(0, 1, (strategy.num_nets, BATCH, FEATURES)), jnp.float32)
    logits = jnp.asarray(random.normal(0, 1, (strategy.num_nets, BATCH, CLASSES)), jnp.float32)
    memory = remember(start, (logits, features), jnp.int32(5))
    learned = jax.tree.map(
        lambda leaf: jnp.asarray(random.normal(0, 1, (strategy.num_nets, *leaf.shape)), jnp.float32),
        strategy.init_params(CLASSES, FEATURES) if strategy.init_params else {},
    )
    weights = jnp.asarray(random.integers(0, 2, BATCH) if strategy.example_weights else np.ones(BATCH), jnp.float32)
    return StepContext(
        jnp.int32(5), jnp.int32(2), 10, _keep(0.3), jnp.arange(BATCH), jnp.zeros((BATCH, 1)), weights, jnp.float32(0.3),
        jax.random.key(7), memory, learned, features,
    )  # fmt: skip


def _situations(strategy: Strategy, remember: Remember, order: np.ndarray) -> dict[str, Situation]:
    """Return the same batch in the ways that the contract compares."""
    random = np.random.default_rng(0)
    logits = jnp.asarray(random.normal(0, 2, (strategy.num_nets, BATCH, CLASSES)), jnp.float32)
    labels = jnp.asarray(random.integers(0, CLASSES, BATCH), jnp.int32)
    seen = _context(strategy, remember, labels)
    assert seen.features is not None
    moved = seen._replace(
        example_index=seen.example_index[order], weights=seen.weights[order], features=seen.features[:, order]
    )
    of_networks = (logits, seen.memory, seen.strategy_params, seen.features)
    if strategy.num_nets > 1:
        of_networks = jax.tree.map(lambda leaf: jnp.roll(leaf, 1, 0), of_networks)
    swapped, memory, learned, features = of_networks
    return {
        "straight": (logits, labels, seen),
        "permuted": (logits[:, order], labels[order], moved),
        "swapped": (swapped, labels, seen._replace(memory=memory, strategy_params=learned, features=features)),
        "forgets much": (logits, labels, seen._replace(keep_counts=_keep(0.75))),
        "forgets nothing": (logits, labels, seen._replace(keep_counts=_keep(0.0))),
        "later": (logits, labels, seen._replace(progress=jnp.float32(0.9))),
        "keeps nothing": (logits, labels, seen._replace(keep_counts=_keep(1.0), weights=jnp.zeros(BATCH))),
    }


@cache
def _compiled(make: MakeStrategy, static: Static) -> tuple[Callable[..., Answer], Callable[..., Answer]]:
    """Return the functions (hyperparameters, situation) -> Answer: for one situation, and for several at once."""

    def answer(traced: dict[str, Array], situation: Situation) -> Answer:
        logits, labels, seen = situation

        def total(logits: Array) -> tuple[Array, tuple[Selection, Array]]:
            strategy = make(**dict(static), **traced)
            selection = checked(strategy.select(logits, labels, seen), logits)
            if selection.memory is not None:
                unchanged_types(selection.memory, seen.memory, "select")
            value = objective(selection)
            return value.sum(), (selection, value)

        gradient, (selection, value) = jax.grad(total, has_aux=True)(logits)
        return Answer(selection, value, gradient)

    return jax.jit(answer), jax.jit(jax.vmap(answer, (None, 0)))
