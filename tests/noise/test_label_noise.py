"""Transition matrices and the published draw, bit for bit."""

import hashlib

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jnl import data, noise
from jnl.noise import kinds
from jnl.noise.kinds import instance
from jnl.support.errors import UserError

# The first 16 hex digits of the SHA-256 of the uint8 noisy labels of the published code (numpy seed 0), and how many
# labels it flips.
GOLDEN = {
    ("mnist", "symmetric", 0.2): (11883, "d19fdc7e4dfe284c"),
    ("mnist", "symmetric", 0.5): (29894, "23fca09f22f49f56"),
    ("mnist", "symmetric", 0.8): (48174, "6377dc802b3358a5"),
    ("mnist", "pair", 0.45): (26889, "d8293274e975576b"),
    ("mnist", "asymmetric_mnist", 0.4): (11863, "df3a2e5508c10319"),
    ("cifar10", "symmetric", 0.2): (10038, "241b61c9fa2b2f1d"),
    ("cifar10", "symmetric", 0.5): (24838, "a1a637f11cf56a60"),
    ("cifar10", "symmetric", 0.8): (39871, "2298443a660d9fac"),
    ("cifar10", "pair", 0.45): (22400, "2ad90dda5e73ea38"),
    ("cifar10", "asymmetric_cifar10", 0.4): (9873, "69eb95aa152c1c7b"),
    ("cifar100", "symmetric", 0.2): (10054, "02d53bf7241d197f"),
    ("cifar100", "symmetric", 0.5): (25031, "791b14d86cfb964f"),
    ("cifar100", "symmetric", 0.8): (39952, "792fb9d2cd108ea0"),
    ("cifar100", "pair", 0.45): (22449, "8483a6e5e6ca89d9"),
    ("cifar100", "asymmetric_cifar100_blocks", 0.4): (19885, "d08295810a7826c5"),
}


@pytest.fixture(scope="module")
def clean_labels(shared_data):
    human = np.load(shared_data / "cifar_human_labels" / "cifar100n.npz", allow_pickle=False)
    sets = {name: np.asarray(data.load(name, shared_data).train.clean) for name in ("mnist", "cifar10")}
    return sets | {"cifar100": human["clean_label"].astype(np.int32)}


@pytest.mark.parametrize(("name", "kind", "rate"), GOLDEN, ids=str)
def test_the_draw_is_the_published_one(clean_labels, name, kind, rate):
    clean = clean_labels[name]
    noisy = noise.corrupt(clean, noise.transition(kind, 100 if name == "cifar100" else 10, rate), 0)
    assert noisy.dtype == np.int32
    digest = hashlib.sha256(noisy.astype(np.uint8).tobytes()).hexdigest()[:16]
    assert ((noisy != clean).sum(), digest) == GOLDEN[name, kind, rate]


NEEDS_A_FILE = ("matrix",)
FOUND = {name: kinds.make(name) for name in noise.names() if name not in NEEDS_A_FILE}
SIZES = {name: kind.num_classes for name, kind in FOUND.items() if kind.num_classes}
MATRICES = [name for name, kind in FOUND.items() if kind.matrix]


@given(st.sampled_from(MATRICES), st.floats(0, 1), st.integers(2, 30))
def test_rows_are_distributions(kind, rate, num_classes):
    matrix = noise.transition(kind, SIZES.get(kind, num_classes), rate)
    assert matrix.dtype == np.float64
    assert (matrix >= 0).all()
    np.testing.assert_allclose(matrix.sum(1), 1, atol=1e-12)


def test_symmetric_is_built_as_published():
    matrix = (0.3 / 9) * np.ones((10, 10))
    np.fill_diagonal(matrix, 1 - 0.3)
    np.testing.assert_array_equal(noise.transition("symmetric", 10, 0.3), matrix)
    inclusive = noise.transition("symmetric_inclusive", 10, 0.3)
    np.testing.assert_allclose(1 - np.diag(inclusive), 0.3 * 9 / 10)


CIFAR10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
CONFUSED = {
    "asymmetric_cifar10": "truck automobile, bird airplane, deer horse, cat dog, dog cat",
    "asymmetric_mnist": "7 1, 2 7, 3 8, 5 6, 6 5",
}


@pytest.mark.parametrize(("kind", "names"), [("asymmetric_cifar10", CIFAR10), ("asymmetric_mnist", [*"0123456789"])])
def test_similar_classes_are_confused_as_published(kind, names):
    """Patrini et al. 2017, section 5."""
    expected = np.eye(10)
    for pair in CONFUSED[kind].split(", "):
        one, other = map(names.index, pair.split())
        expected[one, one], expected[one, other] = 0.7, 0.3
    np.testing.assert_allclose(noise.transition(kind, 10, 0.3), expected)


