"""Confident learning (Northcutt et al. 2021): find wrong labels from out-of-sample predictions.

All functions run on the host. They take the given labels i[N] and the predicted probabilities `p`, f[N, C], of networks
that did not train on the example.
"""

from collections.abc import Callable

import numpy as np


def thresholds(labels: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return the confidence threshold of each class: i[N], f[N, C] -> f64[C].

    The threshold of class j is the mean probability of j over the examples labeled j, and at least 2e-6. It is 2, which
    no probability reaches, for a class without examples.
    """
    counts = np.bincount(labels, minlength=p.shape[1])
    sums = np.bincount(labels, weights=p[np.arange(len(p)), labels], minlength=p.shape[1])
    return np.where(counts > 0, np.maximum(sums / np.maximum(counts, 1), 2e-6), 2.0)


def guesses(labels: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Return the confident class of each example: i[N], f[N, C] -> i[N].

    A class is confident if its probability reaches the threshold of the class. If several classes are confident, the
    result is the most probable class of all; if none is, the result is -1.
    """
    confident = p >= thresholds(labels, p) - 1e-6
    several = confident.sum(1) > 1
    guess = np.where(several, p.argmax(1), confident.argmax(1))
    return np.where(confident.any(1), guess, -1)


def joint(labels: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Estimate how many examples with given label k have true class j (eq. 3): i[N], f[N, C] -> i[C, C].

    The rows are the given labels. Each row adds up to the number of examples with that label.
    """
    classes, guess = p.shape[1], guesses(labels, p)
    known = guess >= 0
    counts = np.bincount(labels[known] * classes + guess[known], minlength=classes**2).reshape(classes, classes)
    counts = counts.astype(float)
    np.fill_diagonal(counts, np.maximum(np.diag(counts), 1))
    given = np.bincount(labels, minlength=classes)
    return np.stack([_round(row * (number / row.sum())) for row, number in zip(counts, given, strict=True)])


def _round(row: np.ndarray) -> np.ndarray:
    """Round to whole numbers with the same sum, and round the largest remainders up: f64[C] -> i[C]."""
    floor = np.floor(row).astype(int)
    short = round(row.sum()) - floor.sum()
    floor[np.argsort(floor - row, kind="stable")[:short]] += 1
    return floor


def _by_noise_rate(labels: np.ndarray, p: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Apply the rule `by_noise_rate` of `suspects`: i[N], f[N, C], i[C, C] -> bool[N]."""
    wrong = np.zeros(len(labels), bool)
    for given in range(len(counts)):
        mine = np.flatnonzero(labels == given)
        for other in np.flatnonzero(np.arange(len(counts)) != given):
            margin = p[mine, other] - p[mine, given]
            wrong[mine[np.argsort(-margin, kind="stable")[: counts[given, other]]]] = True
    return wrong


def _by_class(labels: np.ndarray, p: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Apply the rule `by_class` of `suspects`: i[N], f[N, C], i[C, C] -> bool[N]."""
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
    """Find the labels that are probably wrong.

    The rules, for the examples with given label k:
    - `by_noise_rate`: for each other class j, as many examples as `joint` counts, those with the largest p_j - p_k.
    - `by_class`: as many examples as `joint` counts in all other classes together, those with the smallest p_k.
    - `both`: the examples that both of these rules choose.
    - `off_diagonal`: the examples whose confident class (`guesses`) is another class.
    - `predicted`: the examples whose most probable class is another class.

    Under every rule, a label that is the most probable class counts as correct. If all labels of a class count as
    wrong, the example with the largest p_k keeps its label.

    Args:
      labels: i[N] given labels.
      p: f[N, C] out-of-sample probabilities.
      rule: a name in `RULES`.

    Returns:
      bool[N], True for the wrong labels, and the counts i[C, C] of `joint`.
    """
    counts = joint(labels, p)
    wrong = RULES[rule](labels, p, counts) & (p.argmax(1) != labels)
    for given in np.unique(labels):
        mine = np.flatnonzero(labels == given)
        if wrong[mine].all():
            wrong[mine[p[mine, given].argmax()]] = False
    return wrong, counts
