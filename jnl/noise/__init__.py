"""Label noise: its kinds and transition matrices, the drawing of noisy labels, and the search for wrong labels."""

from jnl.noise import kinds
from jnl.noise.draws import corrupt
from jnl.noise.label_noise import assumed_rate, check, draw, has_matrix, realized, transition

KINDS = kinds.names()

__all__ = ["KINDS", "check", "corrupt", "draw", "assumed_rate", "has_matrix", "realized", "transition"]
