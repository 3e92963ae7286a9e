"""The optimisers against PyTorch's formulas, in NumPy."""

import numpy as np
import optax
import pytest

from jnl.errors import UserError
from jnl.optimisers import Optimiser

RATES = [0.1, 0.1, 0.01, 0.01, 0.02]
GRADIENTS = np.random.default_rng(0).normal(size=(5, 7))
START = np.random.default_rng(1).normal(size=7)


def ours(optimiser, beta1s=(0.9,) * 5):
    params, state = np.float32(START), None
    for gradient, rate, beta1 in zip(GRADIENTS, RATES, beta1s, strict=True):
        transform = optimiser(rate, beta1)
        state = transform.init(params) if state is None else state
        change, state = transform.update(np.float32(gradient), state, params)
        params = optax.apply_updates(params, change)
    return params


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("decay", [0.0, 0.05])
def test_sgd(momentum, decay):
    w, velocity = START.copy(), np.zeros(7)
    for gradient, rate in zip(GRADIENTS, RATES, strict=True):
        velocity = momentum * velocity + gradient + decay * w
        w -= rate * velocity
    np.testing.assert_allclose(ours(Optimiser("sgd", momentum, decay)), w, rtol=1e-5)


@pytest.mark.parametrize("decay", [0.0, 0.05])
def test_adam_with_a_beta1_that_changes(decay):
    w, first, second = START.copy(), np.zeros(7), np.zeros(7)
    betas = (0.9, 0.9, 0.9, 0.1, 0.1)
    for step, (gradient, rate, beta1) in enumerate(zip(GRADIENTS, RATES, betas, strict=True), 1):
        gradient = gradient + decay * w
        first = beta1 * first + (1 - beta1) * gradient
        second = 0.999 * second + 0.001 * gradient**2
        w -= rate * (first / (1 - beta1**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    np.testing.assert_allclose(ours(Optimiser("adam", 0.0, decay), betas), w, rtol=1e-4)


@pytest.mark.parametrize("wrong", [("adamw", 0.0, 0.0), ("sgd", 1.0, 0.0), ("sgd", 0.0, -1.0)])
def test_wrong_settings(wrong):
    with pytest.raises(UserError, match=r"optim\."):
        Optimiser(*wrong).check()
