"""Confident learning (Northcutt et al. 2021): which labels do out-of-sample predictions not bear out? On the host."""

from collections.abc import Callable

import numpy as np


def thresholds(labels: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The mean confidence in class j of the examples labeled j; 2, never reached, for a class without examples.

    i[N], f[N, C] -> f64[C].
    """
    counts = np.bincount(labels, minlength=p.shape[1])
    sums = np.bincount(labels, weights=p[np.arange(len(p)), labels], minlength=p.shape[1])
    return np.where(counts > 0, np.maximum(sums / np.maximum(counts, 1), 2e-6), 2.0)


def guesses(labels: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The class that each example confidently is, -1 for none; of several the most probable: -> i[N]."""
    confident = p >= thresholds(labels, p) - 1e-6
    several = confident.sum(1) > 1
    guess = np.where(several, p.argmax(1), confident.argmax(1))
    return np.where(confident.any(1), guess, -1)


def joint(labels: np.ndarray, p: np.ndarray) -> np.ndarray:
    """How many examples of given label k truly are j (eq. 3): calibrated to the count of each label: -> i[C, C]."""
    classes, guess = p.shape[1], guesses(labels, p)
    known = guess >= 0
    counts = np.bincount(labels[known] * classes + guess[known], minlength=classes**2).reshape(classes, classes)
    counts = counts.astype(float)
    np.fill_diagonal(counts, np.maximum(np.diag(counts), 1))
    given = np.bincount(labels, minlength=classes)
    return np.stack([_round(row * (number / row.sum())) for row, number in zip(counts, given, strict=True)])


def _round(row: np.ndarray) -> np.ndarray:
    """To whole numbers of the same total: those with the largest remainders go up."""
    floor = np.floor(row).astype(int)
    short = round(row.sum()) - floor.sum()
    floor[np.argsort(floor - row, kind="stable")[:short]] += 1
    return floor


def _by_noise_rate(labels: np.ndarray, p: np.ndarray, counts: np.ndarray) -> np.ndarray:
    wrong = np.zeros(len(labels), bool)
    for given in range(len(counts)):
        mine = np.flatnonzero(labels == given)
        for other in np.flatnonzero(np.arange(len(counts)) != given):
            margin = p[mine, other] - p[mine, given]
            wrong[mine[np.argsort(-margin, kind="stable")[: counts[given, other]]]] = True
    return wrong


def _by_class(labels: np.ndarray, p: np.ndarray, counts: np.ndarray) -> np.ndarray:
    wrong = np.zeros(len(labels), bool)
    for given in range(len(counts)):
        mine = np.flatnonzero(labels == given)
        number = counts[given].sum() - counts[given, given]
        wrong[mine[np.argsort(p[mine, given], kind="stable")[:number]]] = True
    return wrong


def _both(labels: np.ndarray, p: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return _by_noise_rate(labels, p, counts) & _by_class(labels, p, counts)


def _off_diagonal(labels: np.ndarray, p: np.ndarray, counts: np.ndarray) -> np.ndarray:
    guess = guesses(labels, p)
    return (guess >= 0) & (guess != labels)


def _predicted(labels: np.ndarray, p: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return p.argmax(1) != labels


RULES: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "both": _both,
    "by_class": _by_class,
    "by_noise_rate": _by_noise_rate,
    "off_diagonal": _off_diagonal,
    "predicted": _predicted,
}


def suspects(labels: np.ndarray, p: np.ndarray, rule: str = "by_noise_rate") -> tuple[np.ndarray, np.ndarray]:
    """Which labels are wrong, bool[N], and the joint counts, i[C, C]: i[N], f[N, C] out-of-sample probabilities.

    Rules: `by_noise_rate` removes of label k, for each other class j, as many as the joint says, by the margin
    p_j - p_k; `by_class` as many in all, by p_k; `both` what both remove; `off_diagonal` the confident guesses of
    another class; `predicted` all whose prediction is another class. A label that is predicted is never wrong, and
    each class keeps the example surest of it.
    """
    counts = joint(labels, p)
    wrong = RULES[rule](labels, p, counts) & (p.argmax(1) != labels)
    for given in np.unique(labels):
        mine = np.flatnonzero(labels == given)
        if wrong[mine].all():
            wrong[mine[p[mine, given].argmax()]] = False
    return wrong, counts
