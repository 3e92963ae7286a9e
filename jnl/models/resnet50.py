"""ResNet-50 for large images (He et al. 2016): 25,557,032 parameters for 1000 classes, as torchvision has it.

Departure: DivideMix, ELR and others take it to Clothing1M with weights from ImageNet; here they start at random.
"""

from flax import linen as nn

from jnl.models._residual import Bottleneck, ImageNetResNet


def resnet50(num_classes: int, dropout: float = 0.0) -> nn.Module:
    """`dropout` before the last layer."""
    return ImageNetResNet(num_classes, Bottleneck, (3, 4, 6, 3), dropout)
