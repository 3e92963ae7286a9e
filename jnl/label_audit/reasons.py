"""The reasons for a suspicion, in words."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from jnl.label_audit.evidence import Expert
from jnl.label_audit.neighborhood import Neighbors

_MANY = 0.5  # if this share of the examples has a twin, as in a table of a few words, a twin is no reason


def reasons(
    table: Mapping[str, ArrayLike],
    labels: np.ndarray,
    suggested: np.ndarray,
    second: np.ndarray,
    experts: Iterable[Expert],
    neighbors: Neighbors | None,
    names: Sequence[str],
) -> list[str]:
    """Return the reasons of each example in one line; examples without trouble have an empty one.

    Args:
      table: the columns so far, with `probability`, `overlap`, and perhaps `duplicate_of`, `outlier`, `first_learned`.
      labels: i[N] given labels.
      suggested: i[N] suggested labels.
      second: i[N] the second most likely class.
      experts: the experts, as they are after they have learned again.
      neighbors: the nearest neighbors.
      names: names of the classes.
    """
    wrong = np.asarray(table["probability"]) > 0.5
    titled = [(each.title, each.probabilities) for each in experts if each.title]
    lines: list[list[str]] = [[] for _ in labels]
    for row in np.flatnonzero(wrong):
        given, other = names[labels[row]], names[suggested[row]]
        for title, p in titled:
            likely = p[row].argmax()
            if likely != labels[row]:
                chances = f"{p[row, likely]:.0%}, {given} has {p[row, labels[row]]:.0%}"
                lines[row].append(f"{title} predicts {names[likely]} ({chances})")
        if neighbors is not None:
            near = labels[neighbors.rows[row]]
            votes, own = int((near == suggested[row]).sum()), int((near == labels[row]).sum())
            if votes > own:
                lines[row].append(f"{votes} of {len(near)} neighbors have the label {other}, and {own} have {given}")
    for row in np.flatnonzero(np.asarray(table["overlap"])):
        if not wrong[row]:
            other = suggested[row] if second[row] == labels[row] else second[row]
            lines[row].append(f"{names[other]} is at least half as likely")
    if "duplicate_of" in table:
        twin = np.asarray(table["duplicate_of"])
        for row in np.flatnonzero(twin >= 0) if (twin >= 0).mean() < _MANY else ():
            same = labels[twin[row]] == labels[row]
            also = "the same label" if same else f"the label {names[labels[twin[row]]]}"
            lines[row].append(f"nearly the same as example {twin[row]}, which has {also}")
        for row in np.flatnonzero(np.asarray(table["outlier"])):
            lines[row].append("unlike all other examples")
    return ["; ".join(line) for line in lines]
