"""Methods that train on a part of each batch, against their papers and published codes: Standard, small loss,
Decoupling, Co-teaching, Co-teaching+, JoCoR.
"""

import importlib
from collections import Counter
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.oracles import OF_CLASSES, Seen, agree, check, context, cross_entropies, double, draw, ours, softmax

from jnl import strategies


def standard(z, y, seen):
    """Mean cross entropy, as PyTorch's F.cross_entropy."""
    total = 0.0
    for logits, label in zip(z[0], y, strict=True):
        total += np.log(np.exp(logits).sum()) - logits[label]
    return [total / len(y)]


def small_loss(z, y, seen):
    """Co-teaching's selection without the exchange: its author's words in issue 1 of bhanML/Co-teaching."""
    smallest = sorted(cross_entropies(z[0], y))[: int((1 - seen.forget) * len(y))]
    return [sum(smallest) / len(smallest)]


def decoupling(z, y, seen, class_weights=False, floor=0.0, warmup_epochs=0):
    """Malach & Shalev-Shwartz 2017, algorithm 1; weights and floor: emalach/UpdateByDisagreement, train.py, `loss`.

    The published code has two classes: w = B / (2 max(1, N_y)), and a warm-up in steps instead of epochs.
    """
    classes, losses = z.shape[-1], []
    for network in z:
        total = number = 0.0
        for i, ce in enumerate(cross_entropies(network, y)):
            if z[0, i].argmax() != z[1, i].argmax() or seen.epoch < warmup_epochs:
                weight = len(y) / (classes * max(1, list(y).count(y[i]))) if class_weights else 1.0
                total, number = total + weight * ce, number + 1
        losses.append(total / max(floor * len(y), number) if number else 0.0)
    return losses


def coteaching(z, y, seen, reference=False):
    """Han et al. 2018, algorithm 1; `reference`: bhanML/Co-teaching, loss.py, which divides the mean once more."""
    loss = [cross_entropies(network, y) for network in z]
    number = int((1 - seen.forget) * len(y))
    chosen = [np.argsort(one)[:number] for one in loss]
    again = number if reference else 1
    return [loss[0][chosen[1]].mean() / again, loss[1][chosen[0]].mean() / again]


def coteaching_plus(z, y, seen, reference=False, warmup_epochs=0):
    """Yu et al. 2019, algorithm 1; `reference`: xingruiyu/coteaching_plus, loss.py, `loss_coteaching_plus`.

    That code counts `epoch * i` as the step.
    """
    if seen.epoch < warmup_epochs:
        return coteaching(z, y, seen, reference)
    said = [softmax(network) for network in z] if reference else z
    loss = [cross_entropies(one, y) for one in said]  # of the published code, so of the softmax of a softmax
    differ = [i for i in range(len(y)) if z[0, i].argmax() != z[1, i].argmax()]
    if not differ:
        everything = reference and seen.epoch * seen.batch < 5000
        return [one.mean() if everything else 0.0 for one in loss]
    number = int((1 - seen.forget) * len(differ))
    if number == 0 and reference:
        number = len(differ)
    if number == 0:
        return [0.0, 0.0]
    # Sure networks have equal losses in float32; of these the code's order is undefined, and here the first ones count.
    chosen = [sorted(differ, key=lambda i: round(one[i], 5))[:number] for one in loss]  # noqa: B023
    again = number if reference else 1
    return [loss[0][chosen[1]].mean() / again, loss[1][chosen[0]].mean() / again]


def jocor(z, y, seen, co_lambda=0.9):
    """Wei et al. 2020, eqs. 1 to 5; hongxin001/JoCoR, algorithm/loss.py."""
    p, q = softmax(z[0]), softmax(z[1])
    kl = (p * np.log(p / q)).sum(1) + (q * np.log(q / p)).sum(1)
    joint = (1 - co_lambda) * (cross_entropies(z[0], y) + cross_entropies(z[1], y)) + co_lambda * kl
    return [np.sort(joint)[: int((1 - seen.forget) * len(y))].mean()]


