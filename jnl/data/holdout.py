"""A validation split of the noisy training set."""

import numpy as np

from jnl.core.errors import UserError


def split(labels: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Stratified by noisy label: int32[N] -> training rows int32[N - V], validation rows int32[V], both ascending.

    V = round(fraction * N) whatever the labels; classes get their shares by largest remainder.

    Raises:
      UserError: a fraction outside [0, 1), or one that leaves no validation or no training example.
    """
    if not 0 <= fraction < 1:
        raise UserError(f"data.validation: {fraction} is outside [0, 1); give a share such as 0.1, or 0 for none")
    total = round(fraction * len(labels))
    if fraction and not 0 < total < len(labels):
        raise UserError(
            f"data.validation: {fraction} of {len(labels)} examples leaves one side empty; change the share"
        )
    classes, counts = np.unique(labels, return_counts=True)
    exact = counts * (total / max(len(labels), 1))
    shares = np.floor(exact).astype(int)
    shares[np.argsort(shares - exact, kind="stable")[: total - shares.sum()]] += 1
    stream = np.random.default_rng(seed)
    held = np.zeros(len(labels), bool)
    for label, share in zip(classes, shares, strict=True):
        held[stream.permutation(np.flatnonzero(labels == label))[:share]] = True
    return np.flatnonzero(~held).astype(np.int32), np.flatnonzero(held).astype(np.int32)
