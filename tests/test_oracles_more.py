"""The other methods' losses as their papers or published codes write them: NumPy float64, one example at a time.

Values are compared, and gradients by logits against central differences of the oracle with everything fixed that the
method fixes: weights, targets, selections.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_oracles import ce, softmax

from jnl import models, networks, noise, strategies
from jnl.augment import none
from jnl.losses import objective
from jnl.memory import Given
from jnl.optimisers import Optimiser
from jnl.step import update
from jnl.strategies import dividemix, elr_plus, iterative_open_set
from jnl.strategies._channel import confusion, estimate
from jnl.strategies._mixture import chance_of_lower
from jnl.strategies.cdr import _nth_largest
from jnl.types import Context

BATCH, CLASSES, EXAMPLES, FEATURES = 10, 4, 23, 3
TRANSITION = noise.transition("pair", CLASSES, 0.3)
INDEX = np.random.default_rng(9).permutation(EXAMPLES)[:BATCH]


def ce1(z, y):
    return -np.log(softmax(z)[y])


def gce(z, y, fixed, q=0.7, truncated=False, threshold=0.5, prune_from=40):
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
    now = beta * min(max((epoch - wait_epochs) / rise_epochs, 0), 1)
    kept = []
    for i in range(len(y)):
        every = -np.log(softmax(z[0][i]) + 1e-8)
        at = -np.log(softmax(fixed["z"][0][i]) + 1e-8)  # the sieve has no gradient
        if epoch < sieve_from or ce1(fixed["z"][0][i], y[i]) - at.mean() <= 0:
            kept.append(ce1(z[0][i], y[i]) - now * (prior * every).sum())
    return [np.mean(kept) / (1 + now)]


def peer_loss(z, y, fixed, alpha=1.0, floor=1e-3):
    log_p = np.maximum(np.log(softmax(z[0])), np.log(floor))
    own = np.mean([-log_p[i, y[i]] for i in range(len(y))])
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
    return [np.mean([-np.log((softmax(z[0][i]) @ TRANSITION)[y[i]]) for i in range(len(y))])]


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


ORACLES = [
    (gce, {}, 5), (gce, {"q": 0.3}, 5), (gce, {"truncated": True, "prune_from": 5, "threshold": 0.2}, 5),
    (symmetric_cross_entropy, {}, 5), (symmetric_cross_entropy, {"alpha": 6.0, "beta": 0.1}, 5),
    (bootstrap, {}, 5), (bootstrap, {"kind": "hard"}, 5),
    (regularised, {}, 5), (regularised, {"smoothing": 0.0, "confidence": 1.0, "class_prior": 1.0}, 5),
    (cores2, {}, 5), (cores2, {}, 25), (cores2, {}, 40),
    (peer_loss, {}, 5), (peer_loss, {"alpha": -0.5, "floor": 0.2}, 5),
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
OWN_STEP = {"dividemix", "elr_plus", "iterative_open_set"}


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
        memory = strategy.memory.refresh(memory, lambda: (logits, logits), jnp.asarray(every_label), jnp.int32(epoch))
        for name in {"target", "level", "u", "v"} & memory.keys():
            memory[name] = jnp.asarray(random.uniform(0, 0.5, memory[name].shape), jnp.float32)
    features = random.normal(0, 1, (strategy.num_nets, BATCH, FEATURES)).astype(np.float32)
    learned = jax.tree.map(
        lambda leaf: random.normal(0, 1, (strategy.num_nets, *leaf.shape)).astype(np.float32),
        strategy.learned(CLASSES, FEATURES) if strategy.learned else {},
    )
    weights = np.float32(np.arange(BATCH) % 3) if strategy.weigh else np.ones(BATCH, np.float32)
    context = Context(
        jnp.int32(epoch), jnp.int32(0), jnp.arange(BATCH + 1), jnp.asarray(INDEX), jnp.asarray(weights),
        jnp.float32(epoch / 100), jax.random.key(0), memory, jax.tree.map(jnp.asarray, learned), jnp.asarray(features),
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

    @jax.jit
    def rows(z):
        return objective(strategy.select(z, jnp.asarray(labels, jnp.int32), context))

    np.testing.assert_allclose(rows(jnp.float32(z)), oracle(z, labels, fixed, **hyper), rtol=3e-5, atol=1e-6)
    numeric = slope(lambda z: sum(oracle(z, labels, fixed, **hyper)), z)
    gradient = jax.grad(lambda z: rows(z).sum())(jnp.float32(z))
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


def patrini(p, percentile):
    """The published estimate, without its aliasing."""
    rows = []
    for i in range(p.shape[1]):
        column = p[:, i].copy()
        if percentile < 100:
            column[column >= np.percentile(column, percentile, method="higher")] = 0.0
        rows.append(p[column.argmax()] / p[column.argmax()].sum())
    return np.stack(rows)


@pytest.mark.parametrize("percentile", [50, 97, 100])
@pytest.mark.parametrize("number", [30, 101, 1000])
def test_estimated_noise_is_patrinis(percentile, number):
    p = softmax(np.random.default_rng(number).normal(0, 2, (number, CLASSES))).astype(np.float32)
    np.testing.assert_allclose(jax.jit(estimate, static_argnums=1)(p, percentile), patrini(p, percentile), rtol=1e-5)


def test_the_matrix_of_the_best_epoch_is_kept():
    strategy = strategies.make("forward_correction", estimation_epochs=3, held_out=0.5)
    labels = jnp.asarray(np.random.default_rng(0).integers(0, CLASSES, EXAMPLES))
    memory = strategy.memory.init(Given(jax.random.key(0), labels, jnp.ones(EXAMPLES, bool), jnp.eye(CLASSES), None))
    held = np.asarray(memory["held_out"])
    assert held.sum() == 12
    found, best = None, np.inf
    for epoch in range(6):
        logits = jax.random.normal(jax.random.key(epoch), (1, EXAMPLES, CLASSES))
        memory = strategy.memory.refresh(memory, lambda logits=logits: (logits, logits), labels, jnp.int32(epoch))
        loss = ce(np.float64(logits[0]), np.asarray(labels))[held].sum()
        if 1 <= epoch <= 3 and loss < best:
            found, best = patrini(np.asarray(jax.nn.softmax(logits[0])), 97), loss
        if found is not None:
            np.testing.assert_allclose(memory["transition"], found, rtol=1e-5)
    assert strategy.restart == 3


def test_confusion_counts_label_by_prediction():
    logits, labels = jax.random.normal(jax.random.key(0), (50, CLASSES)), np.arange(50) % CLASSES
    expected = np.zeros((CLASSES, CLASSES))
    for row, label in zip(np.asarray(logits), labels, strict=True):
        expected[row.argmax(), label] += 1
    found = confusion(logits, labels, np.arange(50) != 7)
    expected[np.asarray(logits)[7].argmax(), labels[7]] -= 1  # this one is held out
    np.testing.assert_allclose(found, expected / expected.sum(1, keepdims=True), rtol=1e-6)


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 1.0])
def test_nth_largest_is_that_of_a_sort(share):
    values = np.abs(np.random.default_rng(0).normal(size=999)).astype(np.float32) ** 9
    values[:100] = 0
    expected = np.sort(values)[::-1][round(share * 999) - 1]
    assert jax.jit(_nth_largest)(values, share) == expected


def test_cdr_moves_the_critical_weights_only():
    transform = strategies.make("cdr", noise_rate=0.4).transform
    random = np.random.default_rng(0)
    tree = {"kernel": (6, 5), "deep": (3, 3, 2, 2), "bias": (7,)}
    gradient, params = ({k: np.float32(random.normal(size=v)) for k, v in tree.items()} for _ in range(2))
    moved, _ = transform.update(gradient, transform.init(params), params)
    size = {k: np.abs(gradient[k] * params[k]) for k in tree}
    limit = np.sort(np.concatenate([size["kernel"].ravel(), size["deep"].ravel()]))[::-1][round(0.6 * 66) - 1]
    for name in ("kernel", "deep"):
        expected = np.where(size[name] >= limit, gradient[name] * np.float32(0.6), 0)
        np.testing.assert_allclose(moved[name], expected, rtol=1e-6)
    np.testing.assert_array_equal(moved["bias"], gradient["bias"])


def test_the_mixture_is_scikit_learns():
    from sklearn.mixture import GaussianMixture

    random = np.random.default_rng(0)
    values = np.concatenate([random.normal(0.15, 0.08, 700), random.normal(0.7, 0.15, 300)]).astype(np.float32)
    model = GaussianMixture(2, max_iter=10, tol=0, reg_covar=5e-4, random_state=0)
    with pytest.warns(Warning, match="converge"):
        model.fit(values[:, None])
    expected = model.predict_proba(values[:, None])[:, model.means_.argmin()]
    np.testing.assert_allclose(chance_of_lower(jnp.asarray(values)), expected, atol=0.02)


def test_dividemix_targets_and_loss():
    random = np.random.default_rng(0)
    half, p, other = 3, *(softmax(random.normal(0, 1, (2, 2, 2, 3, CLASSES))) for _ in range(2))
    sure, labels = random.uniform(size=(2, half)), random.integers(0, CLASSES, (2, half))
    targets = np.zeros((2, 2 * half, CLASSES))
    for k in range(2):
        for i in range(half):
            refined = (
                sure[k, i] * np.eye(CLASSES)[labels[k, i]] + (1 - sure[k, i]) * (p[k, 0, 0, i] + p[k, 1, 0, i]) / 2
            )
            guessed = (p[k, 0, 1, i] + p[k, 1, 1, i] + other[k, 0, 1, i] + other[k, 1, 1, i]) / 4
            targets[k, i], targets[k, half + i] = refined**2 / (refined**2).sum(), guessed**2 / (guessed**2).sum()
    arguments = [jnp.asarray(value, jnp.float32) for value in (p, other, sure)]
    np.testing.assert_allclose(dividemix.guess(*arguments, jnp.asarray(labels), 0.5), targets, rtol=1e-4)

    known, z = np.array([True, True, False, False, False, True]), random.normal(0, 1, (2, 6, CLASSES))

    def loss(z):
        q, total = softmax(z), 0.0
        for k in range(2):
            labelled = -np.mean((targets[k] * np.log(q[k])).sum(1)[known])
            guessed = np.mean((q[k] - targets[k])[~known] ** 2)
            prior = sum(1 / CLASSES * np.log(1 / CLASSES / q[k].mean(0)[c]) for c in range(CLASSES))
            total += labelled + 25 * guessed + prior
        return total

    def ours(z):
        return dividemix.semi_supervised_loss(z, jnp.float32(targets), jnp.asarray(known), jnp.float32(25)).sum()

    np.testing.assert_allclose(ours(jnp.float32(z)), loss(z), rtol=1e-5)
    np.testing.assert_allclose(jax.grad(ours)(jnp.float32(z)), slope(loss, z), rtol=1e-3, atol=2e-5)


def test_elr_plus_loss():
    random = np.random.default_rng(0)
    z, labels, targets = (random.normal(0, 1, (2, BATCH, CLASSES)) for _ in range(3))
    labels, targets = softmax(labels), 0.9 * softmax(targets)

    def loss(z):
        p = np.clip(softmax(z), 1e-4, 1 - 1e-4)
        return (-(labels * np.log(softmax(z))).sum(-1) + 3 * np.log(1 - (targets * p).sum(-1))).sum()

    def ours(z):
        return elr_plus.regularised_loss(z, jnp.float32(labels), jnp.float32(targets), 3.0).sum()

    np.testing.assert_allclose(ours(jnp.float32(z)), loss(z), rtol=1e-5)
    np.testing.assert_allclose(jax.grad(ours)(jnp.float32(z)), slope(loss, z), rtol=1e-3, atol=2e-5)


def test_iterative_open_set_pairs_and_contrast():
    random = np.random.default_rng(0)
    near, far = random.normal(0, 0.3, (2, BATCH, FEATURES))
    like = np.arange(BATCH) % 2 == 0
    distance = np.linalg.norm(near - far, axis=1)
    expected = np.where(like, distance**2, np.maximum(1 - distance, 0) ** 2)
    assert (distance < 1).any()
    arguments = (jnp.float32(near), jnp.float32(far), jnp.asarray(like))
    np.testing.assert_allclose(iterative_open_set.contrast(*arguments, 1.0), expected, rtol=1e-4)

    labels, outlier = random.integers(0, CLASSES, 200), random.uniform(size=200) < 0.4
    trains = np.arange(200) % 10 > 0
    memory = iterative_open_set._groups(jnp.asarray(labels), jnp.asarray(outlier), jnp.asarray(trains), CLASSES)
    memory |= {"rounds": 1.0}
    first, second, alike = map(np.asarray, iterative_open_set._pairs(memory, jax.random.key(0), 3000))
    assert not outlier[first].any()
    same = labels[first] == labels[second]
    np.testing.assert_array_equal(alike, same & ~outlier[second])
    assert not outlier[second[~same]].any()
    shares = [alike.mean(), (same & outlier[second]).mean(), (~same).mean()]
    np.testing.assert_allclose(shares, 1 / 3, atol=0.03)
    assert set(first) == set(np.flatnonzero(~outlier & trains))
    assert set(second) <= set(np.flatnonzero(trains))

    nobody = jnp.zeros(200, bool)
    memory |= iterative_open_set._groups(jnp.asarray(labels), nobody, jnp.asarray(trains), CLASSES)
    first, second, alike = iterative_open_set._pairs(memory, jax.random.key(0), 3000)
    np.testing.assert_array_equal(alike, labels[np.asarray(first)] == labels[np.asarray(second)])


def test_outliers_by_lof():
    from sklearn.neighbors import LocalOutlierFactor

    random = np.random.default_rng(0)
    features, labels = random.normal(0, 0.1, (60, 3)) + np.array([1.0, 0, 0]), np.arange(60) % 2
    features[:4] = random.normal(0, 1, (4, 3))
    score = iterative_open_set._inverse_lof(features, labels, 5)
    for label in (0, 1):
        mine = labels == label
        lof = -LocalOutlierFactor(n_neighbors=5, metric="cosine").fit(features[mine]).negative_outlier_factor_
        np.testing.assert_allclose(score[mine], 1 / lof, rtol=1e-5)
    lowest = iterative_open_set._lowest(score, labels, 0.1)
    for label in (0, 1):
        mine = np.flatnonzero(labels == label)
        assert set(np.flatnonzero(lowest & (labels == label))) == set(mine[np.argsort(score[mine])[:3]])


def test_networks_start_alike_with_and_without_a_noise_layer():
    """What a strategy learns itself is another entry beside the network's parameters."""
    from jnl.models import make
    from jnl.optimisers import Optimiser

    model, sample, key = make("mlp", CLASSES), jnp.ones((1, 8)), jax.random.key(0)
    optimiser = Optimiser("adam", 0.0, 0.0)(0.1, 0.9)
    plain = networks.init(model, 1, optimiser, key, sample)
    layered = networks.init(model, 1, optimiser, key, sample, strategies.make("s_model").learned)
    assert layered.params["strategy"]["b"].shape == (1, CLASSES, CLASSES)
    for one, other in zip(*map(jax.tree.leaves, (plain.params, layered.params | {"strategy": {}})), strict=True):
        np.testing.assert_array_equal(one, other)


