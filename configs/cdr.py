"""CDR (Xia et al. 2021, "Robust early-learning: hindering the memorization of noisy labels").

python train.py --config=configs/cdr.py:data=mnist,rate=0.5
"""

from ml_collections import ConfigDict

from jnl.config import published, train_by_sgd


def get_config(arg: str | None = None) -> ConfigDict:
    """`strategy.noise_rate` follows `noise.rate`; with `reference` SGD."""
    return published("cdr", arg, reference=_reference)


def _reference(config: ConfigDict) -> None:
    train_by_sgd(config, 0.01, 1e-3, 200)
