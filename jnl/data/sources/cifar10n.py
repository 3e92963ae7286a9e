"""CIFAR-10N (Wei et al. 2022): CIFAR-10 with labels that people gave.

The labels come from `data.file`: the published `CIFAR-10_human.npy` or `.pt`, or an .npz file with the same arrays, in
the order of the original training set. Without this file they come from the prepared TFDS data set `cifar10_n`. The
labels are not part of jnl, because their license (CC BY-NC 4.0) allows only non-commercial use. Share of wrong labels:
aggre_label 9.01 %, random_label1 17.23 %, random_label2 18.12 %, random_label3 17.64 %, worse_label 40.21 %.
"""

import os

from jnl.data.dataset import Dataset
from jnl.data.readers.human import read
from jnl.data.sources import cifar10
from jnl.support.paths import Folder

NOISY = True
LABELS = ("aggre_label", "random_label1", "random_label2", "random_label3", "worse_label")  # same names in TFDS


def load(dir: Folder = None, file: str = "", labels: str = "worse_label") -> Dataset:
    """Load the images of CIFAR-10 with one of the sets of noisy labels.

    Args:
      dir: if there is a `file`, folder of CIFAR-10 as for `cifar10`; else of the prepared TFDS files of `cifar10_n`.
      file: .npz, .npy or .pt file with the labels; "" for none.
      labels: name of the set of labels, one of `LABELS`.
    """
    return read(cifar10.load, "cifar10_n", dir, os.fspath(file), labels, dict(zip(LABELS, LABELS, strict=True)))
