"""ELR (Liu et al. 2020, "Early-learning regularization prevents memorization of noisy labels").

python train.py --config=configs/elr.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 96.84 ± 0.01 % at the last epoch with 50 %
symmetric noise, 87.07 ± 0.50 % with 40 % asymmetric; 34 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from ml_collections import ConfigDict

from jnl.settings.config import family, published
from jnl.settings.protocols import draw_symmetric_noise_as, for_data, train_by_sgd


def get_config(arg: str | None = None) -> ConfigDict:
    """Published for CIFAR: momentum and weight by data and noise; other data take those of CIFAR-10."""
    config = published("elr", arg, reference=_reference)
    asymmetric = config.noise.kind.startswith("asymmetric")
    if family(config.data.name) == "cifar100":
        config.strategy.target_momentum, config.strategy.weight = 0.9, 7.0
    elif asymmetric:
        config.strategy.target_momentum, config.strategy.weight = 0.9, 1.0
    return config


def _reference(config: ConfigDict) -> None:
    epochs, milestones = for_data(config, {"cifar10": (120, (40, 80)), "cifar100": (150, (80, 120))})
    train_by_sgd(config, 0.02, 1e-3, epochs, milestones, decay=0.01)
    config.data.validation = 0.1
    if family(config.data.name) == "cifar10" and not config.noise.kind.startswith("asymmetric"):
        config.epochs = 150
        config.optim.update(schedule="cosine", cycle=10, min_learning_rate=1e-3)
    draw_symmetric_noise_as(config, "symmetric_inclusive_exact")
