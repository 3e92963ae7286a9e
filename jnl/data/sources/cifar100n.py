"""CIFAR-100N (Wei et al. 2022): the images of CIFAR-100 with fine labels by people, 40.20 % of them wrong.

Read as for `cifar10n`: from `data.file`, or from TFDS's prepared `cifar100_n`.
"""

import os

from jnl.data.dataset import Dataset
from jnl.data.readers.human import read
from jnl.data.readers.tfds import Folder

NOISY = True
LABELS = {"noisy_label": "noise_label"}  # what TFDS calls them


def load(dir: Folder = None, file: str = "", labels: str = "noisy_label") -> Dataset:
    """`dir` has the prepared `cifar100`, or `cifar100_n` if there is no `file`."""
    return read("cifar100", "cifar100_n", dir, os.fspath(file), labels, LABELS)
