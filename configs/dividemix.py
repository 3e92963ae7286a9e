"""DivideMix (Li et al. 2020, "DivideMix: learning with noisy labels as semi-supervised learning").

python train.py --config=configs/dividemix.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 96.20 ± 0.04 % at the last epoch with 50 %
symmetric noise, 95.16 ± 0.57 % with 40 % asymmetric; 163 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from ml_collections import ConfigDict

from jnl.settings.config import family, options, published
from jnl.settings.protocols import draw_symmetric_noise_as, for_data, train_by_sgd


def get_config(arg: str | None = None) -> ConfigDict:
    """Weight of guessed labels and length of the warm-up as published.

    With `reference` SGD, PreAct ResNet-18, 301 epochs, and symmetric noise that may draw the true class: 50 % are 45 %
    wrong labels.
    """
    config = published("dividemix", arg, reference=_reference)
    strategy, hundred = config.strategy, family(config.data.name) == "cifar100"
    strategy.asymmetric = config.noise.kind.startswith("asymmetric")
    strategy.warmup_epochs = 30 if hundred else 10
    if config.noise.rate >= 0.9:
        strategy.average_epochs, strategy.threshold = 5, 0.6
    if hundred:
        strategy.unlabeled_weight = 25.0 if config.noise.rate < 0.5 else 150.0
    elif strategy.asymmetric or config.noise.rate < 0.5:
        strategy.unlabeled_weight = 0.0
    if "quick" in options(arg):
        strategy.warmup_epochs = 1
    return config


def _reference(config: ConfigDict) -> None:
    for_data(config, {"cifar10": None, "cifar100": None})
    train_by_sgd(config, 0.02, 5e-4, 301, (150,), model="preact_resnet18")
    draw_symmetric_noise_as(config, "symmetric_inclusive_exact")
