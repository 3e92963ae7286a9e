"""CDR: `strategy.noise_rate` follows `noise.rate`.

`reference` has SGD, ResNet-50 (LeNet on MNIST), and the epoch of the best accuracy on 10 % noisy labels.
"""

from ml_collections import ConfigDict

from jnl.settings.config import set_model
from jnl.settings.method import Method
from jnl.settings.protocols import for_data, train_by_sgd

_GRAY, _COLOR = (100, (9, 19), 32), (200, (39, 79), 64)  # epochs, milestones (the scheduler steps first), batch size


def _reference(config: ConfigDict) -> None:
    every = {"mnist": _GRAY, "fashion_mnist": _GRAY, "cifar10": _COLOR, "cifar100": _COLOR}
    epochs, milestones, batch_size = for_data(config, every)
    train_by_sgd(config, 0.01, 1e-3, epochs, milestones, batch_size=batch_size)
    if config.data.name == "mnist":
        set_model(config, "lenet")
    else:
        set_model(config, "resnet50", small_images=True)
    if config.data.name.endswith("mnist"):
        config.augment.update(pad=0, flip=False)
    config.data.validation, config.protocol.checkpoint = 0.1, "at_best_validation"


METHOD = Method(reference=_reference)