def step_of(name, labels, **hyper):
    """The step of a method with an own one, as a function of state and memory, on 40 examples and a small network."""
    strategy = strategies.make(name, **hyper)
    model, optimiser = models.make("mlp", CLASSES, width=8), Optimiser("sgd", 0.9, 0.0)(0.1, 0.9)
    inputs = jnp.asarray(np.random.default_rng(0).normal(0, 1, (40, 8)), jnp.float32)
    state = networks.init(model, strategy.num_nets, optimiser, jax.random.key(1), inputs[:1], strategy.learned)
    given = Given(jax.random.key(3), labels, jnp.ones(40, bool), jnp.eye(CLASSES), state)
    training = networks.Training(model, optimiser, none, inputs, labels)

    @jax.jit
    def step(state, epoch=5, batch=1):
        context = Context(
            jnp.int32(epoch), jnp.int32(batch), jnp.arange(BATCH + 1), jnp.arange(BATCH), jnp.ones(BATCH),
            jnp.float32(0.5), jax.random.key(7), state.memory,
        )  # fmt: skip
        return strategy.step(partial(update, strategy, training), training, state, context)[0]

    return strategy, state._replace(memory=strategy.memory.init(given)), step


def moved(tree, network):
    """The same tree with the weights of one network changed."""
    return jax.tree.map(lambda leaf: leaf.at[network].multiply(1.5), tree)


