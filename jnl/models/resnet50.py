"""ResNet-50 for large images (He et al. 2016), as in torchvision: 25,557,032 parameters for 1000 classes.

Departure: DivideMix, ELR and others train it on Clothing1M from ImageNet weights; here the weights start at random.

`small_images` gives the ResNet-50 of CDR for 32x32 images: 23,520,842 parameters for 10 classes. Its first convolution
is 3x3 with stride 1 and no padding, and no pool follows it.
"""

from flax import linen as nn

from jnl.models._residual import Bottleneck, ImageNetResNet, ResNet

_BLOCKS = (3, 4, 6, 3)


def resnet50(num_classes: int, small_images: bool = False, dropout: float = 0.0) -> nn.Module:
    """Create the network, for 32x32 images if `small_images`; `dropout` is the dropout rate before the last layer."""
    if small_images:
        return ResNet(num_classes, Bottleneck, _BLOCKS, True, dropout, stem_padding=0)
    return ImageNetResNet(num_classes, Bottleneck, _BLOCKS, dropout)
