"""Label noise: kinds and their transition matrices, published draws, and the estimation of what is wrong."""

from jnl.noise import kinds
from jnl.noise.draws import corrupt
from jnl.noise.label_noise import check, draw, nominal_rate, realized, transition

KINDS = kinds.names()

__all__ = ["KINDS", "check", "corrupt", "draw", "nominal_rate", "realized", "transition"]