def test_superclasses_are_a_partition_and_flip_within():
    matrix = noise.transition("asymmetric_cifar100_superclass", 100, 1.0)
    assert sorted(matrix.argmax(1)) == list(range(100))  # a permutation
    flips = dict(enumerate(matrix.argmax(1)))
    aquatic_mammals = {4, 30, 55, 72, 95}
    assert {flips[clean] for clean in aquatic_mammals} == aquatic_mammals
    backward = [clean for clean in flips if flips[clean] < clean]  # from the last label of a superclass to its first
    assert len(backward) == 20 and all(flips[flips[clean]] > flips[clean] for clean in backward)
    blocks = noise.transition("asymmetric_cifar100_blocks", 100, 1.0).argmax(1)
    assert blocks[:6].tolist() == [1, 2, 3, 4, 0, 6]


def test_superclasses_agree_with_the_coarse_labels(shared_data):
    human = np.load(shared_data / "cifar_human_labels" / "cifar100n.npz", allow_pickle=False)
    coarse = np.empty(100, int)
    coarse[human["clean_label"]] = human["clean_coarse_label"]
    flips = noise.transition("asymmetric_cifar100_superclass", 100, 1.0).argmax(1)
    np.testing.assert_array_equal(coarse[flips], coarse)


@given(st.integers(0, 2**32 - 1))
def test_the_draw_depends_on_the_seed_alone(seed):
    labels, matrix = np.arange(40) % 4, noise.transition("symmetric", 4, 0.5)
    np.testing.assert_array_equal(noise.corrupt(labels, matrix, seed), noise.corrupt(labels, matrix, seed))


@given(st.floats(0, 1), st.integers(0, 1000))
def test_the_realized_rate_is_near_the_nominal(rate, seed):
    labels = np.arange(2000) % 5
    noisy = noise.corrupt(labels, noise.transition("symmetric", 5, rate), seed)
    assert abs((noisy != labels).mean() - rate) < 6 * np.sqrt(0.25 / 2000)


def test_no_noise_changes_nothing():
    labels = np.arange(30) % 3
    np.testing.assert_array_equal(noise.corrupt(labels, noise.transition("none", 3, 0.9), 0), labels)


@pytest.fixture(scope="module")
def digits():
    train = data.load("digits").train
    return np.asarray(train.labels), np.asarray(train.inputs)


@pytest.mark.parametrize(
    ("kind", "rate", "golden"),
    [
        ("symmetric_exact", 0.2, (288, "fd416181c5842c5f")),
        ("symmetric_exact", 0.4, (577, "11afd1a31cce2184")),
        ("symmetric_inclusive_exact", 0.4, (517, "842042f88a5043c0")),
        ("instance", 0.2, (300, "5f0277029c408839")),
        ("instance", 0.4, (605, "6668fc695bc8c864")),
    ],
)
def test_the_draw_stays_what_it_is(digits, kind, rate, golden):
    """So that results of one version can be repeated by the next."""
    labels, inputs = digits
    noisy = noise.draw(kind, labels, 10, rate, 0, inputs)
    assert noisy.dtype == np.int32
    assert ((noisy != labels).sum(), hashlib.sha256(noisy.astype(np.uint8).tobytes()).hexdigest()[:16]) == golden


@given(st.sampled_from(MATRICES), st.integers(0, 2**32 - 1))
def test_draw_serves_every_kind(kind, seed):
    labels, classes = np.arange(40) % 4, SIZES.get(kind, 4)
    noisy = noise.draw(kind, labels, classes, 0.3, seed)
    if FOUND[kind].draw is None:
        np.testing.assert_array_equal(noisy, noise.corrupt(labels, noise.transition(kind, classes, 0.3), seed))
    np.testing.assert_array_equal(noisy, noise.draw(kind, labels, classes, 0.3, seed))


