"""Each method's loss as its paper or published code writes it: NumPy float64, index lists, one line after the other.

Values are compared, and gradients by logits against central differences of the oracle.
"""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jnl import strategies
from jnl.losses import objective
from jnl.types import Context

BATCH, CLASSES = 10, 4


def softmax(z):
    p = np.exp(z - z.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


def ce(z, y):
    return -np.log(softmax(z)[np.arange(len(y)), y])


def standard(z, y, forget, epoch, batch):
    return [ce(z[0], y).mean()]


def small_loss(z, y, forget, epoch, batch):
    loss = ce(z[0], y)
    return [loss[np.argsort(loss)[: int((1 - forget) * len(y))]].mean()]


def decoupling(z, y, forget, epoch, batch, class_weights=False, floor=0.0, warmup_epochs=0):
    differ = np.flatnonzero((z[0].argmax(-1) != z[1].argmax(-1)) | (epoch < warmup_epochs))
    weight = np.array([len(y) / (CLASSES * (y == label).sum()) for label in y]) if class_weights else np.ones(len(y))
    return [(weight * ce(z[n], y))[differ].sum() / max(floor * len(y), len(differ), 1) for n in (0, 1)]


def coteaching(z, y, forget, epoch, batch, reference=False):
    loss_1, loss_2 = ce(z[0], y), ce(z[1], y)
    number = int((1 - forget) * len(y))
    chosen_1, chosen_2 = np.argsort(loss_1)[:number], np.argsort(loss_2)[:number]
    again = number if reference else 1
    return [loss_1[chosen_2].mean() / again, loss_2[chosen_1].mean() / again]


def coteaching_plus(z, y, forget, epoch, batch, reference=False, warmup_epochs=0):
    if epoch < warmup_epochs:
        return coteaching(z, y, forget, epoch, batch, reference)
    differ = np.flatnonzero(z[0].argmax(-1) != z[1].argmax(-1))
    if not reference:
        number = int((1 - forget) * len(differ))
        if number == 0:
            return [0.0, 0.0]
        loss_1, loss_2 = ce(z[0], y), ce(z[1], y)
        chosen_1 = differ[np.argsort(loss_1[differ])[:number]]
        chosen_2 = differ[np.argsort(loss_2[differ])[:number]]
        return [loss_1[chosen_2].mean(), loss_2[chosen_1].mean()]
    loss_1, loss_2 = ce(softmax(z[0]), y), ce(softmax(z[1]), y)
    if len(differ) == 0:
        return [loss_1.mean(), loss_2.mean()] if epoch * batch < 5000 else [0.0, 0.0]
    number = int((1 - forget) * len(differ)) or len(differ)
    chosen_1 = differ[np.argsort(loss_1[differ])[:number]]
    chosen_2 = differ[np.argsort(loss_2[differ])[:number]]
    return [loss_1[chosen_2].mean() / number, loss_2[chosen_1].mean() / number]


def jocor(z, y, forget, epoch, batch, co_lambda=0.9):
    p, q = softmax(z[0]), softmax(z[1])
    contrast = (p * np.log(p / q)).sum(-1) + (q * np.log(q / p)).sum(-1)
    loss = (1 - co_lambda) * (ce(z[0], y) + ce(z[1], y)) + co_lambda * contrast
    return [loss[np.argsort(loss)[: int((1 - forget) * len(y))]].mean()]


ORACLES = [
    (standard, {}),
    (small_loss, {}),
    (decoupling, {}),
    (decoupling, {"class_weights": True, "floor": 0.5}),
    (decoupling, {"warmup_epochs": 20}),
    (coteaching, {}),
    (coteaching, {"reference": True}),
    (coteaching_plus, {}),
    (coteaching_plus, {"reference": True}),
    (coteaching_plus, {"warmup_epochs": 20}),
    (coteaching_plus, {"warmup_epochs": 20, "reference": True}),
    (jocor, {"co_lambda": 0.0}),
    (jocor, {"co_lambda": 0.65}),
    (jocor, {"co_lambda": 1.0}),
]
# How far the second network is from the first; forget rate, epoch, batch in the epoch.
SITUATIONS = {
    "apart": (9.0, 0.3, 12, 7),
    "one-differs": (0.01, 0.8, 12, 7),
    "agree-early": (0.01, 0.5, 12, 400),
    "agree-late": (0.01, 0.5, 13, 400),
}
DISAGREE = {"apart": 4, "one-differs": 1, "agree-early": 0, "agree-late": 0}


def networks(situation):
    """Logits f64[2, B, C], rounded to float32 first so that both sides see the same."""
    random = np.random.default_rng(3)
    first = random.normal(0, 2, (BATCH, CLASSES))
    second = first + SITUATIONS[situation][0] * random.normal(0, 1, (BATCH, CLASSES))
    if situation == "one-differs":
        second[4] = np.roll(second[4], 1)
    return np.float64(np.float32(np.stack([first, second])))


@cache
def ours(name, **hyper):
    """(logits, labels, context) -> the gradient of the objective by the logits, its rows."""
    strategy = strategies.make(name, **hyper)

    def total(z, labels, context):
        rows = objective(strategy.select(z, labels, context))
        return rows.sum(), rows

    return jax.jit(jax.grad(total, has_aux=True))


def test_the_situations_are_what_their_names_say():
    counts = {name: int(np.not_equal(*networks(name).argmax(-1)).sum()) for name in SITUATIONS}
    assert counts == DISAGREE


def test_every_core_strategy_has_an_oracle_here():
    core = {"standard", "small_loss", "decoupling", "coteaching", "coteaching_plus", "jocor"}
    assert {oracle.__name__ for oracle, _ in ORACLES} == core  # test_oracles_more.py has the others


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize(("oracle", "hyper"), ORACLES, ids=lambda value: getattr(value, "__name__", str(value)))
def test_value_and_gradient(oracle, hyper, situation):
    _, forget, epoch, batch = SITUATIONS[situation]
    strategy = strategies.make(oracle.__name__, **hyper)
    z = networks(situation)[: strategy.num_nets]
    labels = np.random.default_rng(4).integers(0, CLASSES, BATCH)
    keep = jnp.array([int((1 - forget) * n) for n in range(BATCH + 1)])
    rest = (jnp.zeros((BATCH, 1)), jnp.ones(BATCH), jnp.float32(0), jax.random.key(0), {})
    context = Context(jnp.int32(epoch), jnp.int32(batch), 468, keep, jnp.arange(BATCH), *rest)
    gradient, rows = ours(oracle.__name__, **hyper)(jnp.float32(z), jnp.asarray(labels, jnp.int32), context)
    expected = oracle(z, labels, forget, epoch, batch, **hyper)
    np.testing.assert_allclose(rows, expected, rtol=2e-5, atol=1e-6)

    step, numeric = 1e-6, np.zeros_like(z)
    for place in np.ndindex(z.shape):
        up, down = z.copy(), z.copy()
        up[place] += step
        down[place] -= step
        higher, lower = (sum(oracle(side, labels, forget, epoch, batch, **hyper)) for side in (up, down))
        numeric[place] = (higher - lower) / (2 * step)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-3, atol=2e-5)
