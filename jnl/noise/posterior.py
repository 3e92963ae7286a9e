"""The probability that a label is wrong: Bayes' rule with a noise matrix that is estimated at the same time.

Experts are arrays of probabilities f[N, C] that do not depend on the label of the example itself: predictions of
networks that did not train on it, or the votes of its neighbors. If the true class of example i is j with probability
p_i(j), and T is the noise matrix P(given = column | true = row), then the true class after the given label y_i is seen
is q_i(j), proportional to p_i(j) T[j, y_i]. The matrix that makes the given labels most likely is found by expectation
maximization (Dawid and Skene 1979, with one annotator).
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from tqdm.auto import tqdm

ROUNDS = 40  # of expectation maximization
SAMPLES = 100  # of a bootstrap
_LEAST = 1e-3  # smallest probability that an expert may give; a surer expert would overrule all others
_LEAST_OF_ALL = 0.1  # the same for the sum over many classes
_LEAST_ALONE = 1e-6  # the same if there is no other expert; it keeps the order of labels that are surely wrong
_LEAST_WRONG = 1e-4  # smallest share of wrong labels of a noise matrix; without noise nothing would order the labels
_PRICE = 0.01  # nats per label for a weight that is e times as large as the (geometric) mean
_TEMPERATURES = (0.3, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0, 3.0)


class Posterior(NamedTuple):
    """What the given labels and the experts say together."""

    true: np.ndarray  # f32[N, C] probability of each true class
    transition: np.ndarray  # f64[C, C] P(given = column | true = row)
    log_likelihood: float  # of the given labels, mean over the examples, in nats

    def wrong(self, labels: np.ndarray) -> np.ndarray:
        """Return the probability that each label i[N] is wrong, f32[N]."""
        others = self.true.copy()
        others[np.arange(len(labels)), labels] = 0
        return others.sum(1)  # the same as 1 - p, which has no digits left if p is nearly 1


def pool(experts: Sequence[np.ndarray], weights: Sequence[float] | np.ndarray | None = None) -> np.ndarray:
    """Return the normalized geometric mean of experts, f[N, C] each -> f32[N, C] (logarithmic opinion pool).

    Args:
      experts: probabilities f[N, C] of each expert.
      weights: the exponent of each expert; None gives each the same, with the sum 1.
    """
    exponents = np.full(len(experts), 1 / len(experts)) if weights is None else weights
    least = min(_LEAST, _LEAST_OF_ALL / experts[0].shape[1]) if len(experts) > 1 else _LEAST_ALONE
    return _normalized(sum(w * np.log(np.maximum(p, least)) for w, p in zip(exponents, experts, strict=True)))


def weigh(experts: Sequence[np.ndarray], labels: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return the weights for `pool` under which the given labels are most likely, f64[number of experts].

    The noise matrix stays as it is given. If it were fitted too, the most likely result could be a matrix without
    noise, and all weight on an expert that has learned the noise. Unequal weights must make the labels clearly more
    likely; otherwise the weights stay nearly equal.

    Args:
      experts: probabilities f[N, C] of each expert.
      labels: i[N] given labels.
      matrix: f[C, C] P(given = column | true = row).
    """
    from scipy.optimize import minimize  # takes a part of a second to import

    logs = jnp.asarray(np.stack([np.log(np.maximum(expert, _LEAST)) for expert in experts]), jnp.float32)
    given = jax.nn.one_hot(labels, logs.shape[2])

    def cost(log_weights: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = _cost(jnp.asarray(log_weights, jnp.float32), logs, given, jnp.asarray(matrix, jnp.float32))
        return float(value), np.asarray(slope, np.float64)

    start = np.full(len(experts), -np.log(len(experts)))
    return np.exp(minimize(cost, start, jac=True, method="L-BFGS-B", bounds=[(-5, 2)] * len(experts)).x)


def sharpen(p: np.ndarray, temperature: float, least: float = _LEAST) -> np.ndarray:
    """Return probabilities of at least `least` at a temperature, f[N, C] -> f32[N, C]. A lower one makes them surer."""
    return _normalized(np.log(np.maximum(p, least)) / temperature)


def soften(p: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return probabilities f[N, C] of a model that is too sure at the temperature that fits the labels i[N] best.

    Probabilities that are not too sure stay as they are.
    """
    found = {each: infer(sharpen(p, each, 1e-30), labels).log_likelihood for each in (1.0, 1.5, 2.0, 3.0, 5.0, 8.0)}
    best = max(found, key=found.__getitem__)
    return p if found[best] < found[1.0] + 1 / len(labels) else sharpen(p, best, 1e-30)


def infer(p: np.ndarray, labels: np.ndarray, even: bool = False) -> Posterior:
    """Return the posterior of the true classes with the most likely noise matrix.

    Args:
      p: f[N, C] probabilities of the classes, which do not depend on the given labels.
      labels: i[N] given labels.
      even: whether the matrix has one number, the share of wrong labels, which are spread evenly over the classes.

    Example:
      >>> p = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.1]])
      >>> infer(p, np.array([0, 0, 1, 1])).wrong(np.array([0, 0, 1, 1])).argmax()
      np.int64(3)
    """
    classes = p.shape[1]
    given = jax.nn.one_hot(labels, classes)
    start = jnp.full((classes, classes), 0.2 / (classes - 1)).at[jnp.diag_indices(classes)].set(0.8)
    matrix = _fit(jnp.asarray(p, jnp.float32), given, jnp.ones(len(labels)), start, ROUNDS, even)
    true, likelihood = _posterior(jnp.asarray(p, jnp.float32), given, matrix)
    return Posterior(np.asarray(true), np.asarray(matrix, np.float64), float(jnp.log(likelihood).mean()))


class Explained(NamedTuple):
    """How one expert explains the given labels."""

    p: np.ndarray  # f32[N, C] its probabilities at the temperature that makes the labels most likely
    posterior: Posterior
    even: bool  # whether wrong labels are taken to be spread evenly over the classes


def explain(p: np.ndarray, labels: np.ndarray, even: bool | None = None) -> Explained:
    """Return how the probabilities of one expert explain the given labels best.

    The probabilities of a network are often too sure or not sure enough, so that its errors would count as noise, or
    noise as doubt. So they first get the temperature that makes the labels most likely.

    Args:
      p: f[N, C] probabilities of the classes, which do not depend on the given labels.
      labels: i[N] given labels.
      even: as for `infer`. None decides it: a full matrix has C (C - 1) numbers and always makes the labels more
        likely, because it also explains what the network confuses. The Bayesian information criterion (Schwarz 1978)
        says how much more likely it must make them.
    """
    if even is None:
        number, classes = p.shape
        one, many = (explain(p, labels, is_even) for is_even in (True, False))
        gain = many.posterior.log_likelihood - one.posterior.log_likelihood
        return one if gain < (classes * (classes - 1) - 1) / 2 * np.log(number) / number else many
    p = sharpen(p, temperature(p, labels, even))
    return Explained(p, infer(p, labels, even), even)


def says_something(found: Explained, labels: np.ndarray) -> bool:
    """Return whether an expert explains the labels i[N] better than the shares of the classes do.

    The Bayesian information criterion says how much better it must be, because a temperature and a share of wrong
    labels are fitted too.
    """
    number = len(labels)
    shares = np.bincount(labels) / number
    entropy = -(shares[shares > 0] * np.log(shares[shares > 0])).sum()
    return bool(found.posterior.log_likelihood + entropy > np.log(number) / number)


def temperature(p: np.ndarray, labels: np.ndarray, even: bool = False) -> float:
    """Return the temperature at which probabilities f[N, C] make the given labels i[N] most likely, see `sharpen`.

    If several temperatures are nearly as good (the log-likelihood of all labels together differs by at most one nat,
    which may be chance), the lowest is taken. Then a label that contradicts a prediction counts as noise, and not as a
    sign that the prediction is too sure.
    """
    found = {each: infer(sharpen(p, each), labels, even).log_likelihood for each in _TEMPERATURES}
    return min(each for each in _TEMPERATURES if found[each] >= max(found.values()) - 1 / len(labels))


def bootstrap(
    p: np.ndarray, labels: np.ndarray, matrix: np.ndarray, even: bool = False, samples: int = SAMPLES, seed: int = 0
) -> np.ndarray:
    """Return noise matrices f64[samples, C, C] of examples that are drawn with replacement.

    Args:
      p: f[N, C] probabilities.
      labels: i[N] given labels.
      matrix: f[C, C] noise matrix of all examples, from which the others start.
      even: as for `infer`.
      samples: how often all N examples are drawn.
      seed: seed of the draws.
    """
    stream, number = np.random.default_rng(seed), len(labels)
    given, matrices = jax.nn.one_hot(labels, p.shape[1]), []
    chances, start = jnp.asarray(p, jnp.float32), jnp.asarray(matrix, jnp.float32)
    for _ in tqdm(range(samples), "interval of the noise rate", unit="sample", leave=False, disable=None):
        times = np.bincount(stream.integers(number, size=number), minlength=number).astype(np.float32)
        matrices.append(_fit(chances, given, times, start, ROUNDS // 4, even))
    return np.asarray(matrices, np.float64)


def calibrate(wrong: np.ndarray, rate: float) -> np.ndarray:
    """Return probabilities f64[N] of the same order whose mean is the noise rate: all log-odds move by one number.

    Args:
      wrong: f[N] probabilities that the labels are wrong.
      rate: share of wrong labels, in [0, 1].
    """
    from scipy.optimize import brentq  # takes a part of a second to import
    from scipy.special import expit, logit

    odds = logit(np.clip(np.asarray(wrong, np.float64), 1e-12, 1 - 1e-12))
    wanted = float(np.clip(rate, 1e-9, 1 - 1e-9))
    return expit(odds + brentq(lambda shift: expit(odds + shift).mean() - wanted, -60, 60))


class NoiseEstimate(NamedTuple):
    """The share of wrong labels with its 95 % interval over bootstrap samples, and the noise matrix."""

    rate: float
    low: float
    high: float
    transition: np.ndarray | None = None  # f64[C, C] P(given = column | true = row); None if it is not estimated


def interval(rates: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % interval of the rates of bootstrap samples."""
    low, high = np.percentile(rates, [2.5, 97.5])
    return float(low), float(high)


