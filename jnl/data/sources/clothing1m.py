"""Clothing1M (Xiao et al. 2015): 10^6 photographs of clothes in 14 classes. The labels come from the text around them.

`data.dir` is the folder that the authors send. It has the lists `noisy_train_key_list.txt`, `clean_test_key_list.txt`,
`noisy_label_kv.txt`, `clean_label_kv.txt` and `category_names_eng.txt`, directly or in `annotations/`, and the images
under the paths in these lists (`images/0/12/....jpg`). About 38 % of the training labels are wrong; none of the true
labels is known. The test set is the clean test list. The clean training and validation lists are not used.
"""

from pathlib import Path

import numpy as np

from jnl.data.dataset import Dataset
from jnl.data.readers import images
from jnl.data.readers.files import lines, listed
from jnl.support.errors import UserError
from jnl.support.paths import Folder

NOISY = True
CLASSES = 14


def load(dir: Folder = None, size: int = 256) -> Dataset:
    """Load Clothing1M; the images are u8[N, size, size, 3].

    With the default size, the cache takes 200 GB. The images are mapped from there, not read into memory.

    Args:
      dir: the folder of Clothing1M; None is `Clothing1M` in the working directory.
      size: side of the images in pixels.

    Raises:
      UserError: A list or an image is missing or wrong.
    """
    root = Path(dir or "Clothing1M")
    lists = root / "annotations" if (root / "annotations").is_dir() else root

    def split(part: str, keys: str, labels: str) -> tuple[images.Loaded, list[Path]]:
        given: dict[str, str] = {}
        for key, label, *_ in lines(lists / labels, 2, "Clothing1M"):
            if given.setdefault(key, label) != label:
                raise UserError(f"data.dir: {lists / labels} has two classes for {key!r}; leave one out")
        wanted = [key for key, *_ in lines(lists / keys, 1, "Clothing1M")]
        if not wanted:
            raise UserError(f"data.dir: {lists / keys} is empty; give the folder of Clothing1M as it was unpacked")
        for key in wanted:
            if given.get(key) not in number:
                raise UserError(f"data.dir: {lists / labels} has no class 0 to {CLASSES - 1} for {key!r}")
        truth = np.full(len(wanted), -1) if part == "train" else None
        paths, seen = listed(wanted, root, lists / keys), np.array([number[given[key]] for key in wanted])
        return images.load(f"clothing1m-{part}", paths, seen, form, truth), paths

    form = images.Form(size, size, 3)
    number = {str(label): label for label in range(CLASSES)}
    names = tuple(" ".join(row) for row in lines(lists / "category_names_eng.txt", 1, "Clothing1M"))
    if len(names) != CLASSES:
        raise UserError(f"data.dir: category_names_eng.txt names {len(names)} classes, not {CLASSES}")
    train, paths = split("train", "noisy_train_key_list.txt", "noisy_label_kv.txt")
    test, _ = split("test", "clean_test_key_list.txt", "clean_label_kv.txt")
    notes = images.notes(train.done + test.done, form)
    return Dataset(train.split, test.split, names, images.origin(paths, root), notes=notes)
