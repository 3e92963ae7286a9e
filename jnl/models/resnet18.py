"""ResNet-18 for large images (He et al. 2016), as in torchvision: 11,689,512 parameters for 1000 classes.

JoCoR trains it on Clothing1M from random weights.
"""

from flax import linen as nn

from jnl.models._residual import Block, ImageNetResNet


def resnet18(num_classes: int, dropout: float = 0.0) -> nn.Module:
    """Create the network; `dropout` is the dropout rate before the last layer."""
    return ImageNetResNet(num_classes, Block, (2, 2, 2, 2), dropout)
