"""Decoupling, Bootstrap and S-model on Labeled Faces in the Wild."""

from ml_collections import ConfigDict

from jnl.settings.published import of_data, options
from jnl.support.errors import UserError

_SUBSETS = ("N1+N2+N4+N5", "N1+N2+N4")  # data sets #1 and #2: our reading, the paper's is not recorded
_METHODS = (
    {"name": "standard"},
    {"name": "bootstrap", "kind": "soft"},
    {"name": "bootstrap", "kind": "hard"},
    {"name": "s_model"},
    {"name": "decoupling", "warmup_epochs": 67, "class_weights": True, "floor": 0.1},
    {"name": "s_model_decoupling"},
)


def lfw(arg: str | None = None) -> ConfigDict:
    """Return the config: a small network on 64 x 64 images; `reference` is the published one, its crops, and SGD.

    Published in steps, here in epochs of about 75: 30,000 steps, the rate halved every 5,000, decoupling after 5,000.
    S-model and S-model with Decoupling take the settings of their own files.
    """
    config = of_data("lfw", arg, reference=_reference)
    if "noise" in options(arg):
        raise UserError("the config's argument: noise; the labels of lfw are noisy already, choose data.train")
    large = "reference" in options(arg)
    config.data.size = 256 if large else 64
    config.augment.update(crop=227 if large else 56, flip=True, normalize="image")
    config.sweep = (("data.train", _SUBSETS), ("strategy", _METHODS))
    return config


def _reference(config: ConfigDict) -> None:
    config.model = {"name": "levi_hassner", "dropout": 0.0}
    config.epochs, config.seeds = 400, 3
    config.optim.update(name="sgd", learning_rate=0.002, schedule="staircase", decay=0.5)
    config.optim.milestones = tuple(67 * number for number in range(1, 6))