ORACLES = [
    (standard, {}),
    (small_loss, {}),
    (decoupling, {}),
    (decoupling, {"class_weights": True, "floor": 0.1}),
    (decoupling, {"floor": 0.95}),
    (decoupling, {"warmup_epochs": 20}),
    (coteaching, {}),
    (coteaching, {"reference": True}),
    (coteaching_plus, {}),
    (coteaching_plus, {"reference": True}),
    (coteaching_plus, {"warmup_epochs": 20, "reference": True}),
    (jocor, {"co_lambda": 0.0}),
    (jocor, {"co_lambda": 0.65}),
    (jocor, {"co_lambda": 1.0}),
]
EACH = pytest.mark.parametrize(("oracle", "hyper"), ORACLES, ids=lambda value: getattr(value, "__name__", str(value)))
# How far the second network is from the first, forget rate, epoch, batch in the epoch; how many predictions differ.
SITUATIONS = {
    "one differs, of which none would be kept": (0.01, 0.8, 12, 7, 1),
    "none differs, early": (0.01, 0.5, 12, 416, 0),  # 12 * 416 = 4,992
    "none differs, late": (0.01, 0.5, 10, 500, 0),  # 5,000
    "none differs, first epoch": (0.01, 0.5, 0, 9000, 0),
}


def test_every_strategy_has_one_oracle():
    files = sorted(Path(__file__).parent.glob("test_oracles_*.py"))
    modules = [importlib.import_module(file.stem) for file in files]
    named = Counter(name for module in modules for name, value in vars(module).items() if _defined_in(module, value))
    assert {name: named[name] for name in strategies.names()} == dict.fromkeys(strategies.names(), 1)


def _defined_in(module, value):
    return callable(value) and getattr(value, "__module__", None) == module.__name__


@OF_CLASSES
@EACH
def test_value_and_gradient(oracle, hyper, classes):
    check(oracle, hyper, classes)


@EACH
def test_networks_that_agree(oracle, hyper):
    number = strategies.make(oracle.__name__, **hyper).num_nets
    for name, (apart, forget, epoch, batch, differ) in SITUATIONS.items():
        (first, noise), y = draw(4, 10, 2)
        second = double(first + apart * noise)
        if differ:
            second[4] = np.roll(second[4], 1)
        assert (first.argmax(-1) != second.argmax(-1)).sum() == differ, name
        z = np.stack([first, second])[:number]
        agree(oracle, hyper, z, y, Seen(z, epoch, batch, forget), name)


@pytest.mark.parametrize("reference", [False, True])
def test_coteaching_plus_chooses_among_what_differs_after_the_warm_up(reference):
    """The examples that it does not choose count as left out only if it could have chosen them."""
    strategy = strategies.make("coteaching_plus", warmup_epochs=6, reference=reference)
    select = jax.jit(lambda z, seen: strategy.select(z, jnp.arange(8), seen).eligible)
    z, _ = draw(4, 10, 2)
    differ = z[0].argmax(-1) != z[1].argmax(-1)
    differ[0] = False
    z[1] = np.where(differ[:, None], z[1], z[0])
    for logits, epoch, expected in ((z, 5, True), (z, 6, differ), (z[[0, 0]], 6, reference)):
        np.testing.assert_array_equal(select(jnp.float32(logits), context(Seen(z, epoch))), np.full(8, expected))


@pytest.mark.parametrize("floor", [0.0, 0.1])
def test_decoupling_without_disagreement_has_no_loss_and_no_gradient(floor):
    """The published code divides 0 by 0.1 B."""
    (first, _), y = draw(4, 10, 2)
    z = np.stack([first, first])
    rows, gradient, _ = ours("decoupling", {"floor": floor}, z, y, Seen(z))
    assert not rows.any() and not gradient.any()


def test_jocor_stays_finite_where_the_published_code_does_not():
    """PyTorch's kl_div as hongxin001/JoCoR calls it: its gradient passes through the logarithm of the target."""
    z, y = draw(50, 10, 2)

    def published(z):
        log_p, p = jax.nn.log_softmax(z), jax.nn.softmax(z)
        return (p[1] * (jnp.log(p[1]) - log_p[0]) + p[0] * (jnp.log(p[0]) - log_p[1])).sum()

    assert not np.isfinite(jax.jit(jax.grad(published))(jnp.float32(z))).all()
    rows, gradient, _ = ours("jocor", {"co_lambda": 0.65}, z, y, Seen(z))
    assert np.isfinite(rows).all() and np.isfinite(gradient).all()
