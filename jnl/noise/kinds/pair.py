"""Each label changes to the next class with probability `rate` (Han et al. 2018)."""

from jnl.noise.kind import NoiseKind, flips


def pair() -> NoiseKind:
    """Return the noise, for any number of classes; the last class changes to class 0."""
    return flips(lambda num_classes: {clean: (clean + 1) % num_classes for clean in range(num_classes)})
