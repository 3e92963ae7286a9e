"""Learn again from the probable true classes, as long as this explains the given labels better.

What learns from wrong labels repeats a part of them. So the evidence that can learn quickly (the votes of neighbors, a
linear classifier on embeddings) learns again from the probabilities of the true classes that all evidence gives
together, and the noise matrix is estimated anew: expectation maximization with a classifier (Raykar et al. 2010,
Learning from Crowds, with one annotator). An example is still predicted without its own label.

Where networks have trained, Co-teaching's probabilities decide whether the noise is even, and give a noise matrix. An
expert counts the more, the better it predicts the given labels through this matrix, because weak experts do harm on
difficult data. Without networks the matrix is always full: the other evidence repeats noise that depends on the
example, and with an even matrix there would seem to be almost no noise.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from jnl.label_audit import evidence
from jnl.label_audit.source import Source
from jnl.noise import posterior

_ROUNDS = 5
_LEAST_GAIN = 0.002  # nats of log-likelihood per label; a round that gains less is not taken


class Refined(NamedTuple):
    """What the evidence says after some rounds."""

    experts: dict[str, np.ndarray]  # name of the evidence -> f32[N, C] probabilities
    pooled: np.ndarray  # f32[N, C] of all experts together
    posterior: posterior.Posterior
    of_coteaching: posterior.Explained | None = None  # if networks have trained


def refined(source: Source, experts: dict[str, np.ndarray]) -> Refined:
    """Return the last round after which the given labels had become clearly more likely.

    Args:
      source: the data.
      experts: name of the evidence -> f32[N, C] probabilities.
    """
    learners = {name: learn for name, learn in evidence.learners().items() if name in experts}
    coteaching, judge = experts.get("coteaching"), partial(_equally, labels=source.labels)
    if coteaching is not None:
        judge = partial(_weighted, labels=source.labels, of_coteaching=posterior.explain(coteaching, source.labels))
    best = judge(experts)
    for _ in range(_ROUNDS if learners else 0):
        learned = {name: learn(source, best.posterior.true) for name, learn in learners.items()}
        new = judge({**best.experts, **learned})
        if new.posterior.log_likelihood < best.posterior.log_likelihood + _LEAST_GAIN:
            break
        best = new
    return best


def _weighted(experts: dict[str, np.ndarray], labels: np.ndarray, of_coteaching: posterior.Explained) -> Refined:
    """Return what experts say whose weights follow from Co-teaching's noise matrix."""
    every, even = list(experts.values()), of_coteaching.even
    pooled = posterior.pool(every, posterior.weigh(every, labels, of_coteaching.posterior.transition))
    return Refined(experts, pooled, posterior.infer(pooled, labels, even), of_coteaching)


def _equally(experts: dict[str, np.ndarray], labels: np.ndarray) -> Refined:
    """Return what experts with equal weights say."""
    pooled = posterior.pool(list(experts.values()))
    # Experts that agree are surer together than their mean is. They are never less sure.
    temperature = min(1.0, posterior.temperature(pooled, labels))
    return Refined(experts, pooled, posterior.infer(posterior.sharpen(pooled, temperature), labels))
