"""Truck to automobile, bird to airplane, deer to horse, cat and dog to each other (Patrini et al. 2017)."""

from jnl.noise.kind import NoiseKind, flips


def asymmetric_cifar10() -> NoiseKind:
    """Return the noise."""
    return flips(lambda num_classes: {9: 1, 2: 0, 3: 5, 5: 3, 4: 7}, 10)
