"""The network of symmetric cross entropy on CIFAR-10 (Wang et al. 2019): 1,639,794 parameters.

Twice [3x3 convolution, batch norm, ReLU] and a 2x2 pool, with 64, 128 and 196 channels; a dense layer of 256 units with
batch norm and ReLU, which is `Dense_0` for `optim.decayed`: the published code decays no other weights.
"""

from flax import linen as nn

from jnl.models._keras import KerasCNN


def cnn6(num_classes: int, dropout: float = 0.0) -> nn.Module:
    """`dropout` before the last layer."""
    return KerasCNN(num_classes, ((64, 64), (128, 128), (196, 196)), 256, dropout)
