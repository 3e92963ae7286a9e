"""Kinds of evidence about labels, found by file name: `evidence/neighbors.py` holds the function `neighbors(source)`.

A file says in `NEEDS` what its evidence is made of: `training`, or `features`, the inputs as rows, or embeddings if
there are any. The function returns `Evidence`. A file whose evidence can also learn from probable classes, see
`label_audit/refinement.py`, has a function `learn(source, targets)`, too.
"""

import sys
from typing import NamedTuple, Protocol

import numpy as np

from jnl.label_audit.source import Source
from jnl.support import registry

_HERE = sys.modules[__name__]


class Expert(NamedTuple):
    """Probabilities that take part in the judgment."""

    probabilities: np.ndarray  # f32[N, C] that do not depend on the label of the example
    title: str  # its name in reasons, as in "TITLE predicts cat"; without a title it gives no such reason
    judges: bool = False  # whether it repeats so few wrong labels that it may give the noise matrix


class Evidence(NamedTuple):
    """What one kind of evidence says about each example."""

    columns: dict[str, np.ndarray]  # name -> [N], the columns of the table of examples
    expert: Expert | None = None


class Learn(Protocol):
    """Learns from probabilities of the true classes instead of the given labels."""

    def __call__(self, source: Source, targets: np.ndarray, /) -> np.ndarray:
        """Return probabilities f32[N, C] for targets f32[N, C]. No example is predicted from its own target."""


def learners() -> dict[str, Learn]:
    """Return the functions `learn` of the evidence that has one, by its name."""
    files = {name: registry.find(_HERE, name, "evidence") for name in names()}
    return {name: file.learn for name, file in files.items() if hasattr(file, "learn")}


def trained() -> list[str]:
    """Return the names of the evidence that is made of a training."""
    return [name for name in names() if registry.find(_HERE, name, "evidence").NEEDS == "training"]


def names() -> list[str]:
    """Return the names of all kinds of evidence."""
    return registry.names(_HERE)


def collect(source: Source) -> dict[str, Evidence]:
    """Return all evidence that the source allows, by its name."""
    there = {"features": True, "training": source.plan is not None}
    return {
        name: registry.function(_HERE, name, "evidence")(source)
        for name in names()
        if there[registry.find(_HERE, name, "evidence").NEEDS]
    }
