"""Noise on the inputs of a network while it trains (Arpit et al. 2017, section 5)."""

import jax
from flax import linen as nn
from jax import Array

STREAM = "dropout"  # of random numbers: the one that a training step gives


class NoisyInputs(nn.Module):
    """The same network, with the same parameters, whose training inputs are dropped or shifted."""

    network: nn.Module
    dropout: float = 0.0  # share of the numbers of an input that are 0
    deviation: float = 0.0  # of what is added to each number, whose own is 1 where images are normalized

    def setup(self) -> None:
        nn.share_scope(self, self.network)

    def __call__(self, x: Array, train: bool) -> Array:
        """f32[B, ...] -> f32[B, C]."""
        if train and self.dropout:
            keeps = 1 - self.dropout
            x = x * jax.random.bernoulli(self.make_rng(STREAM), keeps, x.shape) / keeps
        if train and self.deviation:
            x = x + self.deviation * jax.random.normal(self.make_rng(STREAM), x.shape)
        return self.network(x, train)
