"""Peer loss: alpha 1.

`reference` has 300 epochs in which alpha rises and the rate is divided by 1 + alpha, a new optimizer in each
epoch, and the epoch of the best accuracy on noisy labels that are held out (10,000). On CIFAR-100 the code starts
again from its best weights at epoch 100, which jnl does not; jnl does not have its settings for Fashion-MNIST.
Departures: images are turned with linear interpolation, and their border pixels are repeated outside; torchvision
takes the nearest pixel, and black outside. If several epochs are equally good, jnl takes the first, that code the
last.
"""

from ml_collections import ConfigDict

from jnl.settings.config import set_model
from jnl.settings.method import Method
from jnl.settings.protocols import for_data, train_by_sgd

# What alpha is in each epoch of the published code, for even and for uneven noise on CIFAR-10, and on MNIST.
_EVEN = "19:0 20:0 39:0.1 40:1 89:2 90:2 139:2.5 140:2.5 239:3.3 240:3.3 339:5"
_UNEVEN = "19:0 20:0 39:1 40:1 89:2 90:2 139:5 140:5 239:10 240:10 339:20"
_MNIST = "119:0 120:0 299:1"


def _reference(config: ConfigDict) -> None:
    for_data(config, {"mnist": _mnist, "cifar10": _cifar10})(config)
    config.epochs, config.optim.fresh_each_epoch = 300, True
    config.strategy.divide_rate = True
    config.protocol.checkpoint = "at_best_validation"


def _mnist(config: ConfigDict) -> None:
    config.optim.update(schedule="staircase", learning_rate=1e-4)
    config.data.validation, config.strategy.alpha_plan = 1 / 6, _MNIST
    config.augment.normalize = "channels"
    set_model(config, "cnn_pair", dropout=0.5)


def _cifar10(config: ConfigDict) -> None:
    even = config.noise.kind.startswith("symmetric")
    train_by_sgd(config, 0.1, 1e-4, 300, range(40, 300, 40), model="preact_resnet18")
    config.augment.rotate = 15.0
    config.data.validation, config.strategy.alpha_plan = 0.2, _EVEN if even else _UNEVEN


METHOD = Method(reference=_reference)
