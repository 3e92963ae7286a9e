"""The next class within blocks of five alphabetical labels.

The code of Co-teaching, Co-teaching+ and JoCoR says "superclass" for CIFAR-100, but does this.
"""

from jnl.noise.kind import NoiseKind, flips


def asymmetric_cifar100_blocks() -> NoiseKind:
    """Return the noise that the published code draws."""
    return flips(lambda num_classes: {label: label // 5 * 5 + (label + 1) % 5 for label in range(num_classes)}, 100)
