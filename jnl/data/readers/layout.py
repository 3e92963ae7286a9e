"""Find the training set, the test set and the classes in a folder of images."""

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from jnl.data.labels import alike_names
from jnl.data.readers.image_files import SYSTEM, find, folders, folders_of_results, hidden_folders
from jnl.support.errors import UserError
from jnl.support.text import listed, number

_TRAIN = ("train", "training")
HELD = ("test", "testing", "val", "valid", "validation", "eval", "evaluation", "dev")  # the first in this order is used
_SUFFIX = re.compile(r"[ _-]?(set|data|images|split)$")
_NUMBER = re.compile(r"[ _-]?\d+$")  # of a year or a part: train1, val2017


class Layout(NamedTuple):
    """Where the images of each class are."""

    train: Mapping[str, Path]  # class name -> folder, in alphabetical order
    test: Mapping[str, Path] | None
    notes: list[str]


def read(root: Path) -> Layout:
    """Return the layout of a folder: classes, or splits that hold classes, or classes that hold splits.

    Raises:
      UserError: The folder has fewer than two classes, or it is not clear whether its folders are splits or classes.
    """
    names, notes = folders(root), list[str]()
    if len(names) == 1 and split_of(names[0]) != "train" and len(folders(root / names[0])) > 1:
        notes.append(f"the images are in the folder {names[0]!r} in {root.resolve().name!r}")
        root, names = root / names[0], folders(root / names[0])
    train = [name for name in names if split_of(name) == "train" and folders(root / name)]
    if train:
        layout = _splits_of_classes(root, train, names)
    elif _are_splits_inside(root, names):
        layout = _classes_of_splits(root, names)
    else:
        _refuse_unclear(root, names)
        layout = Layout({name: root / name for name in names}, None, [])
    if len(layout.train) < 2:
        where = root / train[0] if train else root
        results = folders_of_results(where)
        raise UserError(
            f"data.dir: {where} holds {number(len(layout.train), 'folder')}"
            f"{f' beside results of jnl ({listed(results)})' if results else ''}; it needs one folder for each class, "
            "at least 2"
        )
    _refuse_split_among(layout.train)
    notes += [*layout.notes, *_beside(root), *alike_names(layout.train, "data.dir")]
    return layout._replace(notes=notes)


def split_of(name: str) -> str:
    """Return "train", a name in `HELD`, or "" for any other name, such as a class."""
    short = _SUFFIX.sub("", name.lower())
    return "train" if short in _TRAIN else short if short in HELD else ""


def _splits_of_classes(root: Path, train: list[str], names: list[str]) -> Layout:
    """Return the layout `train/a`, `train/b`, `test/a`, ..."""
    if len(train) > 1:
        raise UserError(f"data.dir: {root} holds {listed(train)}, which both name a training set; rename one")
    held = sorted((name for name in names if split_of(name) in HELD), key=lambda name: HELD.index(split_of(name)))
    for name in names:
        if name not in (*train, *held) and find(root / name).paths:
            raise UserError(
                f"data.dir: {root / name} holds images beside {train[0]!r}; call it `test` if it is the clean test "
                "set, otherwise move it elsewhere"
            )
    if held and not folders(root / held[0]) and find(root / held[0]).paths:
        raise UserError(
            f"data.dir: {root / held[0]} holds images, but no folder for each class, so their labels are unknown; move "
            "it elsewhere"
        )
    notes = [f"{held[0]!r} is the test set"] if held and split_of(held[0]) != "test" else []
    notes += [f"the folders {listed(held[1:])} were not read, because {held[0]!r} is the test set"] if held[1:] else []
    test = {name: root / held[0] / name for name in folders(root / held[0])} if held else None
    home = root / train[0]
    notes += _beside(home) + (_beside(root / held[0]) if held else [])
    return Layout({name: home / name for name in folders(home)}, test, notes)


