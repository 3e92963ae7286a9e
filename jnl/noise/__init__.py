"""Label noise: its kinds and transition matrices, the drawing of noisy labels, and the search for wrong labels."""

from jnl.noise.draws import corrupt
from jnl.noise.kinds import names
from jnl.noise.label_noise import assumed_rate, check, draw, has_matrix, realized, transition

__all__ = ["assumed_rate", "check", "corrupt", "draw", "has_matrix", "names", "realized", "transition"]
