"""PreAct ResNet-18: 11,171,274 parameters for 10 classes as in DivideMix, ELR+ and SOP.

Co-teaching+ (Tiny ImageNet) has no batch norm after the first convolution: `stem_norm=False`, 11,268,616 for 200
classes; of its 7x7 last map only the first 4x4 is pooled, as there. No batch norm follows the last block in either.
"""

from flax import linen as nn

from jnl.models._residual import PreActBlock, ResNet


def preact_resnet18(num_classes: int, stem_norm: bool = True, dropout: float = 0.0) -> nn.Module:
    """`dropout` before the last layer."""
    return ResNet(num_classes, PreActBlock, (2, 2, 2, 2), stem_norm, dropout)
