"""The interface of a network, as training uses it. `jnl.models.wrap` makes one of a Flax module."""

from typing import Protocol

from jax import Array

Tree = dict[str, "Tree | Array"]


class Network(Protocol):
    """A network without its weights.

    Networks that compute the same are equal, because points of a sweep with equal networks share one program.
    """

    @property
    def vocabulary(self) -> int:
        """The number of different tokens that the network knows; 0 if it does not say it."""

    def init(self, key: Array, inputs: Array) -> tuple[Tree, Tree]:
        """Return new parameters, and new statistics of batch norm, which may be empty.

        Args:
          key: random key.
          inputs: f32[B, ...] or i32[B, T]; only shape and type matter.
        """

    def apply(
        self, params: Tree, batch_stats: Tree, inputs: Array, train: bool, key: Array
    ) -> tuple[Array, Array | None, Tree]:
        """Return logits f32[B, C], features f32[B, D] if the network records them, and the new statistics.

        Args:
          params: parameters, perhaps with others of the strategy, which the network ignores.
          batch_stats: statistics of batch norm.
          inputs: f32[B, ...] or i32[B, T].
          train: whether the network trains: dropout is active, and batch norm uses the statistics of the batch.
          key: random key of dropout.
        """
