"""S-model: the simple model after 10 epochs of cross entropy. `kind=complex` sees the hidden layer."""

from ml_collections import ConfigDict

from jnl.settings.method import Method

_NO_REFERENCE = (
    "the published code stops both of its trainings early, each run at an epoch of its own; jnl trains all runs alike"
)


def _quick(config: ConfigDict) -> None:
    config.strategy.pretrain_epochs = 1


METHOD = Method(reference=_NO_REFERENCE, quick=_quick)
