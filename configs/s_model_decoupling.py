"""S-model + Decoupling (Malach & Shalev-Shwartz 2017,
"Decoupling when to update from how to update").

python train.py --config=configs/s_model_decoupling.py:data=mnist,rate=0.5

Measured on MNIST, 20 epochs, 3 runs, `--config.epochs=20 --config.seeds=3`: 93.61 ± 0.30 % at the last epoch with 50 %
symmetric noise, 94.24 ± 0.27 % with 40 % asymmetric; 73 s on 2 CPU cores. Standard: 87.01 ± 0.42 and
83.47 ± 1.33 %.
"""

from ml_collections import ConfigDict

from jnl.settings.config import options, published


def get_config(arg: str | None = None) -> ConfigDict:
    """The simple model after 10 epochs of cross entropy; `--config.strategy.kind=complex` sees the hidden layer."""
    config = published("s_model_decoupling", arg, reference="its code trains on LFW; use configs/lfw.py:reference")
    if "quick" in options(arg):
        config.strategy.pretrain_epochs = 1
    return config
