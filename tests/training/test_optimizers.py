"""The optimizers against PyTorch's and Keras' formulas, in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from conftest import quick
from jax.tree_util import keystr

from jnl.experiment.build import build
from jnl.support.errors import UserError
from jnl.training.epoch import train_epoch
from jnl.training.optimizers import Optimizer
from jnl.training.single_run import init_state

RATES = [0.1, 0.1, 0.01, 0.01, 0.02]
GRADIENTS = np.random.default_rng(0).normal(size=(5, 7))
START = np.random.default_rng(1).normal(size=7)


def ours(optimizer, beta1s=(0.9,) * 5):
    params, state = np.float32(START), None
    for gradient, rate, beta1 in zip(GRADIENTS, RATES, beta1s, strict=True):
        transform = optimizer(rate, beta1)
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
    np.testing.assert_allclose(ours(Optimizer("sgd", momentum, decay)), w, rtol=1e-5)


@pytest.mark.parametrize("decay", [0.0, 0.05])
def test_adam_with_a_beta1_that_changes(decay):
    w, first, second = START.copy(), np.zeros(7), np.zeros(7)
    betas = (0.9, 0.9, 0.9, 0.1, 0.1)
    for step, (gradient, rate, beta1) in enumerate(zip(GRADIENTS, RATES, betas, strict=True), 1):
        gradient = gradient + decay * w
        first = beta1 * first + (1 - beta1) * gradient
        second = 0.999 * second + 0.001 * gradient**2
        w -= rate * (first / (1 - beta1**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    np.testing.assert_allclose(ours(Optimizer("adam", 0.0, decay), betas), w, rtol=1e-4)


@pytest.mark.parametrize("decay", [0.0, 0.05])
def test_adagrad(decay):
    w, total = START.copy(), np.zeros(7)
    for gradient, rate in zip(GRADIENTS, RATES, strict=True):
        gradient = gradient + decay * w
        total += gradient**2
        w -= rate * gradient / (np.sqrt(total) + 1e-7)
    np.testing.assert_allclose(ours(Optimizer("adagrad", 0.0, decay)), w, rtol=1e-5)


@pytest.mark.parametrize("gradient", [1e-5, 1e-3])
def test_adagrad_moves_by_the_rate_however_small_the_first_gradient(gradient):
    transform = Optimizer("adagrad", 0.0, 0.0)(0.1, 0.9)
    change, _ = transform.update(jnp.float32(gradient), transform.init(jnp.float32(0)))
    np.testing.assert_allclose(change, -0.1 * gradient / (gradient + 1e-7), rtol=0.011)


@pytest.mark.parametrize("name", ["adagrad", "adam", "sgd"])
def test_the_rate_falls_with_the_number_of_steps(name):
    optimizer = Optimizer(name, 0.9, 0.05)
    slower = optimizer._replace(step_decay=0.5)
    divided = [rate / (1 + 0.5 * step) for step, rate in enumerate(RATES)]
    state, params = None, np.float32(START)
    for gradient, rate in zip(GRADIENTS, divided, strict=True):
        transform = optimizer(rate, 0.9)
        state = transform.init(params) if state is None else state
        change, state = transform.update(np.float32(gradient), state, params)
        params = optax.apply_updates(params, change)
    np.testing.assert_allclose(ours(slower), params, rtol=1e-5)
    assert not np.allclose(ours(slower), ours(optimizer), rtol=1e-2)


def test_weight_decay_acts_on_what_is_named():
    params = {"Conv_0": {"kernel": 1.0, "bias": 2.0}, "Dense_0": {"kernel": 3.0, "bias": 4.0}, "scale": 5.0}
    params = jax.tree.map(jnp.float32, params)
    nothing = jax.tree.map(jnp.zeros_like, params)

    def shrunk(decayed):
        transform = Optimizer("sgd", 0.0, 0.1, decayed=decayed)(1.0, 0.9)
        change, _ = transform.update(nothing, transform.init(params), params)
        ratios = jax.tree.map(lambda change, w: float(change / w), change, params)
        return {
            keystr(path, simple=True, separator="/")
            for path, ratio in jax.tree.leaves_with_path(ratios)
            if ratio == pytest.approx(-0.1)
        }

    kernels, of_dense = {"Conv_0/kernel", "Dense_0/kernel"}, {"Dense_0/kernel", "Dense_0/bias"}
    assert shrunk("kernel") == kernels
    assert shrunk("^Dense_0/") == of_dense
    assert shrunk("") == kernels | of_dense | {"Conv_0/bias", "scale"}
    with pytest.raises(UserError, match="optim.decayed: 'kernels' matches none of the parameters: Conv_0/bias, "):
        shrunk("kernels")


def test_what_weight_decay_acts_on_is_checked_before_a_training():
    wrong = {"optim__weight_decay": 1e-3, "optim__decayed": "Conv_0"}  # of an MLP
    with pytest.raises(UserError, match="optim.decayed: 'Conv_0' matches none of the parameters: Dense_0/bias"):
        build(quick("coteaching", **wrong))
    (program_spec,) = build(quick("s_model", **wrong | {"optim__decayed": "^strategy/"}))  # its noise layer
    assert program_spec.train_spec.optimizer.decayed == "^strategy/"


@pytest.mark.slow
def test_with_a_fresh_optimizer_two_epochs_are_two_trainings_of_one():
    fields = {"optim__name": "sgd", "optim__learning_rate": 0.1, "optim__step_decay": 0.1}
    ((usual,), (fresh,)) = (build(quick("standard", **fields, optim__fresh_each_epoch=new)) for new in (False, True))
    train, run = jax.tree.map(jnp.asarray, usual.dataset.train), usual.runs[0]

    def epoch(program_spec, state, number):
        return jax.jit(lambda state: train_epoch(program_spec.train_spec, train, run, state, jnp.int32(number))[0])(
            state
        )

    def new(params):
        return init_state(usual.train_spec, train, run)._replace(params=params)

    first = epoch(usual, new(init_state(usual.train_spec, train, run).params), 0)
    second = epoch(usual, new(first.params), 1)
    ours = epoch(fresh, epoch(fresh, init_state(fresh.train_spec, train, run), 0), 1)
    for mine, expected in zip(*(jax.tree.leaves(state[:3]) for state in (ours, second)), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-5, atol=1e-7)
    without = epoch(usual, first, 1)
    assert not np.allclose(without.params["Dense_0"]["bias"], ours.params["Dense_0"]["bias"], rtol=1e-2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": "adamw"}, "optim.name"),
        ({"momentum": 1.0}, "optim.momentum: 1.0"),
        ({"weight_decay": -1.0}, "optim.weight_decay: -1.0"),
        ({"step_decay": -1.0}, "optim.step_decay: -1.0"),
        ({"step_decay": float("inf")}, "optim.step_decay: inf"),
        ({"decayed": "(kernel"}, "optim.decayed: '\\(kernel' is not a regular expression"),
        ({"decayed": "a{99999999999}"}, "optim.decayed: .* is not a regular expression"),
    ],
)
def test_wrong_settings(wrong, message):
    Optimizer("sgd", 0.0, 0.0).check()
    with pytest.raises(UserError, match=message):
        Optimizer("sgd", 0.0, 0.0)._replace(**wrong).check()
