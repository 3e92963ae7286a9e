"""Backward correction: its settings are those of forward correction. `reference` is Patrini et al. 2017."""

from jnl.settings.methods.forward_correction import METHOD

__all__ = ["METHOD"]
