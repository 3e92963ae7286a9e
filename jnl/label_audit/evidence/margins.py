"""How networks learn each label while they train on it by cross entropy.

`aum` is the area under the margin (Pleiss et al. 2020): the logit of the given label minus the largest other logit, as
the mean over the epochs. `forgotten` counts how often the label was predicted and in the next epoch was not (Toneva et
al. 2019). `first_learned` is the first epoch that predicts the label. Each is a mean over the folds that train on the
example.
"""

from jnl.label_audit.evidence import Evidence
from jnl.label_audit.source import Source

NEEDS = "training"


def margins(source: Source) -> Evidence:
    """Return the three numbers as columns."""
    learned = source.learned("standard", 0.0)
    return Evidence({"aum": learned.margin, "forgotten": learned.forgotten, "first_learned": learned.first_learned})
