"""The small CNN of Co-teaching+ (CIFAR-10): 62,006 parameters, without batch norm, and by default without dropout."""

from flax import linen as nn

from jnl.models.lenet import LeNet


def cnn_small(num_classes: int, dropout: float = 0.0) -> nn.Module:
    """Create the network; `dropout` is the dropout rate before the last layer."""
    return LeNet(num_classes, 0, dropout)
