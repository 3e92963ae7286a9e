"""Label noise: kinds and their transition matrices, published draws, and the estimation of what is wrong."""

from jnl.noise.label_noise import KINDS, check, corrupt, draw, nominal_rate, realized, transition

__all__ = ["KINDS", "check", "corrupt", "draw", "nominal_rate", "realized", "transition"]
