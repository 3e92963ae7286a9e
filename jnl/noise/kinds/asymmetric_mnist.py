"""Digits are confused with similar digits with probability `rate` (Patrini et al. 2017).

7 changes to 1, 2 to 7, 3 to 8, 5 to 6 and 6 to 5.
"""

from jnl.noise.kind import NoiseKind, flips


def asymmetric_mnist() -> NoiseKind:
    """Return the noise, for 10 classes."""
    return flips(lambda num_classes: {7: 1, 2: 7, 3: 8, 5: 6, 6: 5}, 10)
