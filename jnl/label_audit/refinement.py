"""Learn again from the probable true classes, as long as this explains the given labels better.

What learns from wrong labels repeats a part of them. So the evidence that can learn quickly (the votes of neighbors, a
linear classifier) learns again from the probabilities of the true classes that all evidence gives together, and the
noise matrix is estimated anew: expectation maximization with a classifier (Raykar et al. 2010, Learning from Crowds,
with one annotator). An example is never predicted from its own probabilities. But its label has changed the
probabilities of other examples a little, and it is predicted from these.

Where networks have trained, a judge decides whether the noise is even, and gives a noise matrix. It is Co-teaching or
the linear classifier, which repeat few wrong labels: the one under which the given labels are more likely. An expert
counts the more, the better it predicts the given labels through this matrix, because weak experts do harm on difficult
data. Without networks the matrix is always full: the other evidence repeats noise that depends on the example, and with
an even matrix there would seem to be almost no noise. An expert that says nothing about the labels does not count.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from jnl.label_audit import evidence
from jnl.label_audit.source import Source
from jnl.noise import posterior

_JUDGES = ("coteaching", "linear")
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


def refined(source: Source, experts: dict[str, np.ndarray]) -> Refined:
    """Return the last round after which the given labels had become clearly more likely.

    Args:
      source: the data.
      experts: name of the evidence -> f32[N, C] probabilities.
    """
    learners, labels = {name: learn for name, learn in evidence.learners().items() if name in experts}, source.labels
    judges: dict[str, posterior.Explained] = {}
    combine = partial(_equally, labels=labels)
    if "coteaching" in experts:
        judges = {name: posterior.explain(experts[name], labels) for name in _JUDGES if name in experts}
        judge = max(judges, key=lambda name: judges[name].posterior.log_likelihood)
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
    return best._replace(judge=judge, noise=_noise(best, judges, judge, labels)) if judges else best


def _noise(
    found: Refined, judges: dict[str, posterior.Explained], judge: str, labels: np.ndarray
) -> posterior.Explained:
    """Return the explanation of the labels i[N] from which the noise is estimated.

    If the noise is not even, Co-teaching gives it, because Co-teaching learns the fewest wrong labels. If the noise is
    even, the judge gives one explanation, and all experts together give another. An expert that has learned wrong
    labels gives a rate that is too low. So the explanation with the larger rate is taken.
    """
    if not judges[judge].even:
        return judges["coteaching"]
    together = posterior.Explained(found.pooled, found.posterior, True)
    return max(judges[judge], together, key=lambda each: posterior.rate_of(each.posterior.transition, labels))


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
