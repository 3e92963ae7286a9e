"""The Gaussian mixture of DivideMix's published code, and losses for it."""

import warnings

import numpy as np
from sklearn.mixture import GaussianMixture


def of_the_published_code(losses, starts=1):
    """The chance of the lower component: f64[N] -> f64[N]."""
    mixture = GaussianMixture(2, max_iter=10, tol=1e-2, reg_covar=5e-4, random_state=0, n_init=starts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that ten steps were not enough
        mixture.fit(losses[:, None])
    return mixture.predict_proba(losses[:, None])[:, mixture.means_.argmin()]


def normalized(losses):
    return (losses - losses.min()) / (losses.max() - losses.min())


def overlapping(number, seed):
    """Losses such as a network has when it has begun to memorize: a long tail below, a hill above."""
    random = np.random.default_rng(seed)
    clean = int(number * random.uniform(0.4, 0.8))
    low, high = random.gamma(1 + 0.3 * seed, 0.5, clean), random.normal(2 + 0.3 * seed, 1 + 0.1 * seed, number - clean)
    return normalized(np.concatenate([low, np.maximum(high, 0)]))
