"""CIFAR-10N (Wei et al. 2022): the images of CIFAR-10 with labels by people.

The labels are read from `data.file`, an .npz with arrays in the order of the original training set, or, without one,
from TFDS's prepared `cifar10_n`. They are not part of jnl: their licence (CC BY-NC 4.0) is for non-commercial use.
Share of wrong labels: aggre_label 9.01 %, random_label1 17.23 %, random_label2 18.12 %, random_label3 17.64 %,
worse_label 40.21 %.
"""

import os

from jnl.data.dataset import Dataset
from jnl.data.readers.human import read
from jnl.data.readers.tfds import Folder

NOISY = True
LABELS = ("aggre_label", "random_label1", "random_label2", "random_label3", "worse_label")  # TFDS has the same names


def load(dir: Folder = None, file: str = "", labels: str = "worse_label") -> Dataset:
    """`dir` has the prepared `cifar10`, or `cifar10_n` if there is no `file`; `labels` says which of them."""
    return read("cifar10", "cifar10_n", dir, os.fspath(file), labels, dict(zip(LABELS, LABELS, strict=True)))
