"""ELR+: momentum 0.7 and weight 3, under asymmetric noise 0.9 and 1; on CIFAR-100 0.9 and 7, and labels re-weighted.

`reference` has SGD, PreAct ResNet-18, and symmetric noise that may draw the true class.
"""

from ml_collections import ConfigDict

from jnl.settings.config import family
from jnl.settings.method import Method
from jnl.settings.protocols import draw_symmetric_noise_as, for_data, train_by_sgd


def _settings(config: ConfigDict) -> None:
    if family(config.data.name) == "cifar100":
        config.strategy.update(target_momentum=0.9, weight=7.0, ramp_steps=40_000, reweight=True)
    elif config.noise.kind.startswith("asymmetric"):
        config.strategy.update(target_momentum=0.9, weight=1.0)


def _reference(config: ConfigDict) -> None:
    epochs, milestone = for_data(config, {"cifar10": (200, 150), "cifar100": (250, 200)})
    train_by_sgd(config, 0.02, 5e-4, epochs, (milestone,), model="preact_resnet18")
    config.data.validation = 0.1
    draw_symmetric_noise_as(config, "symmetric_inclusive_exact")


METHOD = Method(_settings, _reference)
