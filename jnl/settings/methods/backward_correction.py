"""Backward correction has the settings of forward correction. With `reference`, both follow Patrini et al. 2017."""

from jnl.settings.methods.forward_correction import METHOD

__all__ = ["METHOD"]
