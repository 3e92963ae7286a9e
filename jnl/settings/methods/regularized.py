"""Regularized: label smoothing 0.1. The penalties are off; their common weight is 1."""

from jnl.settings.method import Method

METHOD = Method(reference="its terms come from papers without code for noisy labels")
