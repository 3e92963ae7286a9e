"""ResNet-34 with the CIFAR stem: 21,282,122 parameters for 10 classes (GCE, ELR, CORES2, CIFAR-10N)."""

from flax import linen as nn

from jnl.models._residual import Block, ResNet


def resnet34(num_classes: int, dropout: float = 0.0) -> nn.Module:
    """Create the network; `dropout` is the dropout rate before the last layer."""
    return ResNet(num_classes, Block, (3, 4, 6, 3), True, dropout)
