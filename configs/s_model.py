"""S-model (Goldberger & Ben-Reuven 2017,
"Training deep neural-networks using a noise adaptation layer").

python train.py --config=configs/s_model.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 86.51 ± 0.22 % at the last epoch with 50 %
symmetric noise, 84.38 ± 1.36 % with 40 % asymmetric; 34 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from ml_collections import ConfigDict

from jnl.settings.config import options, published

_NO_REFERENCE = (
    "the published code stops both of its trainings early, each run at an epoch of its own; jnl trains all runs alike"
)


def get_config(arg: str | None = None) -> ConfigDict:
    """The simple model after 10 epochs of cross entropy; `--config.strategy.kind=complex` sees the hidden layer."""
    config = published("s_model", arg, reference=_NO_REFERENCE)
    if "quick" in options(arg):
        config.strategy.pretrain_epochs = 1
    return config
