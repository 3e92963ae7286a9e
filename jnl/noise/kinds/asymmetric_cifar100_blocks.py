"""Each label of CIFAR-100 changes with probability `rate` to the next class in its block of five alphabetical labels.

The code of Co-teaching, Co-teaching+ and JoCoR calls these blocks superclasses, but they are not the superclasses of
CIFAR-100.
"""

from jnl.noise.kind import NoiseKind, flips


def asymmetric_cifar100_blocks() -> NoiseKind:
    """Return the noise of the published code, for 100 classes."""
    return flips(lambda num_classes: {label: label // 5 * 5 + (label + 1) % 5 for label in range(num_classes)}, 100)
