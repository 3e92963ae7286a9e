"""The noise matrix under which the given labels are most likely, with the temperature that makes them most likely.

The probabilities of a network are often too sure or not sure enough, so that the matrix would take their errors for
noise or noise for doubt. The temperature is the free number that corrects this; no true label is needed to find it.
"""

import numpy as np

from jnl.label_audit import posterior
from jnl.label_audit.estimates import SAMPLES, Estimate, View, interval


def maximum_likelihood(view: View) -> Estimate:
    """Return the estimate."""
    p = posterior.sharpen(view.p, posterior.temperature(view.p, view.labels))
    matrix = posterior.infer(p, view.labels).transition
    drawn = posterior.bootstrap(p, view.labels, matrix, SAMPLES)
    rates = np.array([posterior.rate_of(each, view.labels) for each in drawn])
    return Estimate(posterior.rate_of(matrix, view.labels), *interval(rates), matrix)
