"""Out-of-sample probabilities of networks that train by Co-teaching (Han et al. 2018), mean over the last epochs.

Co-teaching memorizes few wrong labels, so its predictions are nearer to the true classes where noise depends on the
class: there, folds of a plain training see the same confusion and repeat it.
"""

import numpy as np

from jnl.experiment.fold_predictions import share_to_forget
from jnl.label_audit.evidence import Evidence, Expert
from jnl.label_audit.source import Source

NEEDS = "training"


def coteaching(source: Source) -> Evidence:
    """Return the probabilities, and as columns that of the given label and how often the small loss left it out."""
    plain = source.learned("standard", 0.0).last
    learned = source.learned("coteaching", share_to_forget(plain, source.labels))
    columns = {"coteaching": learned.last[np.arange(len(plain)), source.labels]}
    if learned.left_out is not None:
        columns["left_out"] = learned.left_out
    return Evidence(columns, Expert(learned.last, "Co-teaching", judges=True))