def estimate(found: Explained, labels: np.ndarray) -> NoiseEstimate:
    """Estimate the noise of labels by maximum likelihood.

    Args:
      found: how out-of-sample probabilities explain the labels, see `explain`.
      labels: i[N] given labels.
    """
    matrix = found.posterior.transition
    low, high = interval([rate_of(each, labels) for each in bootstrap(found.p, labels, matrix, found.even)])
    rate = rate_of(matrix, labels)
    # The samples take more rounds than the estimate. Where the rounds had not come to rest, they move on together.
    return NoiseEstimate(rate, min(low, rate), max(high, rate), matrix)


def rate_of(matrix: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of wrong labels under a noise matrix f64[C, C] that explains the labels i[N].

    The shares of the true classes are those that give the shares of the labels.
    """
    given = np.bincount(labels, minlength=len(matrix)) / len(labels)
    true = np.maximum(np.linalg.lstsq(matrix.T, given, rcond=None)[0], 0)
    return float(np.clip(1 - (true / true.sum()) @ np.diag(matrix), 0, 1))  # rounding can give -1e-17


@partial(jax.jit, static_argnames=("rounds", "even"))
def _fit(p: Array, given: Array, weights: Array, start: Array, rounds: int, even: bool) -> Array:
    """Return the most likely noise matrix f32[C, C] of weighted examples.

    The arguments are probabilities f32[N, C], given labels as f32[N, C] of 0 and 1, weights f32[N], the first matrix
    f32[C, C], the number of rounds, and whether the noise is even. If it is not, each true class counts C examples
    more, whose noise is even over all classes.
    """
    classes = p.shape[1]

    def improve(matrix: Array, _: None) -> tuple[Array, None]:
        true, _ = _posterior(p, given, matrix)
        counts = (true * weights[:, None]).T @ given
        wrong = jnp.maximum(1 - jnp.diag(counts).sum() / counts.sum(), _LEAST_WRONG)
        spread = jnp.where(jnp.eye(classes) > 0, 1 - wrong, wrong / (classes - 1))
        if even:
            return spread, None
        counts += classes * spread  # without it, a matrix that few examples show would be the noise of chance
        return counts / counts.sum(1, keepdims=True), None

    return lax.scan(improve, start, length=rounds)[0]


@jax.jit
@jax.value_and_grad
def _cost(log_weights: Array, logs: Array, given: Array, matrix: Array) -> Array:
    """Return minus the mean log-likelihood of the given labels, plus the price of weights that differ: f32[].

    The arguments are the logarithms of the weights f32[E], the logarithms of the experts' probabilities f32[E, N, C],
    the given labels as f32[N, C] of 0 and 1, and the noise matrix f32[C, C].
    """
    pooled = jax.nn.softmax(jnp.tensordot(jnp.exp(log_weights), logs, 1))
    likelihood = (pooled * (given @ matrix.T)).sum(1)
    return -jnp.log(likelihood).mean() + _PRICE * ((log_weights - log_weights.mean()) ** 2).sum()


@jax.jit
def _posterior(p: Array, given: Array, matrix: Array) -> tuple[Array, Array]:
    """Return the probabilities of the true classes f32[N, C], and the likelihood of the given labels f32[N]."""
    joint = p * (given @ matrix.T)
    likelihood = joint.sum(1)
    return joint / likelihood[:, None], likelihood


def _normalized(logs: np.ndarray) -> np.ndarray:
    """Return the softmax of f[N, C]."""
    return np.asarray(jax.nn.softmax(jnp.asarray(logs, jnp.float32)))
