"""The network of symmetric cross entropy on CIFAR-10 (Wang et al. 2019): 1,639,794 parameters.

It has three blocks with 64, 128 and 196 channels; each block is twice [3x3 convolution, batch norm, ReLU], then a 2x2
pool. A dense layer of 256 units with batch norm and ReLU and the last layer follow. The published code decays only the
weights of the layer with 256 units; set `optim.decayed` to its name, `Dense_0`.
"""

from flax import linen as nn

from jnl.models._keras import KerasCNN


def cnn6(num_classes: int, dropout: float = 0.0) -> nn.Module:
    """Create the network; `dropout` is the dropout rate before the last layer."""
    return KerasCNN(num_classes, ((64, 64), (128, 128), (196, 196)), 256, dropout)
