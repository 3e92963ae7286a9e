"""The noise matrix under which the given labels are most likely, see `noise.posterior.estimate`."""

from jnl.label_audit.estimates import Estimate, View
from jnl.noise import posterior


def maximum_likelihood(view: View) -> Estimate:
    """Return the estimate."""
    found = posterior.estimate(view.p, view.labels)
    return Estimate(found.rate, found.low, found.high, found.transition)
