"""Noisy labels and transition matrices of every kind, by its name.

Rows of a matrix are clean classes, columns noisy ones.
"""

import numpy as np
from jax import Array

from jnl.core.errors import UserError
from jnl.noise import kinds
from jnl.noise.draws import corrupt, usable
from jnl.noise.kind import NoiseKind


def check(kind: str, rate: float, file: str | None = None) -> None:
    """Raise `UserError` for an unknown kind, a rate outside [0, 1], or a file that cannot be used."""
    _kind(kind, rate, file)


def nominal_rate(kind: str, rate: float, file: str | None = None) -> float:
    """Return the share of wrong labels that a kind means.

    It is `rate`, 0 for `none`, and for `matrix` the mean of 1 - diagonal, as if all classes were equally large. Of the
    inclusive kinds it is the share that is drawn anew.
    """
    return _kind(kind, rate, file).nominal_rate(rate)


def draw(
    kind: str,
    labels: np.ndarray,
    num_classes: int,
    rate: float,
    seed: int,
    inputs: np.ndarray | Array | None = None,
    file: str | None = None,
) -> np.ndarray:
    """Draw noisy labels.

    Args:
      kind: a name in `noise.KINDS`; its file in `noise/kinds/` says what it does.
      labels: i[N] clean labels.
      num_classes: C.
      rate: share of labels to change, 0 to 1.
      seed: of the draw.
      inputs: [N, ...] stored inputs, for `instance`.
      file: for `matrix`.

    Returns:
      i32[N].

    Raises:
      UserError: a value that cannot be used.
    """
    found = _kind(kind, rate, file, num_classes)
    if found.draw is not None:
        return found.draw(usable(labels, num_classes, seed), inputs, num_classes, rate, seed)
    assert found.matrix is not None  # a kind has a matrix or a draw of its own
    return corrupt(labels, found.matrix(num_classes, rate), seed)


def transition(kind: str, num_classes: int, rate: float, file: str | None = None) -> np.ndarray:
    """Return the matrix P(noisy = column | clean = row), f64[C, C].

    Example:
      >>> transition("pair", 3, 0.25).tolist()
      [[0.75, 0.25, 0.0], [0.0, 0.75, 0.25], [0.25, 0.0, 0.75]]

    Raises:
      UserError: an unknown kind, a rate outside [0, 1], a kind that does not fit the number of classes or, as
        `instance`, has no matrix, or a file without one.
    """
    matrix = _kind(kind, rate, file, num_classes).matrix
    if matrix is None:
        raise UserError(f"noise.kind: {kind!r} has no matrix; use that of `noise.realized`")
    return matrix(num_classes, rate)


def realized(clean: np.ndarray, noisy: np.ndarray, num_classes: int) -> np.ndarray:
    """Return the shares of noisy labels in each clean class: i[N], i[N] -> f64[C, C].

    Clean labels outside 0..C-1 are left out. The row of a class without examples says that there is no noise.
    """
    known = (clean >= 0) & (clean < num_classes)
    counts = np.zeros((num_classes, num_classes))
    np.add.at(counts, (clean[known], noisy[known]), 1)
    counts[np.diag_indices(num_classes)] += counts.sum(1) == 0
    return counts / counts.sum(1, keepdims=True)


def _kind(name: str, rate: float, file: str | None, num_classes: int | None = None) -> NoiseKind:
    """The kind, once it is clear that rate and number of classes fit."""
    found = kinds.make(name, file)
    if not 0 <= rate <= 1:
        raise UserError(f"noise.rate: {rate} is outside [0, 1]; give the share of labels to flip, such as 0.2")
    if num_classes is not None and num_classes < 2:
        raise UserError(f"noise.kind: {name!r} needs at least 2 classes, the data have {num_classes}")
    if num_classes is not None and found.num_classes not in (None, num_classes):
        raise UserError(
            f"noise.kind: {name!r} is defined for {found.num_classes} classes, the data have {num_classes}; use "
            "symmetric or pair"
        )
    return found
