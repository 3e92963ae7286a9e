"""Learn again from the probable true classes, as long as this explains the given labels better.

What learns from wrong labels repeats a part of them. So the evidence that can learn quickly (the votes of neighbors, a
linear classifier) learns again from the probabilities of the true classes that all evidence gives together, and the
noise matrix is estimated anew: expectation maximization with a classifier (Raykar et al. 2010, Learning from Crowds,
with one annotator). An example is never predicted from its own probabilities. But its label has changed the
probabilities of other examples a little, and it is predicted from these.

Where networks have trained, a judge decides whether the noise is even, and gives a noise matrix. It is one of the
experts that repeat few wrong labels, Co-teaching and the linear classifier: the one under which the given labels are
most likely. An expert counts the more, the better it predicts the given labels through this matrix, because weak
experts do harm on difficult data. Without networks the matrix is always full: the other evidence repeats noise that
depends on the example, and with an even matrix there would seem to be almost no noise. An expert that says nothing
about the labels does not count.
"""

from collections.abc import Mapping
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
    judge: str = ""  # name of the expert that gave the noise matrix; "" if no network has trained
    noise: posterior.Explained | None = None  # from this the noise is estimated; None if no network has trained
    says_something: bool = True  # whether an expert explains the labels better than the shares of the classes do


def refined(source: Source, found: Mapping[str, evidence.Expert]) -> Refined:
    """Return the last round after which the given labels had become clearly more likely.

    Args:
      source: the data.
      found: name of the evidence -> its expert.
    """
    experts = {name: each.probabilities for name, each in found.items()}
    learners, labels = {name: learn for name, learn in evidence.learners().items() if name in experts}, source.labels
    judges: dict[str, posterior.Explained] = {}
    combine = partial(_equally, labels=labels)
    judging = [name for name, each in found.items() if each.judges]
    if trained := [name for name in judging if name in evidence.trained()]:
        judges = {name: posterior.explain(experts[name], labels) for name in judging}
        by_likelihood = sorted(judges, key=lambda name: -judges[name].posterior.log_likelihood)
        judge, network = by_likelihood[0], next(name for name in by_likelihood if name in trained)
        combine = partial(_weighted, labels=labels, judge=judges[judge])
        says = any(posterior.says_something(each, labels) for each in judges.values())
    else:
        explained = {name: posterior.explain(p, labels, even=True) for name, p in experts.items()}
        useful = {name: experts[name] for name, each in explained.items() if posterior.says_something(each, labels)}
        says, experts = bool(useful), useful or experts
        learners = {name: learn for name, learn in learners.items() if name in experts}
    best = combine(experts)
    for _ in range(_ROUNDS if learners else 0):
        learned = {name: learn(source, best.posterior.true) for name, learn in learners.items()}
        new = combine({**best.experts, **learned})
        if new.posterior.log_likelihood < best.posterior.log_likelihood + _LEAST_GAIN:
            break
        best = new
    best = best._replace(says_something=says)
    return best._replace(judge=judge, noise=_noise(best, judges[judge], judges[network], labels)) if judges else best


def _noise(
    found: Refined, judge: posterior.Explained, network: posterior.Explained, labels: np.ndarray
) -> posterior.Explained:
    """Return the explanation of the labels i[N] from which the noise is estimated.

    If the noise is not even, the network that may judge gives it. This is Co-teaching, which learns the fewest wrong
    labels. If the noise is even, the judge gives one explanation, and all experts together give another. An expert that
    has learned wrong labels gives a rate that is too low. So the explanation with the larger rate is taken.
    """
    if not judge.even:
        return network
    together = posterior.Explained(found.pooled, found.posterior, True)
    return max(judge, together, key=lambda each: posterior.rate_of(each.posterior.transition, labels))


def _weighted(experts: dict[str, np.ndarray], labels: np.ndarray, judge: posterior.Explained) -> Refined:
    """Return what experts say whose weights follow from the noise matrix of the judge."""
    every = list(experts.values())
    pooled = posterior.pool(every, posterior.weigh(every, labels, judge.posterior.transition))
    return Refined(experts, pooled, posterior.infer(pooled, labels, judge.even))


def _equally(experts: dict[str, np.ndarray], labels: np.ndarray) -> Refined:
    """Return what experts with equal weights say."""
    pooled = posterior.pool(list(experts.values()))
    # Experts that agree are surer together than their mean is. They are never less sure.
    temperature = min(1.0, posterior.temperature(pooled, labels))
    return Refined(experts, pooled, posterior.infer(posterior.sharpen(pooled, temperature), labels))
