"""The draw of noisy labels by a transition matrix, bit for bit as published.

`corrupt` repeats the loop of the Co-teaching, Co-teaching+ and JoCoR repositories: one multinomial draw per example, in
data-set order.
"""

import numpy as np

from jnl.core.errors import UserError


def corrupt(labels: np.ndarray, transition: np.ndarray, seed: int) -> np.ndarray:
    """Draw noisy labels, equal to those of the published code with the same seed. Its seed is always 0.

    Args:
      labels: i[N] clean labels.
      transition: f64[C, C], P(noisy = column | clean = row).
      seed: of the draw.

    Returns:
      i32[N].

    Raises:
      UserError: labels that are not whole numbers in 0..C-1, or a seed that is not in 0..2^32-1.
    """
    return _draw(usable(labels, len(transition), seed), transition, np.random.RandomState(seed))


def usable(labels: np.ndarray, num_classes: int, seed: int) -> np.ndarray:
    """Return the labels as an array i[N]; raise `UserError` as `corrupt` does."""
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
