"""One update of the K networks of one run."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from jax import Array

from jnl.losses import objective
from jnl.types import Context, Selection, Strategy

Tree = dict[str, "Tree | Array"]


class State(NamedTuple):
    """All that training changes; every leaf starts with the K axis."""

    params: Tree
    batch_stats: Tree
    opt_state: optax.OptState


class Outcome(NamedTuple):
    """What a step leaves for the metrics."""

    objective: Array  # f32[G]
    selection: Selection
    logits: Array  # f32[K, B, C] before the update


def init(model: nn.Module, num_nets: int, key: Array, sample: Array) -> State:
    """K networks from K independent keys: `sample` is f32[1, ...] and only its shape matters."""

    def one(key: Array) -> State:
        variables = model.init(key, sample, train=False)
        params = variables["params"]
        return State(params, variables.get("batch_stats", {}), optax.adam(0.0).init(params))

    return jax.vmap(one)(jax.random.split(key, num_nets))


def forward(model: nn.Module, params: Tree, batch_stats: Tree, inputs: Array, key: Array) -> tuple[Array, Tree]:
    """Training mode, every network on the same whole batch: f32[B, ...] -> logits f32[K, B, C], new statistics."""

    def one(params: Tree, batch_stats: Tree, key: Array) -> tuple[Array, Tree]:
        variables = {"params": params, "batch_stats": batch_stats}
        logits, new = model.apply(variables, inputs, train=True, mutable=["batch_stats"], rngs={"dropout": key})
        return logits, new.get("batch_stats", {})

    keys = jax.random.split(key, len(jax.tree.leaves(params)[0]))
    return jax.vmap(one)(params, batch_stats, keys)


def predict(model: nn.Module, state: State, inputs: Array) -> Array:
    """Evaluation mode: f32[B, ...] -> logits f32[K, B, C]."""

    def one(params: Tree, batch_stats: Tree) -> Array:
        return jnp.asarray(model.apply({"params": params, "batch_stats": batch_stats}, inputs, train=False))

    return jax.vmap(one)(state.params, state.batch_stats)


def update(
    model: nn.Module,
    strategy: Strategy,
    optimiser: optax.GradientTransformation,
    state: State,
    inputs: Array,
    labels: Array,
    context: Context,
    key: Array,
) -> tuple[State, Outcome]:
    """One step: forward, select, backward, update. Inputs f32[B, ...], noisy labels i32[B].

    Both networks' losses are taken before either changes, so the order of the networks does not matter. Batch
    statistics see the whole noisy batch, selected or not, as in the published code.
    """

    def total(params: Tree) -> tuple[Array, tuple[Tree, Outcome]]:
        logits, batch_stats = forward(model, params, state.batch_stats, inputs, key)
        selection = strategy.select(logits, labels, context)
        rows = objective(selection)
        return rows.sum(), (batch_stats, Outcome(rows, selection, logits))

    gradient, (batch_stats, outcome) = jax.grad(total, has_aux=True)(state.params)
    updates, opt_state = jax.vmap(optimiser.update)(gradient, state.opt_state, state.params)
    return State(optax.apply_updates(state.params, updates), batch_stats, opt_state), outcome
