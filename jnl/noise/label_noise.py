"""Label noise: transition matrices and the published draw, bit for bit; and kinds that are no matrix.

Rows of a matrix are clean classes, columns noisy ones. `corrupt` repeats the loop of the Co-teaching, Co-teaching+ and
JoCoR repositories: one multinomial draw per example, in data-set order.
"""

from pathlib import Path

import numpy as np
from jax import Array

from jnl.core.errors import UserError, reason, unknown
from jnl.noise import instance

_FLIPS = {
    "asymmetric_mnist": {7: 1, 2: 7, 3: 8, 5: 6, 6: 5},
    "asymmetric_cifar10": {9: 1, 2: 0, 3: 5, 5: 3, 4: 7},
}

# The 20 superclasses of CIFAR-100, as the alphabetical fine labels that belong to each.
_SUPERCLASSES = (
    (4, 30, 55, 72, 95), (1, 32, 67, 73, 91), (54, 62, 70, 82, 92), (9, 10, 16, 28, 61), (0, 51, 53, 57, 83),
    (22, 39, 40, 86, 87), (5, 20, 25, 84, 94), (6, 7, 14, 18, 24), (3, 42, 43, 88, 97), (12, 17, 37, 68, 76),
    (23, 33, 49, 60, 71), (15, 19, 21, 31, 38), (34, 63, 64, 66, 75), (26, 45, 77, 79, 99), (2, 11, 35, 46, 98),
    (27, 29, 44, 78, 93), (36, 50, 65, 74, 80), (47, 52, 56, 59, 96), (8, 13, 48, 58, 90), (41, 69, 81, 85, 89),
)  # fmt: skip

KINDS = [
    "none", "symmetric", "symmetric_exact", "symmetric_inclusive", "symmetric_inclusive_exact", "pair",
    "asymmetric_mnist", "asymmetric_cifar10", "asymmetric_cifar100_blocks", "asymmetric_cifar100_superclass",
    "instance", "matrix",
]  # fmt: skip


def check(kind: str, rate: float, file: str | None = None) -> None:
    """Raises `UserError` for an unknown kind, a rate outside [0, 1], or for `matrix` a file that holds none."""
    if kind not in KINDS:
        raise unknown("noise.kind", kind, KINDS)
    if not 0 <= rate <= 1:
        raise UserError(f"noise.rate: {rate} is outside [0, 1]; give the share of labels to flip, such as 0.2")
    if kind == "matrix":
        _read(file)


def nominal_rate(kind: str, rate: float, file: str | None = None) -> float:
    """The share of wrong labels that a kind means: `rate`, 0 for `none`, and for `matrix` what it has beside its
    diagonal, as if all classes were equally large. Of the inclusive kinds `rate` is the share that is drawn anew.
    """
    if kind == "matrix":
        return float(1 - np.diag(_read(file)).mean())
    return 0.0 if kind == "none" else rate


def draw(
    kind: str,
    labels: np.ndarray,
    num_classes: int,
    rate: float,
    seed: int,
    inputs: np.ndarray | Array | None = None,
    file: str | None = None,
) -> np.ndarray:
    """Noisy labels of any kind: -> int32[N].

    `symmetric_exact`: exactly round(rate N) labels, those that come first in a permutation, each to any other class
    (ODNL counts like this; its bits are others). `symmetric_inclusive_exact`: int(rate N) labels, each to any class, so
    that a share (C - 1) / C of them is wrong then. DivideMix, ELR and SOP draw like this; their bits cannot be
    repeated, as their streams have no seed. `instance`: by the stored inputs [N, ...], see `instance.py`. The
    others: `corrupt` by their matrix; that of `matrix` is in `file`.

    Raises:
      UserError: as of `check`, `transition` and `corrupt`, or `instance` without inputs.
    """
    if kind == "instance":
        _fits(kind, num_classes, rate)
        if inputs is None:
            raise UserError("noise.kind: 'instance' depends on the inputs; give them")
        return instance.draw(_usable(labels, num_classes, seed), inputs, num_classes, rate, seed)
    matrix = transition(kind, num_classes, rate, file)
    if kind not in ("symmetric_exact", "symmetric_inclusive_exact"):
        return corrupt(labels, matrix, seed)
    noisy, stream = _usable(labels, num_classes, seed).astype(np.int32), np.random.RandomState(seed)
    order = stream.permutation(len(noisy))
    if kind == "symmetric_inclusive_exact":
        drawn = order[: int(rate * len(noisy))]
        noisy[drawn] = stream.randint(0, num_classes, len(drawn))
        return noisy
    flipped = order[: round(rate * len(noisy))]
    noisy[flipped] = (noisy[flipped] + stream.randint(1, num_classes, len(flipped))) % num_classes
    return noisy


