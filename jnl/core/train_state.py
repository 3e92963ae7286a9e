"""The K networks of one run: their state, their forward pass and their update."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar, cast

import jax
import jax.numpy as jnp
import optax
from jax import Array

from jnl.core.network import Network, Tree
from jnl.support.errors import UserError

Aux = TypeVar("Aux")


class TrainState(NamedTuple):
    """All values that training changes. Every array of the networks starts with the axis K."""

    params: Tree  # the trained parameters of a strategy are under "strategy"
    batch_stats: Tree
    opt_state: optax.OptState
    memory: dict[str, Array]  # arrays that the strategy keeps between batches
    failed: Array  # bool[] whether a loss was not finite; the run is then frozen
    predicted: Array  # i32[K, N] prediction when the network last trained on the example, -1 before the first time
    # Evidence for `Strategy.suspects`: counts `times` i32[N, 2], or results from before training.
    suspicion: dict[str, Array]


def strategy_params(params: Tree) -> dict[str, Array]:
    """Return the trained parameters of the strategy; empty if it has none."""
    return cast(dict[str, Array], params.get("strategy", {}))


def network_params(params: Tree) -> Tree:
    """Return the parameters of the networks, without those of the strategy."""
    return {name: leaf for name, leaf in params.items() if name != "strategy"}


class TrainContext(NamedTuple):
    """The values that are the same for all steps of an epoch."""

    model: Network
    optimizer: optax.GradientTransformation
    augment: Callable[[Array, Array], Array]  # (key, stored inputs [B, ...]) -> f32[B, ...]
    inputs: Array | None  # [N, ...] stored inputs of all examples; None if they are streamed from the host
    labels: Array  # i32[N] noisy labels

    def inputs_of(self, index: Array) -> Array:
        """Return the stored inputs of any examples, for strategies whose data are never streamed."""
        assert self.inputs is not None
        return self.inputs[index]


def init(
    model: Network,
    num_nets: int,
    optimizer: optax.GradientTransformation,
    key: Array,
    sample: Array,
    examples: int,
    init_params: Callable[[int, int], dict[str, Array]] | None = None,
) -> TrainState:
    """Initialize K networks from K independent keys.

    Args:
      model: the network.
      num_nets: K.
      optimizer: the optimizer; each network gets its own optimizer state.
      key: random key.
      sample: f32[1, ...], an input; only its shape matters.
      examples: N.
      init_params: `Strategy.init_params`.

    Returns:
      The state, with an empty memory.
    """

    def one(key: Array) -> tuple[Tree, Tree, optax.OptState]:
        params, batch_stats = model.init(key, sample)
        if init_params is not None:
            logits, features, _ = jax.eval_shape(lambda: model.apply(params, batch_stats, sample, False, key))
            if features is None:
                raise no_features()
            params = {**params, "strategy": {**init_params(logits.shape[-1], features.shape[-1])}}
        return params, batch_stats, optimizer.init(params)

    return TrainState(
        *jax.vmap(one)(jax.random.split(key, num_nets)),
        memory={},
        failed=jnp.zeros((), bool),
        predicted=jnp.full((num_nets, examples), -1, jnp.int32),
        suspicion={},
    )


def no_features() -> UserError:
    """Return the error for a strategy that needs features of a network that does not record them."""
    return UserError(
        "model: the network does not record its features, which this method needs; call "
        'self.sow("intermediates", "features", x) in the outermost module, on the input x of the last layer, or use '
        "another method"
    )


def forward(
    model: Network,
    params: Tree,
    batch_stats: Tree,
    inputs: Array,
    key: Array,
    own_inputs: bool = False,
    train: bool = True,
) -> tuple[Array, Array | None, Tree]:
    """Run the K networks side by side, as one batched program.

    Args:
      model: the network.
      params: [K, ...] parameters.
      batch_stats: [K, ...] statistics of batch norm.
      inputs: f32[B, ...], one batch for all networks, or f32[K, B, ...] with `own_inputs`.
      key: random key of dropout.
      own_inputs: whether each network has its own batch.
      train: whether the networks train, or are evaluated.

    Returns:
      Logits f32[K, B, C], features f32[K, B, D] (None if the network does not record them), new batch statistics.
    """

    def one(params: Tree, batch_stats: Tree, inputs: Array, key: Array) -> tuple[Array, Array | None, Tree]:
        return model.apply(params, batch_stats, inputs, train, key)

    keys = jax.random.split(key, len(jax.tree.leaves(params)[0]))
    return jax.vmap(one, (0, 0, 0 if own_inputs else None, 0))(params, batch_stats, inputs, keys)


def predict(
    model: Network, params: Tree, batch_stats: Tree, inputs: Array, own_inputs: bool = False
) -> tuple[Array, Array | None]:
    """Run the K networks in evaluation mode: inputs as for `forward` -> logits f32[K, B, C], features f32[K, B, D]."""
    return forward(model, params, batch_stats, inputs, jax.random.key(0), own_inputs, train=False)[:2]


def apply_gradients(
    training: TrainContext, state: TrainState, loss_fn: Callable[[Tree], tuple[Array, tuple[Tree, Aux]]]
) -> tuple[TrainState, Aux]:
    """Take one step of the optimizer.

    Args:
      training: the values of the epoch; only the optimizer is used.
      state: the networks before the step.
      loss_fn: (params) -> (loss f32[] summed over the networks, (new batch statistics, any other value)).

    Returns:
      The networks after the step, and the other value from `loss_fn`.
    """
    gradient, (batch_stats, aux) = jax.grad(loss_fn, has_aux=True)(state.params)
    with jax.named_scope("optimizer"):  # what a profile calls these operations
        updates, opt_state = jax.vmap(training.optimizer.update)(gradient, state.opt_state, state.params)
        params = optax.apply_updates(state.params, updates)
    return state._replace(params=params, batch_stats=batch_stats, opt_state=opt_state), aux
