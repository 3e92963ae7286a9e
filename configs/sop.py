"""SOP (Liu et al. 2022, "Robust training under label noise by over-parameterization").

python train.py --config=configs/sop.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 87.13 ± 0.69 % at the last epoch with 50 %
symmetric noise, 90.21 ± 0.40 % with 40 % asymmetric; 36 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from ml_collections import ConfigDict

from jnl.config import published, train_by_sgd


def get_config(arg: str | None = None) -> ConfigDict:
    """The rates of u and v by noise; with `reference` SGD, a cosine and PreAct ResNet-18."""
    config = published("sop", arg, reference=_reference)
    if config.noise.kind.startswith("asymmetric"):
        config.strategy.rate_u, config.strategy.rate_v = 0.1, 100.0
    return config


def _reference(config: ConfigDict) -> None:
    train_by_sgd(config, 0.02, 1e-3, 300, model="preact_resnet18")
    config.optim.update(schedule="cosine", minimum=2e-4)
