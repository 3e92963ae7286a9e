"""Draw noisy labels from a transition matrix, bit for bit as the published code does.

`corrupt` gives the same labels as the loop in the Co-teaching, Co-teaching+ and JoCoR repositories. That loop makes one
multinomial draw per example, in the order of the data set.
"""

import numpy as np

from jnl.support.errors import UserError, whole_number


def corrupt(labels: np.ndarray, transition: np.ndarray, seed: int) -> np.ndarray:
    """Draw noisy labels, the same ones that the published code draws with this seed. The published seed is always 0.

    Args:
      labels: i[N] clean labels.
      transition: f64[C, C], P(noisy = column | clean = row).
      seed: seed of the random numbers, 0 to 2^32-1.

    Returns:
      i32[N] noisy labels.

    Raises:
      UserError: the labels are not whole numbers in 0..C-1, the matrix is not square or has rows that are not
        probabilities, or the seed is outside 0..2^32-1.
    """
    transition = np.asarray(transition)
    if transition.ndim != 2 or len(set(transition.shape)) > 1:
        raise UserError(f"transition: an array of shape {list(transition.shape)}; give a square matrix [C, C]")
    if not (transition >= 0).all() or not np.allclose(transition.sum(1), 1):
        raise UserError("transition: some rows are not probabilities with the sum 1; give shares, such as 0.2 for 20 %")
    return _draw(usable(labels, len(transition), seed), transition, np.random.RandomState(seed))


def usable(labels: np.ndarray, num_classes: int, seed: int) -> np.ndarray:
    """Return the labels as an array i[N]; raise `UserError` for the same labels and seeds as `corrupt`."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise UserError(f"labels: expected whole numbers of shape [N], found {labels.dtype} of shape {labels.shape}")
    if labels.size and not (0 <= labels.min() and labels.max() < num_classes):
        raise UserError(
            f"labels: found {labels.min()} to {labels.max()}, but the noise has the classes 0 to {num_classes - 1}; "
            "give the number of classes of the data, or a matrix for as many"
        )
    if not whole_number("noise.seed", seed, 0) < 2**32:
        raise UserError(f"noise.seed: {seed} is outside 0 to {2**32 - 1}")
    return labels


def _draw(labels: np.ndarray, transition: np.ndarray, stream: np.random.RandomState) -> np.ndarray:
    """Draw `stream.multinomial(1, transition[label])` for each label, as NumPy does up to version 2.4: -> i32[N].

    The published noise comes from this algorithm: it draws one uniform number for each possible class in turn, until a
    class is chosen (inversion). Newer NumPy versions draw rows with zeros differently, but their uniform numbers are
    still the same.
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
    """Return the classes of a row in the order of the draw, their limits, and which of them are likely: f64[C] -> [n].

    The last class is not among them: `_draw` chooses it if it chooses no other class.
    """
    left = np.subtract.accumulate(np.insert(row[:-1], 0, 1.0))[:-1]
    with np.errstate(all="ignore"):  # after a class with probability 1, `left` is 0, or below 0 by rounding
        chance = row[:-1] / left
        likely = ~(chance <= 0.5)  # for a likely class, NumPy draws the complement
        limit = np.exp(np.log(1.0 - np.where(likely, 1.0 - chance, chance)))
    classes = np.flatnonzero(chance != 0)
    return classes, limit[classes], likely[classes]
