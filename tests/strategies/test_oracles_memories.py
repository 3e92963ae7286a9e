"""Methods that remember something of each example or batch, against their papers and published codes: ELR, SOP,
MentorNet, CORES2, truncated GCE. First one loss with a memory at random, then what is remembered over steps and epochs.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.oracles import (
    BATCH,
    EXAMPLES,
    OF_CLASSES,
    Seen,
    check,
    context,
    cross_entropies,
    double,
    draw,
    ours,
    slope,
    softmax,
)

from jnl import strategies
from jnl.core.memory import MemoryInit
from jnl.strategies.mentornet import KINDS

BATCHES = np.arange(8), np.arange(4, 12), np.array([0, 1, 2, 3, 8, 9, 10, 11])  # each example twice


def _elr_target(before, z, momentum):
    p = np.clip(softmax(z), 1e-4, 1 - 1e-4)
    return momentum * before + (1 - momentum) * p / p.sum()


def elr(z, y, seen, target_momentum=0.7, weight=3.0):
    """Liu et al. 2020, eq. 6; shengliu66/ELR, ELR/model/loss.py."""
    total = 0.0
    for i in range(len(y)):
        target = _elr_target(seen.memory["target"][seen.example_index[i]], seen.z[0, i], target_momentum)
        p = np.clip(softmax(z[0, i]), 1e-4, 1 - 1e-4)
        total += -np.log(softmax(z[0, i])[y[i]]) + weight * np.log(1 - (target * p).sum())
    return [total / len(y)]


def _sop_noise(u, v, label):
    """U, V of one example: f64[1], f64[C]."""
    y = np.eye(len(v))[label]
    return np.clip(u**2 * y, 0, 1), np.clip(v**2 * (1 - y), 0, 1)


def _sop_loss(z, label, of_u, of_v, still_z, still_v):
    """shengliu66/SOP, model/loss.py (ratio_balance and ratio_consistency 0, which is not SOP+), one example."""
    y, p = np.eye(len(z))[label], softmax(z)
    mixed = np.maximum(p + of_u - still_v, 1e-4)
    mixed = np.clip(mixed / max(mixed.sum(), 1e-4), 1e-4, 1)
    hard = np.eye(len(z))[still_z.argmax()]
    return -np.log(mixed[label]) + ((hard + of_u - of_v - y) ** 2).sum()


def sop(z, y, seen, rate_u=1.0, rate_v=10.0):
    """Liu et al. 2022; shengliu66/SOP, model/loss.py."""
    total = 0.0
    for i, example in enumerate(seen.example_index):
        of_u, of_v = _sop_noise(seen.memory["u"][example], seen.memory["v"][example], y[i])
        total += _sop_loss(z[0, i], y[i], of_u, of_v, seen.z[0, i], of_v)
    return [total / len(y)]


def mentornet(z, y, seen, kind="self_paced", percentile=0.7, decay=0.5, gamma=1.0, burn_in=18):
    """Jiang et al. 2018; google/mentornet, code/utils.py and code/training_mentornet/models.py (`vstar_*`)."""
    still = cross_entropies(seen.z[0], y)
    level = _mentornet_level(seen.memory["level"], still, percentile, decay)
    percent, total = int(np.floor(100 * (seen.epoch + seen.batch / 10) / 100 + 1e-6)), 0.0
    for loss, fixed in zip(cross_entropies(z[0], y), still, strict=True):
        distance = fixed - level
        linear, self_paced = np.clip(1 - distance / gamma, 0, 1), float(distance <= 0)
        if percent < burn_in - 1:
            weight = 1.0
        elif kind == "predefined":
            weight = 1.0 if percent <= 18 else self_paced if percent < 90 else linear
        else:
            focal, hard = (1 - np.exp(-fixed)) ** gamma, float(distance >= 0)
            weight = {"self_paced": self_paced, "linear": linear, "focal": focal, "hard": hard}[kind]
        total += weight * loss
    return [total / len(y)]


def _mentornet_level(before, losses, percentile, decay):
    """The nearest rank from above, as tf.contrib.distributions.percentile has it."""
    from_above = round((1 - percentile) * (len(losses) - 1))
    return decay * before + (1 - decay) * np.sort(losses)[::-1][from_above]


def cores2(z, y, seen, sieve_from=31):
    """Cheng et al. 2021, phase 1; haochenglouis/cores, loss.py (`loss_cores`, `f_beta`)."""
    beta = np.concatenate([np.zeros(10), np.linspace(0, 2, 30), np.full(60, 2.0)])[seen.epoch]
    total, number = 0.0, 0
    for i in range(len(y)):
        if seen.epoch >= sieve_from and not _cores2_stays(seen.z[0, i], y[i]):
            continue
        every = -np.log(softmax(z[0, i]) + 1e-8)
        total += -np.log(softmax(z[0, i])[y[i]]) - beta * (seen.memory["prior"] * every).sum()
        number += 1
    return [total / max(number, 1)]


def _cores2_stays(z, label):
    p = softmax(z)
    return -np.log(p[label]) - np.mean(-np.log(p + 1e-8)) <= 0


def at_random(epoch=5, batch=0, **shapes):
    """Remembered numbers from 0 to 0.5; C stands for the number of classes."""

    def seen_of(z):
        random, classes = np.random.default_rng(7), z.shape[-1]
        sizes = {name: [classes if axis == "C" else axis for axis in shape] for name, shape in shapes.items()}
        memory = {name: double(random.uniform(0, 0.5, size)) for name, size in sizes.items()}
        return Seen(z, epoch, batch, memory=memory)

    return seen_of


def with_prior(epoch):
    def seen_of(z):
        prior, none = np.random.default_rng(7).dirichlet(np.ones(z.shape[-1])), np.zeros(EXAMPLES, bool)
        return Seen(z, epoch, memory={"prior": double(prior), "removed": none, "trains": ~none})

    return seen_of


LEVEL = at_random(5, level=())
ORACLES = [
    (elr, {}, at_random(target=(EXAMPLES, "C"))),
    (elr, {"target_momentum": 0.9, "weight": 7.0}, at_random(target=(EXAMPLES, "C"))),
    (sop, {}, at_random(u=(EXAMPLES, 1), v=(EXAMPLES, "C"))),
    (mentornet, {}, LEVEL),
    (mentornet, {}, at_random(16, 9, level=())),  # 16 hundredths: the last ones that are burnt in
    (mentornet, {}, at_random(17, level=())),
    (mentornet, {"burn_in": 54}, at_random(53, level=())),  # 100 times the float32 of 0.53 is below 53
    (mentornet, {"burn_in": 0, "kind": "linear", "gamma": 0.5}, LEVEL),
    (mentornet, {"burn_in": 0, "kind": "focal", "gamma": 2.0}, LEVEL),
    (mentornet, {"burn_in": 0, "kind": "hard"}, LEVEL),
    *((mentornet, {"burn_in": 0, "kind": "predefined"}, at_random(epoch, level=())) for epoch in (18, 19, 89, 90)),
    *((cores2, {}, with_prior(epoch)) for epoch in (9, 11, 30, 31, 40)),
]


@OF_CLASSES
@pytest.mark.parametrize(("oracle", "hyper", "seen_of"), ORACLES, ids=lambda value: getattr(value, "__name__", None))
def test_value_and_gradient(oracle, hyper, seen_of, classes):
    check(oracle, hyper, classes, seen_of)


def batches(size, classes=10):
    """Three overlapping batches of 12 examples that keep their labels, with logits of their own each time."""
    labels = np.random.default_rng(5).integers(0, classes, 12)
    for number, index in enumerate(BATCHES):
        z, _ = draw(size, classes, seed=10 + number)
        yield number, index, z, labels[index]


@pytest.mark.parametrize("momentum", [0.7, 0.9])
def test_elr_remembers_the_average_of_each_example(momentum):
    target, hyper = np.zeros((EXAMPLES, 10)), {"target_momentum": momentum}
    found = np.float32(target)
    for _, index, z, y in batches(4):
        before = Seen(z, example_index=index, memory={"target": target})
        rows, _, memory = ours("elr", hyper, z, y, before._replace(memory={"target": np.float64(found)}))
        np.testing.assert_allclose(rows, elr(z, y, before, **hyper), rtol=1e-5)
        for i, example in enumerate(index):
            target[example] = _elr_target(target[example], z[0, i], momentum)
        found = memory["target"]
        np.testing.assert_allclose(found, target, rtol=1e-5, atol=1e-7)
    assert not target[12:].any()


@pytest.mark.parametrize("start", [1e-8, 0.3])
def test_sop_moves_u_and_v_by_plain_gradient_descent(start):
    """shengliu66/SOP, train.py: SGD without momentum, a rate for u and one for v; `start` 1e-8 is published."""
    random, rates = np.random.default_rng(1), {"u": 0.5, "v": 20.0}
    memory = {"u": double(random.normal(0, start, (EXAMPLES, 1))), "v": double(random.normal(0, start, (EXAMPLES, 10)))}
    found = memory
    for number, index, z, y in batches(2):
        if number == 2:  # a batch may have an example twice
            index, y = (values[[0, 0, *range(2, 8)]] for values in (index, y))
        before = Seen(z, example_index=index, memory=memory)
        hyper = {"rate_u": 0.5, "rate_v": 20.0}
        rows, _, found = ours("sop", hyper, z, y, before._replace(memory=jax.tree.map(np.float64, found)))
        np.testing.assert_allclose(rows, sop(z, y, before), rtol=1e-5)
        after = {name: value.copy() for name, value in memory.items()}
        for i, example in enumerate(index):
            u, v = memory["u"][example], memory["v"][example]
            of_u, of_v = _sop_noise(u, v, y[i])
            loss = partial(_sop_loss, z[0, i], y[i], still_z=z[0, i], still_v=of_v)
            by_u, by_v = slope(partial(loss, of_v=of_v), of_u), slope(partial(loss, of_u), of_v)
            own = np.arange(10) == y[i]
            after["u"][example] -= rates["u"] * (by_u * 2 * u * (own & (of_u < 1))).sum() / BATCH
            after["v"][example] -= rates["v"] * by_v * 2 * v * (~own & (of_v < 1)) / BATCH
        memory = after
        for name in rates:
            np.testing.assert_allclose(found[name], memory[name], rtol=1e-4, atol=1e-6 * start)


def test_sop_starts_near_zero():
    given = MemoryInit(jax.random.key(0), jnp.zeros(400, int), jnp.ones(400, bool), jnp.eye(10), None)
    start = strategies.make("sop").memory.init(given)
    assert {name: value.shape for name, value in start.items()} == {"u": (400, 1), "v": (400, 10)}
    for value in start.values():
        assert value.std() == pytest.approx(1e-8, rel=0.1)


def test_mentornet_averages_the_percentile_of_three_batches():
    level = found = 0.0
    hyper = {"percentile": 0.8, "decay": 0.4, "burn_in": 0}
    for number, index, z, y in batches(4):
        seen = Seen(z, 50, number, example_index=index, memory={"level": np.array(level)})
        rows, _, memory = ours("mentornet", hyper, z, y, seen._replace(memory={"level": np.array(float(found))}))
        np.testing.assert_allclose(rows, mentornet(z, y, seen, **hyper), rtol=1e-5)
        level = _mentornet_level(level, cross_entropies(z[0], y), 0.8, 0.4)
        found = memory["level"]
        np.testing.assert_allclose(found, level, rtol=1e-5)


def test_mentornet_leaves_out_its_share_of_each_batch():
    """google/mentornet, code/utils.py, `probabilistic_sample`: int(B (1 - rate)) at random keep their weight."""
    strategy, (z, y) = strategies.make("mentornet", dropout_rate=0.35), draw(4, 10)
    seen = context(Seen(z, memory={"level": np.array(0.0)}))
    select = jax.jit(lambda key: strategy.select(jnp.float32(z), jnp.asarray(y), seen._replace(key=key)).mask)
    masks = [select(jax.random.key(seed)) for seed in range(5)]
    assert [int(mask.sum()) for mask in masks] == [5] * 5  # int(8 * 0.65)
    assert not all((mask == masks[0]).all() for mask in masks)
    strategy = strategies.make("mentornet", dropout_rate=0.35, burn_in=0)
    selection = jax.jit(strategy.select)(jnp.float32(z), jnp.asarray(y), seen)
    turned = seen._replace(example_index=seen.example_index[::-1])  # chance goes by the example, not by its place
    other = jax.jit(strategy.select)(jnp.float32(z[:, ::-1]), jnp.asarray(y[::-1]), turned)
    np.testing.assert_array_equal(other.eligible[::-1], selection.eligible)
    losses = cross_entropies(z[0], y)
    low = losses <= _mentornet_level(0.0, losses, 0.7, 0.5)
    assert selection.eligible.sum() == 5  # of the others nothing is said
    np.testing.assert_array_equal(selection.mask[0], selection.eligible & low)
    assert 0 < selection.mask.sum() < 5


def test_curricula_that_prefer_high_losses_suspect_no_label():
    suspects = {kind: strategies.make("mentornet", kind=kind).suspects for kind in KINDS}
    assert [kind for kind in KINDS if suspects[kind] is None] == ["focal", "hard"]


def test_cores2_takes_the_prior_of_what_the_sieve_left_in_the_epoch_before():
    """haochenglouis/cores, phase1.py: what one epoch sieves out is taken from the numbers of the whole data set."""
    random = np.random.default_rng(2)
    strategy, labels = strategies.make("cores2"), np.arange(EXAMPLES) % 4
    labels[:5] = 0
    numbers = np.bincount(labels, minlength=4)
    prior, gone = numbers / EXAMPLES, []
    given = MemoryInit(jax.random.key(0), jnp.asarray(labels), jnp.ones(EXAMPLES, bool), jnp.eye(4), None)
    memory = strategy.memory.init(given)
    refresh = jax.jit(lambda memory: strategy.memory.refresh(memory, None, jnp.asarray(labels), None))
    for epoch in (30, 31, 32, 33):  # the sieve comes in with 31
        memory, sieved = refresh(memory), np.zeros(4)
        np.testing.assert_allclose(memory["prior"], prior, rtol=1e-6)
        for index in random.permutation(EXAMPLES).reshape(3, BATCH):
            z, y = double(random.normal(0, 2, (1, BATCH, 4))), labels[index]
            seen = Seen(z, epoch, example_index=index, memory=jax.tree.map(np.asarray, memory))
            rows, _, memory = ours("cores2", {}, z, y, seen)
            np.testing.assert_allclose(rows, cores2(z, y, seen._replace(memory={"prior": prior})), rtol=1e-5)
            for i in range(BATCH):
                sieved[y[i]] += epoch > 30 and not _cores2_stays(z[0, i], y[i])
        prior = (numbers - sieved) / (numbers - sieved).sum()
        gone.append(int(sieved.sum()))
    assert gone[0] == 0 and min(gone[1:]) > 0 and len(set(gone)) > 2


def test_cores2_counts_a_label_once_if_its_example_is_drawn_more_often():
    """As in balanced batches. Examples that are held out do not count."""
    labels, trains = jnp.asarray([0, 0, 0, 1, 1, 2]), jnp.asarray([True] * 4 + [False, True])
    strategy = strategies.make("cores2")
    memory = strategy.memory.init(MemoryInit(jax.random.key(0), labels, trains, jnp.eye(3), None))
    np.testing.assert_allclose(memory["prior"], [0.6, 0.2, 0.2])
    index = np.array([5, 5, 5, 3, 0])  # the sieve drops the example 5, whose label is unlikely
    z = np.where(np.eye(3)[labels[index]] > 0, 5.0, 0.0)[None] * np.array([-1, -1, -1, 1, 1])[:, None]
    seen = Seen(z, 40, example_index=index, memory=jax.tree.map(np.asarray, memory))
    _, _, memory = ours("cores2", {}, z, np.asarray(labels)[index], seen)
    after = strategy.memory.refresh(memory, None, labels, None)
    np.testing.assert_allclose(after["prior"], [0.75, 0.25, 0])
    np.testing.assert_array_equal(after["removed"], ~trains)


def test_truncation_prunes_before_the_published_epochs():
    """AlanChou/Truncated-Loss, main.py: `(epoch + 1) >= start_prune and (epoch + 1) % 10 == 0`, and `update_weight`."""
    random, q, k = np.random.default_rng(0), 0.7, 0.5
    strategy, labels = strategies.make("gce", truncated=True), random.integers(0, 4, EXAMPLES)
    refresh = jax.jit(
        lambda memory, logits, epoch: strategy.memory.refresh(
            memory, lambda: (logits, logits), jnp.asarray(labels), epoch
        )
    )
    kept, pruned = np.ones(EXAMPLES, bool), []
    memory = {"kept": jnp.asarray(kept)}
    for epoch in range(62):
        logits = double(random.normal(0, 3, (1, EXAMPLES, 4)))
        if (epoch + 1) >= 40 and (epoch + 1) % 10 == 0:
            p = softmax(logits[0])[np.arange(EXAMPLES), labels]
            kept = (1 - k**q) / q > (1 - p**q) / q
            pruned.append(epoch + 1)
        memory = refresh(memory, jnp.float32(logits), epoch)
        np.testing.assert_array_equal(memory["kept"], kept)
    assert pruned == [40, 50, 60]