def differs(one, other):
    """Which of the two networks differ."""
    pairs = zip(*map(jax.tree.leaves, (one, other)), strict=True)
    return np.any([np.any(np.reshape(a != b, (2, -1)), 1) for a, b in pairs], 0).tolist()


LABELS_40 = jnp.asarray(np.random.default_rng(1).integers(0, CLASSES, 40))


def test_elr_plus_takes_targets_from_the_others_average():
    _, state, step = step_of("elr_plus", LABELS_40)
    plain = step(state)
    other = step(state._replace(memory=state.memory._replace(params=moved(state.memory.params, 1))))
    assert differs(plain.params, other.params) == [True, False]
    assert differs(plain.memory.target, other.memory.target) == [True, False]
    factor = 0.997 * np.exp(-5)  # at the first step the average forgets nearly all
    trees = (state.memory.params, plain.params, plain.memory.params)
    for before, weights, average in zip(*map(jax.tree.leaves, trees), strict=True):
        np.testing.assert_allclose(average, factor * before + (1 - factor) * weights, rtol=1e-4, atol=1e-6)


def test_dividemix_divides_for_the_other_and_guesses_with_it():
    strategy, state, step = step_of("dividemix", LABELS_40, warmup_epochs=2, average_epochs=3)
    logits = jax.random.normal(jax.random.key(0), (2, 40, CLASSES))
    for epoch in (2, 3):
        refreshed = strategy.memory.refresh(state.memory, lambda: (logits, logits), LABELS_40, jnp.int32(epoch))
        state = state._replace(memory=refreshed)
    memory = state.memory
    loss = np.stack([ce(np.float64(z), np.asarray(LABELS_40)) for z in logits])
    loss = (loss - loss.min(1, keepdims=True)) / (loss.max(1, keepdims=True) - loss.min(1, keepdims=True))
    for network in (0, 1):  # twice the same losses: their mean is themselves
        np.testing.assert_allclose(memory["clean"][network], chance_of_lower(jnp.float32(loss[network])), atol=1e-4)
        kept = np.asarray(memory["clean"][1 - network] > 0.5)
        assert 0 < kept.sum() < 40
        assert kept[memory["order"][network]][: kept.sum()].all()
    plain = step(state)
    assert differs(plain.params, step(state._replace(params=moved(state.params, 1))).params) == [True, True]
    surer = memory | {"clean": memory["clean"].at[1].set(jnp.where(memory["clean"][1] > 0.5, 0.6, 0.0))}
    assert differs(plain.params, step(state._replace(memory=surer)).params) == [True, False]


