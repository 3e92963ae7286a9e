"""The files of `configs/`, by what they are for. `tests/test_train.py` fails if one is missing here."""

from jnl import strategies

METHODS = ["quickstart", *strategies.names()]
DATA_SETS = ["news", "lfw", "tiny_imagenet", "clothing1m"]
TABLES = {"mnist": 24, "cifar10": 24, "cifar100": 24, "news": 12, "open_set": 3}  # bench_NAME.py -> number of cells
