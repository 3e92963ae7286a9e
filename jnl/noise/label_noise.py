"""Noisy labels and transition matrices of each kind of noise, by the name of the kind.

The rows of a matrix are the clean classes, the columns are the noisy classes.
"""

from numbers import Real

import numpy as np
from jax import Array

from jnl.noise import kinds
from jnl.noise.draws import corrupt, usable
from jnl.noise.kind import NoiseKind
from jnl.support.errors import UserError, reason


def check(kind: str, rate: float, file: str | None = None) -> None:
    """Raise `UserError` if the kind is unknown, the rate is outside [0, 1], or the file cannot be used."""
    _kind(kind, rate, file)


def assumed_rate(kind: str, rate: float, file: str | None = None) -> float:
    """Return the noise rate that methods assume if their own field is not set.

    It is `rate`, as in the published code, even where fewer labels become wrong: an asymmetric kind leaves some classes
    as they are, and an inclusive kind can draw a label as its own class. For `none` it is 0, and for `matrix` the mean
    of 1 - diagonal, as if all classes were equally large.
    """
    return _kind(kind, rate, file).assumed_rate(rate)


def has_matrix(kind: str, rate: float, file: str | None = None) -> bool:
    """Return whether the noise has a transition matrix that is known before the labels are drawn."""
    return _kind(kind, rate, file).matrix is not None


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
      kind: a name in `noise.names()`, whose file in `noise/kinds/` describes it, or `package.module:function`.
      labels: i[N] clean labels.
      num_classes: C.
      rate: share of labels to change, 0 to 1.
      seed: seed of the random numbers, 0 to 2^32-1.
      inputs: [N, ...] stored inputs; only `instance` needs them.
      file: path of a file with a matrix; only `matrix` needs it.

    Returns:
      i32[N] noisy labels.

    Raises:
      UserError: one of the arguments cannot be used.
    """
    found = _kind(kind, rate, file, num_classes)
    if found.draw is not None:
        labels, inputs = usable(labels, num_classes, seed).copy(), None if inputs is None else _read_only(inputs)
        if inputs is not None and len(inputs) != len(labels):
            raise UserError(f"noise.kind: there are {len(inputs):,} inputs for {len(labels):,} labels; give as many")
        try:
            noisy = np.asarray(found.draw(labels, inputs, num_classes, rate, seed))
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            raise UserError(
                f"noise.kind: {kind!r} changes the inputs, which the training needs as they are ({reason(error)}); let "
                "its function `draw` change a copy, such as inputs.copy()"
            ) from error
        return _drawn(noisy, len(labels), num_classes, kind)
    return corrupt(labels, transition(kind, num_classes, rate, file), seed)


def _read_only(inputs: np.ndarray | Array) -> np.ndarray:
    """Return the inputs as an array that a kind of noise can read but not change. Nothing is copied."""
    view = np.asarray(inputs).view()
    view.flags.writeable = False
    return view


def _drawn(noisy: np.ndarray, number: int, num_classes: int, kind: str) -> np.ndarray:
    """Return labels that a kind has drawn as i32[N]. Raise `UserError` if they are not one class for each example."""
    whole = noisy.shape == (number,) and np.issubdtype(noisy.dtype, np.integer)
    if not whole or not 0 <= noisy.min(initial=0) <= noisy.max(initial=0) < num_classes:
        span = f" from {noisy.min()} to {noisy.max()}" if whole else ""
        raise UserError(
            f"noise.kind: {kind!r} drew labels {noisy.dtype} of shape {list(noisy.shape)}{span}; its function `draw` "
            f"must return whole numbers from 0 to {num_classes - 1} of shape [{number}]"
        )
    return noisy.astype(np.int32)


def transition(kind: str, num_classes: int, rate: float, file: str | None = None) -> np.ndarray:
    """Return the transition matrix P(noisy = column | clean = row), f64[C, C].

    Example:
      >>> transition("pair", 3, 0.25).tolist()
      [[0.75, 0.25, 0.0], [0.0, 0.75, 0.25], [0.25, 0.0, 0.75]]

    Raises:
      UserError: the kind is unknown, has no matrix (`instance`) or does not support this number of classes; the rate is
        outside [0, 1]; or the file holds no such matrix.
    """
    matrix = _kind(kind, rate, file, num_classes).matrix
    if matrix is None:
        raise UserError(f"noise.kind: {kind!r} has no fixed matrix; compute it from labels with `jnl.noise.realized`")
    found = matrix(num_classes, rate)
    if found.shape != (num_classes, num_classes):
        raise UserError(f"noise.kind: the matrix of {kind!r} has the shape {found.shape} for {num_classes} classes")
    if (found < 0).any() or not np.allclose(found.sum(1), 1):
        raise UserError(
            f"noise.kind: the matrix of {kind!r} has rows that are not probabilities with the sum 1; "
            "correct its function `matrix`"
        )
    return found


def realized(clean: np.ndarray, noisy: np.ndarray, num_classes: int) -> np.ndarray:
    """Return the share of each noisy label in each clean class, counted from labels.

    Args:
      clean: i[N] clean labels; the function ignores examples whose clean label is outside 0..C-1.
      noisy: i[N] noisy labels.
      num_classes: C.

    Returns:
      f64[C, C]. The row of a class without examples has 1 on the diagonal, which means no noise.

    Raises:
      UserError: a noisy label is not a class, or the labels are not whole numbers of the same shape [N].
    """
    clean, noisy = np.asarray(clean), np.asarray(noisy)
    for name, labels in (("clean", clean), ("noisy", noisy)):
        if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
            raise UserError(
                f"{name}: expected whole numbers of shape [N], found {labels.dtype} of shape {labels.shape}"
            )
    if len(clean) != len(noisy):
        raise UserError(f"clean: {len(clean):,} labels for {len(noisy):,} noisy ones; give as many")
    if noisy.size and not 0 <= noisy.min() <= noisy.max() < num_classes:
        raise UserError(f"noisy: labels from {noisy.min()} to {noisy.max()}; give classes from 0 to {num_classes - 1}")
    known = (clean >= 0) & (clean < num_classes)
    counts = np.zeros((num_classes, num_classes))
    np.add.at(counts, (clean[known], noisy[known]), 1)
    counts[np.diag_indices(num_classes)] += counts.sum(1) == 0
    return counts / counts.sum(1, keepdims=True)


def _kind(name: str, rate: float, file: str | None, num_classes: int | None = None) -> NoiseKind:
    """Return the kind of this name; raise `UserError` if the rate or the number of classes does not fit."""
    found = kinds.make(name, file)
    if not isinstance(rate, Real):
        raise UserError(f"noise.rate: {rate!r} is no number; give the share of labels to flip, such as 0.2")
    if not 0 <= rate <= 1:
        raise UserError(f"noise.rate: {rate} is outside [0, 1]; give the share of labels to flip, such as 0.2")
    if num_classes is not None and num_classes < 2:
        raise UserError(f"noise.kind: {name!r} needs at least 2 classes, but the data have {num_classes}")
    if num_classes is not None and found.num_classes not in (None, num_classes):
        raise UserError(
            f"noise.kind: {name!r} is defined for {found.num_classes} classes, but the data have {num_classes}; use "
            "symmetric or pair"
        )
    return found
