"""What a program is about to do, in lines for people."""

import numpy as np

from jnl import layout
from jnl.data.dataset import Dataset
from jnl.parts import Parts

_READABLE = 10  # classes of which the noise matrix is shown


def describe(parts: Parts) -> list[str]:
    """The data, their noise, what will run on them, and a warning if a method will do nothing."""
    return [*_data(parts.config.data.name, parts.dataset), *_matrix(parts), _training(parts), *_idle(parts)]


def _data(name: str, dataset: Dataset) -> list[str]:
    """Sizes, kind of the inputs, classes and how unevenly they are filled."""
    train, test, names = dataset.train, dataset.test, dataset.class_names
    counts = np.bincount(np.asarray(train.labels), minlength=len(names))
    shape = " x ".join(map(str, train.inputs.shape[1:]))
    tested = f"{len(test.labels):,} to test" if test is not None else "no test set"
    few, many = int(counts.argmin()), int(counts.argmax())
    return [
        f"{name}: {len(train.labels):,} to train, {tested}, inputs {shape} {train.inputs.dtype}, {len(names)} classes "
        f"of {counts[few]:,} ({names[few]}) to {counts[many]:,} ({names[many]}) labels"
    ]


def _matrix(parts: Parts) -> list[str]:
    """The noise of the first run in percent, where there are few enough classes."""
    names, matrix = parts.dataset.class_names, parts.members[0].matrix
    if len(names) > _READABLE or not np.isfinite(matrix).all() or (matrix == np.eye(len(names))).all():
        return []
    width = max(len(name) for name in names)
    rows = [
        f"{name:>{width}} {' '.join(f'{100 * share:5.1f}' for share in row)}"
        for name, row in zip(names, matrix, strict=True)
    ]
    return ["noise in percent: a row for each true class, a column for each label, in the same order", *rows]


def _training(parts: Parts) -> str:
    config, wrong = parts.config, np.unique([member.realised_rate for member in parts.members])
    rates = f"{wrong[0]:.2%}" if len(wrong) == 1 else f"{wrong[0]:.2%} to {wrong[-1]:.2%}"
    known = "an unknown share of" if np.isnan(wrong).any() else rates
    return (
        f"{config.strategy.name} on {config.data.name}: {len(parts.dataset.train.labels):,} examples, "
        f"{known} wrong labels ({config.noise.kind}), {parts.model}, {len(parts.members)} runs x "
        f"{parts.recipe.num_nets} networks {layout.describe(parts.layout)}"
        f"{', inputs fed from the host' if parts.recipe.streams else ''}"
    )


def _idle(parts: Parts) -> list[str]:
    name, run = parts.config.strategy.name, parts.runs[0]
    if not parts.recipe.make_strategy(**run.hyper).forgets or int(run.keep[-1, -1]) < parts.config.batch_size:
        return []
    return [f"{name} leaves nothing out: set strategy.forget_rate to the share of labels that you expect to be wrong"]
