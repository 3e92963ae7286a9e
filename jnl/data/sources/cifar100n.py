"""CIFAR-100N (Wei et al. 2022): CIFAR-100 with fine labels that people gave; 40.20 % of them are wrong.

The labels come from `data.file` or from the prepared TFDS data set `cifar100_n`, as for `cifar10n`.
"""

import os

from jnl.data.dataset import Dataset
from jnl.data.readers.human import read
from jnl.data.sources import cifar100
from jnl.support.paths import Folder

NOISY = True
LABELS = {"noisy_label": "noise_label"}  # name in a file -> name in TFDS


def load(dir: Folder = None, file: str = "", labels: str = "noisy_label") -> Dataset:
    """Load the images of CIFAR-100 with noisy labels.

    Args:
      dir: if there is a `file`, folder of CIFAR-100 as for `cifar100`; else of the prepared TFDS files of `cifar100_n`.
      file: .npz, .npy or .pt file with the labels in the order of the original training set; "" for none.
      labels: name of the labels; there is only `noisy_label`.
    """
    return read(cifar100.load, "cifar100_n", dir, os.fspath(file), labels, LABELS)
