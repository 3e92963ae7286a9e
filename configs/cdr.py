"""CDR (Xia et al. 2021, "Robust early-learning: hindering the memorization of noisy labels").

python train.py --config=configs/cdr.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 87.03 ± 0.66 % at the last epoch with 50 %
symmetric noise, 83.70 ± 0.89 % with 40 % asymmetric; 69 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from ml_collections import ConfigDict

from jnl.settings.config import published, set_model
from jnl.settings.protocols import for_data, train_by_sgd

_GRAY, _COLOR = (100, (9, 19), 32), (200, (39, 79), 64)  # epochs, milestones (the scheduler steps first), batch size


def get_config(arg: str | None = None) -> ConfigDict:
    """`strategy.noise_rate` follows `noise.rate`.

    With `reference` SGD, ResNet-50 (LeNet on MNIST), and the epoch of the best accuracy on 10 % noisy labels.
    """
    return published("cdr", arg, reference=_reference)


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
