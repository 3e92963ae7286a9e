"""Each label becomes the next class with chance `rate` (Han et al. 2018)."""

from jnl.noise.kind import NoiseKind, flips


def pair() -> NoiseKind:
    """Return the noise."""
    return flips(lambda num_classes: {clean: (clean + 1) % num_classes for clean in range(num_classes)})
