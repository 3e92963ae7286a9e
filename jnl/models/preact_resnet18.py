"""PreAct ResNet-18: 11,171,274 parameters for 10 classes, as in DivideMix, ELR+ and SOP.

Co-teaching+ (Tiny ImageNet) has no batch norm after the first convolution: `stem_norm=False`, 11,268,616 parameters for
200 classes. As in its code, only the first 4x4 pixels of the 7x7 last map are pooled. In both versions, no batch norm
follows the last block.
"""

from flax import linen as nn

from jnl.models._residual import PreActBlock, ResNet


def preact_resnet18(num_classes: int, stem_norm: bool = True, dropout: float = 0.0) -> nn.Module:
    """Create the network; `dropout` is the dropout rate before the last layer.

    `stem_norm` adds a batch norm and ReLU after the first convolution.
    """
    return ResNet(num_classes, PreActBlock, (2, 2, 2, 2), stem_norm, dropout)
