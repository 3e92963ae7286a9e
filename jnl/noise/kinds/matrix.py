"""Noise with a transition matrix from a file (`noise.file`). The rate has no effect."""

from pathlib import Path

import numpy as np

from jnl.noise.kind import NoiseKind
from jnl.support.errors import UserError, reason
from jnl.support.paths import expanded


def matrix(file: str | None = None) -> NoiseKind:
    """Return the noise of a .npy, .csv or .txt file that holds C x C probabilities; each row must add up to 1.

    Raises:
      UserError: the file is missing, or does not hold such a matrix.
    """
    shares = _read(file)

    def fitting(num_classes: int, rate: float) -> np.ndarray:
        if len(shares) != num_classes:
            raise UserError(
                f"noise.file: {file} has {len(shares)} classes, but the data have {num_classes}; give a matrix for the "
                "classes of the data"
            )
        return shares

    return NoiseKind(fitting, assumed_rate=lambda rate: float(1 - np.diag(shares).mean()))


def _read(file: str | None) -> np.ndarray:
    """Read the matrix of a file and divide each row by its sum: -> f64[C, C]."""
    if file is None:
        raise UserError(
            "noise.file: missing; noise.kind 'matrix' reads C x C shares from it; give a .npy, .csv or .txt file"
        )
    try:
        matrix = _numbers(expanded(file))
    except Exception as error:  # NumPy raises many kinds of errors for damaged files
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
    """Read the numbers of a .npy, .csv or .txt file; raise `ValueError` for any other content or file type."""
    if file.suffix == ".npy":
        matrix = np.load(file, allow_pickle=False)
        if matrix.dtype.kind not in "biuf":
            raise ValueError(f"it holds {matrix.dtype}, not numbers")
        return matrix.astype(np.float64)
    if file.suffix not in (".csv", ".txt"):
        raise ValueError(f"the ending {file.suffix!r} is not known")
    lines = file.read_text("utf-8-sig").replace(",", " ").splitlines()
    if not "".join(lines).strip():
        raise ValueError("it is empty")
    return np.loadtxt(lines, ndmin=2)