@given(st.floats(0, 1), st.integers(0, 200), st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_symmetric_exact_flips_exactly_as_many(rate, number, num_classes, seed):
    labels = np.arange(number) % num_classes
    noisy = noise.draw("symmetric_exact", labels, num_classes, rate, seed)
    assert (noisy != labels).sum() == round(rate * number)
    assert number == 0 or (0 <= noisy.min() and noisy.max() < num_classes)


def test_symmetric_exact_is_symmetric():
    labels = np.arange(40_000) % 4
    found = noise.realized(labels, noise.draw("symmetric_exact", labels, 4, 0.3, 0), 4)
    np.testing.assert_allclose(found, noise.transition("symmetric_exact", 4, 0.3), atol=0.015)
    np.testing.assert_array_equal(noise.transition("symmetric_exact", 4, 0.3), noise.transition("symmetric", 4, 0.3))


@given(st.floats(0, 1), st.integers(0, 200), st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_symmetric_inclusive_exact_draws_exactly_as_many(rate, number, num_classes, seed):
    """As `dataloader_cifar.py` of DivideMix: the first int(rate N) of a shuffled list get any class, their own too."""
    labels = np.arange(number) % num_classes
    drawn = np.random.RandomState(seed).permutation(number)[: int(rate * number)]
    noisy = noise.draw("symmetric_inclusive_exact", labels, num_classes, rate, seed)
    kept = np.setdiff1d(np.arange(number), drawn)
    np.testing.assert_array_equal(noisy[kept], labels[kept])
    assert number == 0 or (0 <= noisy.min() and noisy.max() < num_classes)


def test_half_of_the_labels_drawn_inclusively_are_45_percent_wrong_in_ten_classes():
    labels = np.arange(50_000) % 10
    noisy = noise.draw("symmetric_inclusive_exact", labels, 10, 0.5, 0)
    assert abs((noisy != labels).mean() - 0.45) < 0.005
    found = noise.realized(labels, noisy, 10)
    np.testing.assert_allclose(found, noise.transition("symmetric_inclusive_exact", 10, 0.5), atol=0.015)


@given(st.floats(0.05, 0.95), st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_instance_noise_has_about_its_rate_and_follows_the_input(rate, num_classes, seed):
    stream = np.random.RandomState(1)
    inputs, labels = stream.normal(0, 1e6, (20, 7)), np.arange(20) % num_classes
    inputs, labels = np.repeat(inputs, 60, 0), np.repeat(labels, 60)
    noisy = noise.draw("instance", labels, num_classes, rate, seed, inputs)
    mean = noise_chances(rate)
    assert abs((noisy != labels).mean() - mean) < 6 * np.sqrt(0.25 / 1200)
    for start in range(0, 1200, 60):  # large inputs: all that flip go to one class
        flipped = noisy[start : start + 60][noisy[start : start + 60] != labels[start]]
        assert len(set(flipped)) <= 1


def noise_chances(rate):
    """The mean of a normal around the rate that is cut to (0, 1)."""
    from scipy.stats import truncnorm

    return truncnorm(-rate / 0.1, (1 - rate) / 0.1, loc=rate, scale=0.1).mean()


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.5, 1.0])
def test_chances_of_instance_noise_are_drawn_again_if_they_are_none(rate):
    chances = instance._flip_chances(np.random.RandomState(0), rate, 20_000)
    assert ((0 < chances) & (chances < 1)).all()
    assert chances.mean() == pytest.approx(noise_chances(rate), abs=3e-3)


def test_instance_noise_is_its_formula():
    """Small inputs, whose softmax is no single class: shares against a loop, in float64."""
    stream = np.random.RandomState(3)
    chances = stream.normal(0.5, 0.1, 4000)
    assert ((0 < chances) & (chances < 1)).all()
    weights = stream.standard_normal((2, 3))
    inputs, labels = np.tile([[0.3, -0.2], [0.1, 0.5]], (2000, 1)), np.tile([0, 2], 2000)
    noisy = noise.draw("instance", labels, 3, 0.5, 3, inputs)
    for example, label in enumerate((0, 2)):
        score = np.exp(inputs[example] @ weights)
        score[label] = 0
        expected = chances[example::2].mean() * score / score.sum()
        expected[label] = 1 - chances[example::2].mean()
        np.testing.assert_allclose(np.bincount(noisy[example::2], minlength=3) / 2000, expected, atol=0.04)


def test_instance_noise_reads_in_parts(digits, monkeypatch, tmp_path):
    labels, inputs = digits
    whole = noise.draw("instance", labels, 10, 0.3, 5, inputs)
    monkeypatch.setattr("jnl.noise.kinds.instance._CHUNK", 64 * 100)
    file = np.lib.format.open_memmap(tmp_path / "images.npy", "w+", np.uint8, inputs.shape)
    file[:] = inputs
    np.testing.assert_array_equal(noise.draw("instance", labels, 10, 0.3, 5, file), whole)
    np.testing.assert_array_equal(noise.draw("instance", labels, 10, 0.3, 5, jnp.asarray(inputs)), whole)
    with pytest.raises(UserError, match="depends on the inputs"):
        noise.draw("instance", labels, 10, 0.3, 5)
    with pytest.raises(UserError, match="'instance' has no fixed matrix"):
        noise.transition("instance", 10, 0.3)
    with pytest.raises(UserError, match="at least 2 classes"):
        noise.draw("instance", labels, 1, 0.3, 5, inputs)


def test_realized_counts_what_is_known():
    clean, noisy = np.array([0, 0, 0, 0, 2, -1, 4]), np.array([0, 1, 1, 2, 2, 3, 0])
    expected = [[0.25, 0.5, 0.25, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    np.testing.assert_array_equal(noise.realized(clean, noisy, 4), expected)