def _are_splits_inside(root: Path, names: list[str]) -> bool:
    """Return whether each folder holds folders of splits only, one of them for training."""
    inside = [[split_of(name) for name in folders(root / name)] for name in names]
    return bool(names) and all(splits.count("train") == 1 and all(splits) for splits in inside)


def _classes_of_splits(root: Path, names: list[str]) -> Layout:
    """Return the layout `a/train`, `a/test`, `b/train`, ..."""
    parts: dict[str, dict[str, Path]] = defaultdict(dict)
    notes = list[str]()
    for name in names:
        for inner in folders(root / name):
            part = split_of(inner)
            if name in parts[part]:
                raise UserError(f"data.dir: {root / name} holds two folders of the split {part!r}; rename one")
            parts[part][name] = root / name / inner
        notes += _beside(root / name)
    held = sorted(parts.keys() - {"train"}, key=HELD.index)
    notes.insert(0, f"each class has folders of splits: train{''.join(f', {part}' for part in held[:1])}")
    notes += [f"the folders {listed(held[1:])} were not read, because {held[0]!r} is the test set"] if held[1:] else []
    return Layout(parts["train"], parts[held[0]] if held else None, notes)


def _refuse_unclear(root: Path, names: list[str]) -> None:
    """Raise `UserError` if folders may be splits or classes: two hold the same folders, or a training set and more."""
    inside = {name: set(folders(root / name)) for name in names}
    trained = [name for name in names if any(split_of(inner) == "train" for inner in inside[name])]
    if len(trained) > 1:
        other = next(iter([name for name in names if name not in trained]), "")
        beside = [inner for name in trained for inner in sorted(inside[name]) if not split_of(inner)]
        what = f"{other!r} has none" if other else f"beside them is {beside[0]!r}" if beside else "some are there twice"
        raise UserError(
            f"data.dir: {listed(trained)} in {root} hold folders of splits, but {what}; give each class the same splits"
        )
    for first, second in combinations([name for name in names if len(inside[name]) > 1], 2):
        both = sorted(inside[first] & inside[second])
        if len(both) > 1 and not find(root / first, deep=False).paths and not find(root / second, deep=False).paths:
            raise UserError(
                f"data.dir: {root} holds {first!r} and {second!r}, which hold the same folders {listed(both)}; call "
                "them `train` and `test` if they are splits, or put the images directly into them if they are classes"
            )


def _refuse_split_among(classes: Collection[str]) -> None:
    """Raise `UserError` if a class has the name of a split. `train` alone may be a class of vehicles."""
    doubtful = [name for name in classes if split_of(name) in HELD or (not split_of(name) and _numbered_split(name))]
    if doubtful:
        others = listed([name for name in classes if name not in doubtful])
        what = f"{listed(doubtful)}{' beside ' * bool(others)}{others}"
        raise UserError(
            f"data.dir: {what} may be {'splits or classes' if len(doubtful) > 1 else 'a split or a class'}; put the "
            f"classes into train/ and test/, or rename {'them' if len(doubtful) > 1 else 'it'}"
        )


def _numbered_split(name: str) -> str:
    """Return the split of a name that ends in a number, such as train1 or val2017; "" for others."""
    return split_of(_NUMBER.sub("", name)) if _NUMBER.search(name) else ""


def _beside(root: Path) -> list[str]:
    """Return notes about images and other files beside the folders in `root`, and about hidden folders of images."""
    found, name = find(root, deep=False), root.resolve().name
    others = sum(count for reason, count in found.skipped.items() if reason not in SYSTEM)
    said = [
        f"{number(count, thing)} beside the folders in {name!r} not read"
        for count, thing in ((len(found.paths), "image"), (others, "other file"))
        if count
    ]
    if results := folders_of_results(root):
        said.append(f"folders with results of jnl in {name!r} were not read: {listed(results)}")
    hidden = [each for each in hidden_folders(root) if find(root / each).paths]
    return [*said, f"hidden folders of images in {name!r} were not read: {listed(hidden)}"] if hidden else said
