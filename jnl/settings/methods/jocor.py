"""JoCoR: the published `co_lambda`. Under asymmetric noise half the noise rate is forgotten: half the classes flip.

The published code halves for CIFAR-100 too, where all classes flip: `reference` does so.
"""

from ml_collections import ConfigDict

from jnl.settings.config import family
from jnl.settings.method import Method
from jnl.settings.protocols import co_teaching

# MNIST: the repository's example.sh (symmetric 20 %), also used for the noises it does not name; the others: its
# author's README.
_CO_LAMBDA = {"cifar10": 0.9, "cifar100": 0.85}


def _settings(config: ConfigDict) -> None:
    config.strategy.co_lambda = _CO_LAMBDA.get(family(config.data.name), 0.95)
    if family(config.data.name) == "cifar10" and config.noise.kind == "symmetric" and config.noise.rate >= 0.8:
        config.strategy.co_lambda = 0.65
    all_flip = family(config.data.name) == "cifar100"
    if config.noise.kind.startswith("asymmetric") and not all_flip:
        config.strategy.forget_rate = config.noise.get_ref("rate") * 0.5  # follows --config.noise.rate


METHOD = Method(_settings, co_teaching)
