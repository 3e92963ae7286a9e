"""Bootstrap: soft, with 0.95. `--config.strategy.kind=hard` has 0.8."""

from jnl.settings.method import Method

METHOD = Method(reference="Reed et al. published no code")
