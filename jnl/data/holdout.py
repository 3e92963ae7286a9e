"""Split the noisy training set into a training and a validation part."""

import numpy as np

from jnl.support.errors import UserError


def split(labels: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the training part and of the validation part, stratified by noisy label.

    Args:
      labels: i32[N] noisy labels.
      fraction: share of the examples in the validation part, in [0, 1); 0 gives an empty one.
      seed: seed of the random choice within each class.

    Returns:
      Training rows i32[N - V] and validation rows i32[V], both ascending. V = round(fraction * N) for any labels. The
      V examples are shared among the classes by the largest remainder method, but a class keeps an example for
      training as long as another class can give one instead.

    Raises:
      UserError: The fraction is outside [0, 1), or leaves no validation or no training example.
    """
    if not 0 <= fraction < 1:
        raise UserError(f"data.validation: {fraction} is outside [0, 1); give a share such as 0.1, or 0 for none")
    total = round(fraction * len(labels))
    if fraction and not 0 < total < len(labels):
        raise UserError(
            f"data.validation: {fraction} of the {len(labels)} examples are held out to measure the accuracy, "
            "which leaves this part or the training set empty; give more examples or a test set, or set another share"
        )
    classes, counts = np.unique(labels, return_counts=True)
    exact = counts * (total / max(len(labels), 1))
    shares = np.floor(exact).astype(int)
    for _ in range(total - shares.sum()):
        losing = shares + 1 >= counts  # classes that would keep no example for training come last
        shares[np.argmin(shares - exact + losing * len(labels))] += 1
    stream = np.random.default_rng(seed)
    held = np.zeros(len(labels), bool)
    for label, share in zip(classes, shares, strict=True):
        held[stream.permutation(np.flatnonzero(labels == label))[:share]] = True
    return np.flatnonzero(~held).astype(np.int32), np.flatnonzero(held).astype(np.int32)
