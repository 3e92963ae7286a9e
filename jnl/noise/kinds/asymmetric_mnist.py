"""Digits become those that look like them: 7 to 1, 2 to 7, 3 to 8, 5 and 6 to each other (Patrini et al. 2017)."""

from jnl.noise.kind import NoiseKind, flips


def asymmetric_mnist() -> NoiseKind:
    """Return the noise."""
    return flips(lambda num_classes: {7: 1, 2: 7, 3: 8, 5: 6, 6: 5}, 10)
