"""Co-teaching+: the published networks and, with `reference`, the warm-up."""

from ml_collections import ConfigDict

from jnl.settings.config import family
from jnl.settings.method import Method
from jnl.settings.protocols import co_teaching

_WARMUP_EPOCHS = {"cifar10": 20, "cifar100": 5}  # of the published code; the paper's algorithm has none


def _reference(config: ConfigDict) -> None:
    co_teaching(config)
    config.protocol.max_steps = 0  # the code of Co-teaching+ has no limit on the steps,
    config.optim.decay_start = 80  # and the same decay on CIFAR-100
    config.strategy.warmup_epochs = _WARMUP_EPOCHS.get(family(config.data.name), 0)


METHOD = Method(reference=_reference, networks={"cifar10": "cnn_small"})
