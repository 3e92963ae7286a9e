"""The noise matrix under which the given labels are most likely, see `noise.posterior.estimate`."""

from jnl.label_audit.estimates import View
from jnl.noise import posterior


def maximum_likelihood(view: View) -> posterior.NoiseEstimate:
    """Return the estimate."""
    return posterior.estimate(view.explained, view.labels)