def test_each_round_has_an_optimiser_of_its_own():
    _, state, step = step_of("iterative_open_set", LABELS_40, first_epochs=5, round_epochs=10, neighbours=5)
    state = step(state)
    assert any(np.any(leaf) for leaf in jax.tree.leaves(state.opt_state))
    fresh = state._replace(opt_state=jax.tree.map(jnp.zeros_like, state.opt_state))

    def apart(epoch, batch):
        pairs = zip(*map(jax.tree.leaves, (step(state, epoch, batch), step(fresh, epoch, batch))), strict=True)
        return any(np.any(one != other) for one, other in pairs)

    assert [apart(epoch, 0) for epoch in (4, 5, 6, 15)] == [True, False, True, False]
    assert apart(5, 1)


def test_the_filter_weighs_classes_back():
    random = np.random.default_rng(0)
    truth = random.integers(0, CLASSES, 400)
    labels = np.where((truth == 0) & (random.uniform(size=400) < 0.5), 1, truth)
    p = np.full((400, CLASSES), 0.02)
    p[np.arange(400), truth] = 0.94
    plain, again = (
        strategies.make("confident_filter", prune="both", reweight=reweight).weigh.weights(labels, truth, p)
        for reweight in (False, True)
    )
    np.testing.assert_array_equal(plain, labels == truth)
    numbers = np.bincount(labels, minlength=CLASSES)
    np.testing.assert_allclose(np.bincount(labels, again), numbers)  # each class counts what it did
    assert again[labels == 1].max() > 1.3