def realized(clean: np.ndarray, noisy: np.ndarray, num_classes: int) -> np.ndarray:
    """The shares of noisy labels in each clean class, for kinds that have no matrix: integers [N] -> float64[C, C].

    Clean labels outside 0..C-1 are left out; the row of a class that is not there is that of no noise.
    """
    known = (clean >= 0) & (clean < num_classes)
    counts = np.zeros((num_classes, num_classes))
    np.add.at(counts, (clean[known], noisy[known]), 1)
    counts[np.diag_indices(num_classes)] += counts.sum(1) == 0
    return counts / counts.sum(1, keepdims=True)


def transition(kind: str, num_classes: int, rate: float, file: str | None = None) -> np.ndarray:
    """The matrix P(noisy = column | clean = row): -> float64[C, C].

    `symmetric`: any other class, evenly; `symmetric_exact` in expectation. `symmetric_inclusive`: any class, its own
    too; `symmetric_inclusive_exact` in expectation. `pair`: the next class. `asymmetric_*`: only the listed classes
    flip, each to one other. The published code says "superclass" for CIFAR-100 but cycles within blocks of five
    alphabetical labels: that is `..._blocks`; the noise it describes is `..._superclass`. `matrix`: that of `file`,
    whatever the rate.

    Raises:
      UserError: an unknown kind, a rate outside [0, 1], a kind that does not fit the number of classes or, as
        `instance`, has no matrix, or a file without one.
    """
    _fits(kind, num_classes, rate, file)
    if kind == "instance":
        raise UserError("noise.kind: 'instance' has no matrix; use that of `noise.realized`")
    if kind == "matrix":
        matrix = _read(file)
        if len(matrix) != num_classes:
            raise UserError(f"noise.file: {file} has {len(matrix)} classes, the data have {num_classes}")
        return matrix
    if kind == "none":
        return np.eye(num_classes)
    if kind in ("symmetric", "symmetric_exact"):
        matrix = (rate / (num_classes - 1)) * np.ones((num_classes, num_classes))
        np.fill_diagonal(matrix, 1.0 - rate)
        return matrix
    if kind in ("symmetric_inclusive", "symmetric_inclusive_exact"):
        return (1.0 - rate) * np.eye(num_classes) + rate / num_classes
    matrix = np.eye(num_classes)
    for clean, noisy in _flips(kind, num_classes).items():
        matrix[clean, clean], matrix[clean, noisy] = 1.0 - rate, rate
    return matrix


def _fits(kind: str, num_classes: int, rate: float, file: str | None = None) -> None:
    check(kind, rate, file)
    if num_classes < 2:
        raise UserError(f"noise.kind: {kind!r} needs at least 2 classes, the data have {num_classes}")


def _flips(kind: str, num_classes: int) -> dict[int, int]:
    if kind == "pair":
        return {clean: (clean + 1) % num_classes for clean in range(num_classes)}
    needed = 100 if "cifar100" in kind else 10
    if num_classes != needed:
        raise UserError(
            f"noise.kind: {kind!r} is defined for {needed} classes, the data have {num_classes}; use symmetric or pair"
        )
    if kind in _FLIPS:
        return _FLIPS[kind]
    blocks = _SUPERCLASSES if kind.endswith("superclass") else np.arange(100).reshape(20, 5).tolist()
    return {block[i]: block[(i + 1) % 5] for block in blocks for i in range(5)}


