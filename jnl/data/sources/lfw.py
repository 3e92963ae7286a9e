"""Labeled Faces in the Wild with the gender that first names suggest (Malach & Shalev-Shwartz 2017).

`data.dir` has a folder for each person: `Name_Surname/Name_Surname_0001.jpg`. `data.names` is a table with one first
name in each line: name, `male`, `female` or `None`, confidence from 0 to 1. More columns are ignored. The images have
these subsets:
- N1, N2, N3: names with confidence 1, split at random into three equal parts
- N4: other names with confidence above 0.9
- N5: names without a prediction, or not in the table. All are labeled male, because most of them are.

Other names are left out. It is not recorded which subsets the paper trained on, so the subsets are a setting. The
default is the data set #1 of the paper, which has more noise. Its data set #2 leaves out N5.
"""

import os
from pathlib import Path

import numpy as np

from jnl.data.dataset import Dataset
from jnl.data.readers import images
from jnl.data.readers.files import lines
from jnl.support.errors import UserError, unknown
from jnl.support.paths import Folder

NOISY = True
CLASSES = ("male", "female")
SUBSETS = ("N1", "N2", "N3", "N4", "N5")


def load(
    dir: Folder = None, names: str = "gender.txt", train: str = "N1+N2+N4+N5", test: str = "N3", size: int = 64
) -> Dataset:
    """Load the faces; the images are u8[N, size, size, 3], the labels 0 (male) and 1 (female).

    Args:
      dir: folder of the unpacked images; None is `lfw` in the working directory.
      names: path of the table of first names, also relative to `dir`.
      train: subsets of the training set, joined by "+".
      test: subsets of the test set, joined by "+"; no subset may be in both sets.
      size: side of the images in pixels.

    Raises:
      UserError: A file is missing or wrong, a subset is unknown, empty or in both sets, or the size is out of range.
    """
    root = Path(dir or "lfw")
    paths = sorted(root.glob("*/*.jpg"))
    if not paths:
        raise UserError(f"data.dir: no Name_Surname/*.jpg in {root}; give the folder of the unpacked LFW images")
    table = Path(names) if os.path.isfile(names) else root / names
    for part, wanted in (("train", train), ("test", test)):
        for name in wanted.split("+"):
            if name not in SUBSETS:
                raise unknown(f"data.{part}", name, list(SUBSETS))
    if both := sorted(set(train.split("+")) & set(test.split("+"))):
        raise UserError(f"data.test: {both[0]} is in data.train too; test on images that are not trained on")
    labels, subset = _subsets(paths, table)
    parts, chosen = [], {}
    form = images.Form(size, size, 3)
    for part, wanted in (("train", train), ("test", test)):
        rows = np.flatnonzero(np.isin(subset, wanted.split("+")))
        if not len(rows):
            raise UserError(
                f"data.{part}: {wanted} has no images; choose among {', '.join(sorted(set(subset) - {''}))}"
            )
        unclear = np.full(len(rows), -1) if part == "train" else None
        chosen[part] = [paths[row] for row in rows]
        parts.append(images.load(f"lfw-{part}-{wanted}", chosen[part], labels[rows], form, unclear))
    origin, notes = images.origin(chosen["train"], root), images.notes(parts[0].done + parts[1].done, form)
    return Dataset(parts[0].split, parts[1].split, CLASSES, origin, notes=notes)


def _subsets(paths: list[Path], table: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the label, i64[N], and the subset "N1" to "N5" ("" for none), str[N], of each image."""
    known = {}
    for name, gender, confidence, *_ in lines(table, 3, "first names"):
        if gender not in (*CLASSES, "None"):
            raise UserError(f"data.names: {table} says that {name} is {gender!r}, not male, female or None")
        if name in known:
            raise UserError(f"data.names: {table} has {name!r} twice; leave one out")
        try:
            known[name] = (gender, float(confidence))
        except ValueError as error:
            raise UserError(
                f"data.names: {table} gives {name} the confidence {confidence!r}, which is not a number"
            ) from error
        if not 0 <= known[name][1] <= 1:
            raise UserError(f"data.names: {table} gives {name} the confidence {confidence}, which is outside [0, 1]")
    guesses = [known.get(path.parent.name.split("_")[0], ("None", 0.0)) for path in paths]
    labels = np.array([CLASSES.index(gender) if gender in CLASSES else 0 for gender, _ in guesses])
    predicted = np.array([gender in CLASSES for gender, _ in guesses])
    certainty = np.array([certainty for _, certainty in guesses])
    subset = np.full(len(paths), "", dtype="<U2")
    subset[~predicted] = "N5"
    subset[predicted & (certainty > 0.9)] = "N4"
    sure = np.random.RandomState(0).permutation(np.flatnonzero(predicted & (certainty == 1)))
    for name, rows in zip(SUBSETS, np.array_split(sure, 3), strict=False):
        subset[rows] = name
    return labels, subset
