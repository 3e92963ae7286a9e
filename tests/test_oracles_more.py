"""The other methods' losses as their papers or published codes write them: NumPy float64, one example at a time.

Values are compared, and gradients by logits against central differences of the oracle with everything fixed that the
method fixes: weights, targets, selections.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_oracles import ce, ours, softmax

from jnl import noise, strategies
from jnl.losses import objective
from jnl.memory import Given
from jnl.types import Context

BATCH, CLASSES, EXAMPLES, FEATURES = 10, 4, 23, 3
TRANSITION = noise.transition("pair", CLASSES, 0.3)
INDEX = np.random.default_rng(9).permutation(EXAMPLES)[:BATCH]


def ce1(z, y):
    return -np.log(softmax(z)[y])


def gce(z, y, fixed, q=0.7, truncated=False, threshold=0.5, prune_from=39):
    total = 0.0
    for i in range(len(y)):
        p = softmax(z[0][i])[y[i]]
        if truncated:
            if fixed["memory"]["kept"][INDEX[i]]:
                total += (1 - p**q) / q - (1 - threshold**q) / q
        else:
            total += (1 - p**q) / q
    return [total / len(y)]


def symmetric_cross_entropy(z, y, fixed, alpha=0.1, beta=1.0):
    total = 0.0
    for i in range(len(y)):
        p, onehot = np.clip(softmax(z[0][i]), 1e-7, 1), np.eye(CLASSES)[y[i]]
        total += alpha * ce1(z[0][i], y[i]) - beta * (p * np.log(np.clip(onehot, 1e-4, 1))).sum()
    return [total / len(y)]


def bootstrap(z, y, fixed, kind="soft", soft_beta=0.95, hard_beta=0.8):
    total = 0.0
    for i in range(len(y)):
        p, onehot = softmax(z[0][i]), np.eye(CLASSES)[y[i]]
        belief, beta = (p, soft_beta) if kind == "soft" else (np.eye(CLASSES)[p.argmax()], hard_beta)
        total -= ((beta * onehot + (1 - beta) * belief) * np.log(p)).sum()
    return [total / len(y)]


def regularised(z, y, fixed, smoothing=0.1, confidence=0.0, class_prior=0.0):
    p = softmax(z[0])
    targets = (1 - smoothing) * np.eye(CLASSES)[y] + smoothing / CLASSES
    loss = -(targets * np.log(p)).sum(1).mean() + confidence * (p * np.log(p)).sum(1).mean()
    return [loss + class_prior * sum(1 / CLASSES * np.log(1 / CLASSES / p.mean(0)[c]) for c in range(CLASSES))]


def cores2(z, y, fixed, beta=2.0, wait_epochs=10, rise_epochs=30, sieve_from=31):
    epoch, prior = fixed["epoch"], fixed["memory"]["prior"]
    now = np.concatenate([np.zeros(wait_epochs), np.linspace(0, beta, rise_epochs), np.full(60, beta)])[epoch]
    kept = []
    for i in range(len(y)):
        every = -np.log(softmax(z[0][i]) + 1e-8)
        at = -np.log(softmax(fixed["z"][0][i]) + 1e-8)  # the sieve has no gradient
        if epoch < sieve_from or ce1(fixed["z"][0][i], y[i]) - at.mean() <= 0:
            kept.append(ce1(z[0][i], y[i]) - now * (prior * every).sum())
    return [np.mean(kept)]


def peer_loss(z, y, fixed, alpha=1.0, epsilon=1e-5, alpha_plan=""):
    log_p = np.log(softmax(z[0]) + epsilon)
    own = np.mean([-log_p[i, y[i]] for i in range(len(y))])
    if alpha_plan:  # of the published code, CIFAR-10
        parts = (0, 0, 20), (0, 1, 20), (1, 2, 10), (2, 5, 50), (5, 10, 100), (10, 20, 100)
        alpha = np.concatenate([np.linspace(first, last, number) for first, last, number in parts])[fixed["epoch"]]
    return [own - alpha * np.mean([-log_p[i, y[j]] for i in range(len(y)) for j in range(len(y))])]


def elr(z, y, fixed, target_momentum=0.7, weight=3.0):
    total = 0.0
    for i in range(len(y)):
        p = np.clip(softmax(z[0][i]), 1e-4, 1 - 1e-4)
        then = np.clip(softmax(fixed["z"][0][i]), 1e-4, 1 - 1e-4)
        t = target_momentum * fixed["memory"]["target"][INDEX[i]] + (1 - target_momentum) * then / then.sum()
        total += ce1(z[0][i], y[i]) + weight * np.log(1 - (t * p).sum())
    return [total / len(y)]


def sop(z, y, fixed, rate_u=1.0, rate_v=10.0, u=None, v=None):
    total = 0.0
    u = fixed["memory"]["u"][INDEX] if u is None else u
    v = fixed["memory"]["v"][INDEX] if v is None else v
    for i in range(len(y)):
        onehot, p = np.eye(CLASSES)[y[i]], softmax(z[0][i])
        big_u, big_v = np.clip(u[i] ** 2 * onehot, 0, 1), np.clip(v[i] ** 2 * (1 - onehot), 0, 1)
        detached = np.clip(fixed["memory"]["v"][INDEX[i]] ** 2 * (1 - onehot), 0, 1)
        mixed = np.maximum(p + big_u - detached, 1e-4)
        mixed = np.clip(mixed / mixed.sum(), 1e-4, 1)
        hard = np.eye(CLASSES)[softmax(fixed["z"][0][i]).argmax()]
        total += -np.log(mixed[y[i]]) + ((hard + big_u - big_v - onehot) ** 2).sum()
    return [total / len(y)]


def mentornet(z, y, fixed, kind="self_paced", percentile=0.7, decay=0.5, gamma=1.0, burn_in=18, dropout_rate=0.0):
    still = ce(fixed["z"][0], y)
    level = decay * fixed["memory"]["level"] + (1 - decay) * np.sort(still)[round(percentile * (len(y) - 1))]
    percent, total = int(100 * fixed["progress"]), 0.0
    for i in range(len(y)):
        distance = still[i] - level
        weights = {
            "self_paced": float(distance <= 0),
            "linear": np.clip(1 - distance / gamma, 0, 1),
            "focal": (1 - np.exp(-still[i])) ** gamma,
            "hard": float(distance >= 0),
        }
        paced = weights["self_paced"] if percent < 90 else weights["linear"]
        weights["predefined"] = 1.0 if percent <= 18 else paced
        total += (1.0 if percent < burn_in - 1 else weights[kind]) * ce1(z[0][i], y[i])
    return [total / len(y)]


def buckets(z, y, fixed, bag_size=8, known_noise=False, entropy=0.0):
    bags, total = range(0, len(y), bag_size), 0.0
    for start in bags:
        p = softmax(z[0][start : start + bag_size]).mean(0)
        if known_noise:
            p = p @ TRANSITION
        share = np.bincount(y[start : start + bag_size], minlength=CLASSES) / bag_size
        total -= (share * np.log(np.maximum(p, 1e-7))).sum()
    p = softmax(z[0])
    return [total / len(bags) - entropy * (p * np.log(p)).sum(1).mean()]


def forward_correction(z, y, fixed, **hyper):
    p = np.clip(softmax(z[0]), 1e-7, 1 - 1e-7)
    return [np.mean([-np.log((p[i] @ TRANSITION)[y[i]]) for i in range(len(y))])]


def backward_correction(z, y, fixed, **hyper):
    inverse = np.linalg.inv(TRANSITION)
    return [np.mean([-(np.eye(CLASSES)[y[i]] @ inverse * np.log(softmax(z[0][i]))).sum() for i in range(len(y))])]


def _noise_layer(z, y, fixed, network, i):
    scores = fixed["memory"]["start"][network] + fixed["learned"]["b"][network]
    if "u" in fixed["learned"]:
        scores = scores + np.einsum("d,dij->ij", fixed["features"][network, i], fixed["learned"]["u"][network])
    return -np.log((softmax(z[network][i]) @ softmax(scores))[y[i]])


def s_model(z, y, fixed, kind="simple", pretrain_epochs=10, prior=0.46):
    if fixed["epoch"] < pretrain_epochs:
        return [ce(z[0], y).mean()]
    return [np.mean([_noise_layer(z, y, fixed, 0, i) for i in range(len(y))])]


def s_model_decoupling(z, y, fixed, kind="simple", pretrain_epochs=10, prior=0.46):
    if fixed["epoch"] < pretrain_epochs:
        return [ce(z[0], y).mean(), ce(z[1], y).mean()]
    differ = [i for i in range(len(y)) if fixed["z"][0][i].argmax() != fixed["z"][1][i].argmax()]
    return [np.mean([_noise_layer(z, y, fixed, n, i) for i in differ]) for n in (0, 1)]


def confident_filter(z, y, fixed, **hyper):
    weights = fixed["weights"]
    return [(weights * ce(z[0], y))[weights > 0].mean()]


def oracle(z, y, fixed):
    return [ce(z[0], y)[fixed["weights"] > 0].mean()]


def cdr(z, y, fixed, noise_rate=0.2):
    return [ce(z[0], y).mean()]


PEER_PLAN = "19:0 20:0 39:1 40:1 49:2 50:2 99:5 100:5 199:10 200:10 299:20"
ORACLES = [
    (gce, {}, 5), (gce, {"q": 0.3}, 5), (gce, {"truncated": True, "prune_from": 5, "threshold": 0.2}, 5),
    (symmetric_cross_entropy, {}, 5), (symmetric_cross_entropy, {"alpha": 6.0, "beta": 0.1}, 5),
    (bootstrap, {}, 5), (bootstrap, {"kind": "hard"}, 5),
    (regularised, {}, 5), (regularised, {"smoothing": 0.0, "confidence": 1.0, "class_prior": 1.0}, 5),
    (cores2, {}, 5), (cores2, {}, 25), (cores2, {}, 40),
    (peer_loss, {}, 5), (peer_loss, {"alpha": -0.5, "epsilon": 0.2}, 5),
    *((peer_loss, {"alpha_plan": PEER_PLAN}, epoch) for epoch in (0, 19, 30, 45, 99, 150, 299)),
    (elr, {}, 5), (elr, {"target_momentum": 0.9, "weight": 7.0}, 5),
    (sop, {}, 5),
    (mentornet, {}, 5), (mentornet, {"burn_in": 0}, 5), (mentornet, {"burn_in": 0, "kind": "linear", "gamma": 0.5}, 5),
    (mentornet, {"burn_in": 0, "kind": "focal", "gamma": 2.0}, 5), (mentornet, {"burn_in": 0, "kind": "hard"}, 5),
    (mentornet, {"burn_in": 0, "kind": "predefined"}, 5), (mentornet, {"burn_in": 0, "kind": "predefined"}, 95),
    (mentornet, {"burn_in": 0, "kind": "predefined"}, 30),
    (buckets, {"bag_size": 5}, 5), (buckets, {"bag_size": 1}, 5),
    (buckets, {"bag_size": 2, "known_noise": True, "entropy": 0.1}, 5),
    (forward_correction, {"known_noise": True}, 5), (backward_correction, {"known_noise": True}, 5),
    (s_model, {}, 5), (s_model, {"pretrain_epochs": 0}, 5), (s_model, {"pretrain_epochs": 5, "kind": "complex"}, 5),
    (s_model_decoupling, {}, 5), (s_model_decoupling, {"pretrain_epochs": 5}, 5),
    (confident_filter, {}, 5), (oracle, {}, 5), (cdr, {}, 5),
]  # fmt: skip
OWN_STEP = {"dividemix", "elr_plus", "iterative_open_set", "mixup"}


def case(strategy, epoch):
    """Logits, labels, context, and all of it for the oracle; memory as after a refresh, then moved at random."""
    random = np.random.default_rng(3)
    z = np.float64(np.float32(random.normal(0, 1.5, (strategy.num_nets, BATCH, CLASSES))))
    every_label = random.integers(0, CLASSES, EXAMPLES)
    memory = {}
    if strategy.memory:
        noisy, trains = jnp.asarray(every_label), jnp.ones(EXAMPLES, bool)
        given = Given(jax.random.key(3), noisy, trains, jnp.asarray(TRANSITION, jnp.float32), None)
        logits = jnp.asarray(random.normal(0, 1, (strategy.num_nets, EXAMPLES, CLASSES)), jnp.float32)
        memory = strategy.memory.init(given)
        if strategy.memory.refresh:
            memory = strategy.memory.refresh(memory, lambda: (logits, logits), noisy, jnp.int32(epoch))
        for name in {"target", "level", "u", "v"} & memory.keys():
            memory[name] = jnp.asarray(random.uniform(0, 0.5, memory[name].shape), jnp.float32)
    features = random.normal(0, 1, (strategy.num_nets, BATCH, FEATURES)).astype(np.float32)
    learned = jax.tree.map(
        lambda leaf: random.normal(0, 1, (strategy.num_nets, *leaf.shape)).astype(np.float32),
        strategy.learned(CLASSES, FEATURES) if strategy.learned else {},
    )
    weights = np.float32(np.arange(BATCH) % 3) if strategy.weigh else np.ones(BATCH, np.float32)
    context = Context(
        jnp.int32(epoch), jnp.int32(0), 10, jnp.arange(BATCH + 1), jnp.asarray(INDEX), jnp.zeros((BATCH, 1)),
        jnp.asarray(weights), jnp.float32(epoch / 100), jax.random.key(0), memory,
        jax.tree.map(jnp.asarray, learned), jnp.asarray(features),
    )  # fmt: skip
    fixed = {
        "z": z, "epoch": epoch, "progress": epoch / 100 + 1e-6, "memory": jax.tree.map(np.float64, memory),
        "learned": jax.tree.map(np.float64, learned), "features": np.float64(features), "weights": np.float64(weights),
    }  # fmt: skip
    return z, every_label[INDEX], context, fixed


def slope(function, where):
    """Central differences."""
    step, numeric = 1e-6, np.zeros_like(where)
    for place in np.ndindex(where.shape):
        up, down = where.copy(), where.copy()
        up[place] += step
        down[place] -= step
        numeric[place] = (function(up) - function(down)) / (2 * step)
    return numeric


def test_every_strategy_has_an_oracle():
    from test_oracles import ORACLES as CORE

    covered = {oracle.__name__ for oracle, *_ in CORE + ORACLES} | OWN_STEP
    assert covered == set(strategies.names())


@pytest.mark.parametrize(("oracle", "hyper", "epoch"), ORACLES, ids=lambda value: getattr(value, "__name__", None))
def test_value_and_gradient(oracle, hyper, epoch):
    strategy = strategies.make(oracle.__name__, **hyper)
    z, labels, context, fixed = case(strategy, epoch)
    gradient, rows = ours(oracle.__name__, **hyper)(jnp.float32(z), jnp.asarray(labels, jnp.int32), context)
    np.testing.assert_allclose(rows, oracle(z, labels, fixed, **hyper), rtol=3e-5, atol=1e-6)
    numeric = slope(lambda z: sum(oracle(z, labels, fixed, **hyper)), z)
    np.testing.assert_allclose(gradient, numeric, rtol=1e-3, atol=2e-5)


@pytest.mark.parametrize("kind", ["simple", "complex"])
def test_the_noise_layer_learns_by_the_same_gradient(kind):
    strategy = strategies.make("s_model", kind=kind, pretrain_epochs=0)
    z, labels, context, fixed = case(strategy, 5)

    def total(learned):
        return objective(strategy.select(jnp.float32(z), jnp.asarray(labels), context._replace(learned=learned))).sum()

    gradient = jax.grad(total)(context.learned)
    for name in gradient:

        def moved(value, name=name):
            return s_model(z, labels, fixed | {"learned": fixed["learned"] | {name: value}}, pretrain_epochs=0)[0]

        np.testing.assert_allclose(gradient[name], slope(moved, fixed["learned"][name]), rtol=1e-3, atol=2e-5)


def test_sop_moves_u_and_v_down_the_gradient_of_its_loss():
    strategy = strategies.make("sop", rate_u=0.5, rate_v=20.0)
    z, labels, context, fixed = case(strategy, 5)
    after = strategy.select(jnp.float32(z), jnp.asarray(labels), context).memory
    for name, rate in (("u", 0.5), ("v", 20.0)):
        rows = fixed["memory"][name][INDEX]
        expected = fixed["memory"][name].copy()
        expected[INDEX] -= rate * slope(lambda rows, name=name: sop(z, labels, fixed, **{name: rows})[0], rows)
        np.testing.assert_allclose(after[name], expected, rtol=1e-3, atol=2e-5)


def test_elr_remembers_the_average_of_each_example():
    strategy = strategies.make("elr", target_momentum=0.9)
    z, labels, context, fixed = case(strategy, 5)
    expected = fixed["memory"]["target"].copy()
    p = np.clip(softmax(z[0]), 1e-4, 1 - 1e-4)
    expected[INDEX] = 0.9 * expected[INDEX] + 0.1 * p / p.sum(1, keepdims=True)
    after = strategy.select(jnp.float32(z), jnp.asarray(labels), context).memory["target"]
    np.testing.assert_allclose(after, expected, rtol=1e-5)


def test_mentornet_leaves_out_its_share_of_each_batch():
    strategy = strategies.make("mentornet", dropout_rate=0.35)
    z, labels, context, _ = case(strategy, 5)
    masks = [
        strategy.select(jnp.float32(z), jnp.asarray(labels), context._replace(key=jax.random.key(seed))).mask
        for seed in range(5)
    ]
    assert [int(mask.sum()) for mask in masks] == [6] * 5  # int(10 * 0.65)
    assert not all((mask == masks[0]).all() for mask in masks)


def test_cores2_takes_the_prior_of_what_the_sieve_left():
    strategy = strategies.make("cores2", sieve_from=5)
    z, labels, context, fixed = case(strategy, 5)
    selection = strategy.select(jnp.float32(z), jnp.asarray(labels), context)
    sieved = labels[~np.asarray(selection.mask[0])]
    assert 0 < len(sieved) < BATCH
    memory = strategy.memory.refresh(selection.memory, None, None, jnp.int32(6))
    left = fixed["memory"]["numbers"] - np.bincount(sieved, minlength=CLASSES)
    assert fixed["memory"]["numbers"].sum() == EXAMPLES
    np.testing.assert_allclose(memory["prior"], left / left.sum(), rtol=1e-6)
    assert not memory["removed"].any()


def test_truncation_keeps_the_confident_when_it_is_due():
    strategy = strategies.make("gce", truncated=True, prune_from=4, prune_every=3, threshold=0.3)
    labels = jnp.asarray(np.random.default_rng(0).integers(0, CLASSES, EXAMPLES))
    logits = jax.random.normal(jax.random.key(0), (1, EXAMPLES, CLASSES))
    start = {"kept": jnp.ones(EXAMPLES, bool)}
    expected = softmax(np.float64(logits[0]))[np.arange(EXAMPLES), labels] > 0.3
    for epoch in range(9):
        memory = strategy.memory.refresh(start, lambda: (logits, logits), labels, jnp.int32(epoch))
        np.testing.assert_array_equal(memory["kept"], expected if epoch in (4, 7) else True)
