"""MentorNet: self-paced below the 70th percentile. Other curricula by `--config.strategy.kind=predefined`."""

from ml_collections import ConfigDict

from jnl.settings.method import Method

_NO_REFERENCE = (
    "the released student asks a trained network for its weights, where jnl has the rule that this network imitates, "
    "and is a residual network of 101 layers, which jnl does not have"
)


def _quick(config: ConfigDict) -> None:
    config.strategy.burn_in = 0


METHOD = Method(reference=_NO_REFERENCE, quick=_quick)
