"""The network of symmetric cross entropy on MNIST (Wang et al. 2019): 422,090 parameters.

It has two blocks [3x3 convolution, batch norm, ReLU, 2x2 pool] with 32 and 64 channels, a dense layer of 128 units with
batch norm and ReLU, and the last layer.
"""

from flax import linen as nn

from jnl.models._keras import KerasCNN


def cnn2(num_classes: int, dropout: float = 0.0) -> nn.Module:
    """Create the network; `dropout` is the dropout rate before the last layer."""
    return KerasCNN(num_classes, ((32,), (64,)), 128, dropout)
