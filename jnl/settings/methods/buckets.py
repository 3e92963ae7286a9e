"""Buckets: bags of 8. `--config.strategy.known_noise=true` uses the true noise matrix."""

from jnl.settings.method import Method

METHOD = Method(reference="learning from label proportions has no published code for noisy labels")