def _read(file: str | None) -> np.ndarray:
    """The matrix in a file, its rows divided by their sums: -> float64[C, C]."""
    if file is None:
        raise UserError("noise.file: missing; noise.kind 'matrix' wants a .npy, .csv or .txt file with C x C shares")
    try:
        matrix = _numbers(Path(file))
    except Exception as error:  # what a damaged file makes of NumPy is anybody's guess
        raise UserError(f"noise.file: cannot read {file}: {reason(error)}; give a .npy, .csv or .txt file") from error
    if not matrix.size or matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise UserError(f"noise.file: {file} has shape {matrix.shape}; give as many rows as columns")
    for row, shares in enumerate(matrix):
        if (wrong := shares[~(shares >= 0) | np.isinf(shares)]).size:
            raise UserError(f"noise.file: row {row} of {file} holds {wrong[0]}; give shares from 0 to 1")
        with np.errstate(over="ignore"):
            total = shares.sum()
        if abs(total - 1) > 1e-6:
            raise UserError(f"noise.file: row {row} of {file} adds up to {total:.7g}; make it 1")
    return matrix / matrix.sum(1, keepdims=True)


def _numbers(file: Path) -> np.ndarray:
    if file.suffix == ".npy":
        matrix = np.load(file, allow_pickle=False)
        if matrix.dtype.kind not in "biuf":
            raise ValueError(f"it holds {matrix.dtype}, no numbers")
        return matrix.astype(np.float64)
    if file.suffix not in (".csv", ".txt"):
        raise ValueError(f"the ending {file.suffix!r} is not known")
    lines = file.read_text().replace(",", " ").splitlines()
    if not "".join(lines).strip():
        raise ValueError("it is empty")
    return np.loadtxt(lines, ndmin=2)


def corrupt(labels: np.ndarray, transition: np.ndarray, seed: int) -> np.ndarray:
    """Noisy labels, bit for bit those of the published code for the same seed (theirs is always 0): -> int32[N].

    Raises:
      UserError: labels that are not whole numbers in 0..C-1, or a seed that is not in 0..2^32-1.
    """
    return _draw(_usable(labels, len(transition), seed), transition, np.random.RandomState(seed))


def _usable(labels: np.ndarray, num_classes: int, seed: int) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise UserError(f"labels: expected whole numbers of shape [N], found {labels.dtype} of shape {labels.shape}")
    if labels.size and not (0 <= labels.min() and labels.max() < num_classes):
        raise UserError(
            f"labels: found {labels.min()}..{labels.max()}, the noise matrix has classes 0..{num_classes - 1}; "
            "choose a noise.kind for as many classes as the data have"
        )
    if not 0 <= seed < 2**32:
        raise UserError(f"noise.seed: {seed} is outside 0..{2**32 - 1}")
    return labels


def _draw(labels: np.ndarray, transition: np.ndarray, stream: np.random.RandomState) -> np.ndarray:
    """`stream.multinomial(1, transition[label])` for each label, as numpy drew it up to version 2.4.

    The published noise rests on that algorithm: one uniform number per possible class, until one is hit, by inversion.
    Newer versions draw rows with zeros differently; uniform numbers have stayed the same.
    """
    rows = [_inversion(row) for row in transition]
    noisy = np.empty(len(labels), np.int32)
    numbers, used = np.empty(0), 0
    for i, label in enumerate(labels):
        classes, limit, likely = rows[label]
        if used + len(classes) > len(numbers):
            numbers, used = np.concatenate([numbers[used:], stream.random_sample(len(classes) + 2**16)]), 0
        hit = (numbers[used : used + len(classes)] > limit) != likely
        tried = int(hit.argmax()) + 1 if hit.any() else len(classes)
        noisy[i] = classes[tried - 1] if hit.any() else len(transition) - 1
        used += tried
    return noisy


def _inversion(row: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How one row is drawn: the classes in turn (the last one takes what is left), their limits, which are likely."""
    left = np.subtract.accumulate(np.insert(row[:-1], 0, 1.0))[:-1]
    with np.errstate(all="ignore"):  # nothing is left after a certain class; rounding may make it less than nothing
        chance = row[:-1] / left
        likely = ~(chance <= 0.5)  # of a likely class numpy draws the complement
        limit = np.exp(np.log(1.0 - np.where(likely, 1.0 - chance, chance)))
    classes = np.flatnonzero(chance != 0)
    return classes, limit[classes], likely[classes]
