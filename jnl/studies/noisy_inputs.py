"""Noise on the inputs of a network while it trains (Arpit et al. 2017, section 5)."""

import jax
from flax import linen as nn
from jax import Array

STREAM = "dropout"  # name of the stream of random numbers; a training step provides only this one


class NoisyInputs(nn.Module):
    """A network with noise on its training inputs. Its parameters are those of the network without noise."""

    network: nn.Module
    dropout: float = 0.0  # share of the numbers of an input that are set to 0
    deviation: float = 0.0  # standard deviation of Gaussian noise; normalized images have a standard deviation of 1

    def setup(self) -> None:
        nn.share_scope(self, self.network)

    def __call__(self, x: Array, train: bool) -> Array:
        """Return the logits of the network: f32[B, ...] -> f32[B, C]. Noise is added only if `train`."""
        if train and self.dropout:
            keeps = 1 - self.dropout
            x = x * jax.random.bernoulli(self.make_rng(STREAM), keeps, x.shape) / keeps
        if train and self.deviation:
            x = x + self.deviation * jax.random.normal(self.make_rng(STREAM), x.shape)
        return self.network(x, train)
