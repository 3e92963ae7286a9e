"""The K networks of one run: their state, and what they say."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from jax import Array

Tree = dict[str, "Tree | Array"]
Aux = TypeVar("Aux")


class TrainState(NamedTuple):
    """All that training changes; every leaf of the networks starts with the K axis."""

    params: Tree  # a strategy's own parameters are under "strategy"
    batch_stats: Tree
    opt_state: optax.OptState
    memory: dict[str, Array]
    failed: Array  # bool[] a loss was not finite: the networks change no more
    predicted: Array  # i32[K, N] what each network said when it last trained on an example; -1: it has not yet
    # What tells in the end which labels may be wrong, as `Strategy.suspects` wants it: i32[N, 2] `times`, or what was
    # settled before training.
    suspicion: dict[str, Array]


class TrainContext(NamedTuple):
    """What a step works with; the same for all steps of an epoch."""

    model: nn.Module
    optimiser: optax.GradientTransformation
    augment: Callable[[Array, Array], Array]  # (key, stored inputs) -> f32[B, ...]
    inputs: Array  # as stored, of all N examples; None where they stream
    labels: Array  # i32[N] noisy labels


def init(
    model: nn.Module,
    num_nets: int,
    optimiser: optax.GradientTransformation,
    key: Array,
    sample: Array,
    examples: int,
    init_params: Callable[[int, int], dict[str, Array]] | None = None,
) -> TrainState:
    """K networks from K independent keys, for N `examples`: `sample` is f32[1, ...] and only its shape matters."""

    def one(key: Array) -> tuple[Tree, Tree, optax.OptState]:
        made = model.init(key, sample, train=False)
        params, batch_stats = made["params"], made.get("batch_stats", {})
        if init_params is not None:
            logits, features, _ = jax.eval_shape(lambda: _apply(model, params, batch_stats, sample, False, key))
            params = {**params, "strategy": init_params(logits.shape[-1], features.shape[-1])}
        return params, batch_stats, optimiser.init(params)

    return TrainState(
        *jax.vmap(one)(jax.random.split(key, num_nets)),
        memory={},
        failed=jnp.zeros((), bool),
        predicted=jnp.full((num_nets, examples), -1, jnp.int32),
        suspicion={},
    )


def _apply(
    model: nn.Module, params: Tree, batch_stats: Tree, inputs: Array, train: bool, key: Array
) -> tuple[Array, Array, Tree]:
    """-> logits f32[B, C], features f32[B, D], new batch statistics."""
    variables = {"params": params, "batch_stats": batch_stats}
    logits, new = model.apply(
        variables, inputs, train=train, mutable=["batch_stats", "intermediates"], rngs={"dropout": key}
    )
    (features,) = new["intermediates"]["features"]
    return logits, features, new.get("batch_stats", {})


def forward(
    model: nn.Module, params: Tree, batch_stats: Tree, inputs: Array, key: Array, own_inputs: bool = False
) -> tuple[Array, Array, Tree]:
    """Training mode, every network on the same whole batch f32[B, ...], or on one of its own, f32[K, B, ...].

    -> logits f32[K, B, C], features f32[K, B, D], new statistics.
    """

    def one(params: Tree, batch_stats: Tree, inputs: Array, key: Array) -> tuple[Array, Array, Tree]:
        return _apply(model, params, batch_stats, inputs, True, key)

    keys = jax.random.split(key, len(jax.tree.leaves(params)[0]))
    return jax.vmap(one, (0, 0, 0 if own_inputs else None, 0))(params, batch_stats, inputs, keys)


def predict(
    model: nn.Module, params: Tree, batch_stats: Tree, inputs: Array, own_inputs: bool = False
) -> tuple[Array, Array]:
    """Evaluation mode: inputs as for `forward` -> logits f32[K, B, C], features f32[K, B, D]."""

    def one(params: Tree, batch_stats: Tree, inputs: Array) -> tuple[Array, Array]:
        return _apply(model, params, batch_stats, inputs, False, jax.random.key(0))[:2]

    return jax.vmap(one, (0, 0, 0 if own_inputs else None))(params, batch_stats, inputs)


def apply_gradients(
    training: TrainContext, state: TrainState, total: Callable[[Tree], tuple[Array, tuple[Tree, Aux]]]
) -> tuple[TrainState, Aux]:
    """One step of the optimiser down `total`, a function of the params that also gives new batch statistics."""
    gradient, (batch_stats, aux) = jax.grad(total, has_aux=True)(state.params)
    updates, opt_state = jax.vmap(training.optimiser.update)(gradient, state.opt_state, state.params)
    params = optax.apply_updates(state.params, updates)
    return state._replace(params=params, batch_stats=batch_stats, opt_state=opt_state), aux
