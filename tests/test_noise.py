"""Transition matrices and the published draw, bit for bit."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jnl import data, noise
from jnl.errors import UserError

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
SIZES = {"asymmetric_mnist": 10, "asymmetric_cifar10": 10, "asymmetric_cifar100_blocks": 100}
SIZES |= {"asymmetric_cifar100_superclass": 100}


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


@given(st.sampled_from(noise.KINDS), st.floats(0, 1), st.integers(2, 30))
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


def test_superclasses_are_a_partition_and_flip_within():
    matrix = noise.transition("asymmetric_cifar100_superclass", 100, 1.0)
    assert sorted(matrix.argmax(1)) == list(range(100))  # a permutation
    flips = dict(enumerate(matrix.argmax(1)))
    aquatic_mammals = {4, 30, 55, 72, 95}
    assert {flips[clean] for clean in aquatic_mammals} == aquatic_mammals
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
def test_the_realised_rate_is_near_the_nominal(rate, seed):
    labels = np.arange(2000) % 5
    noisy = noise.corrupt(labels, noise.transition("symmetric", 5, rate), seed)
    assert abs((noisy != labels).mean() - rate) < 6 * np.sqrt(0.25 / 2000)


def test_no_noise_changes_nothing():
    labels = np.arange(30) % 3
    np.testing.assert_array_equal(noise.corrupt(labels, noise.transition("none", 3, 0.9), 0), labels)


@pytest.mark.parametrize(
    ("kind", "num_classes", "rate", "message"),
    [
        ("symetric", 10, 0.2, "did you mean 'symmetric'"),
        ("symmetric", 10, 1.2, "noise.rate: 1.2 is outside"),
        ("pair", 10, float("nan"), "noise.rate"),
        ("asymmetric_cifar10", 100, 0.4, "defined for 10 classes, the data have 100"),
        ("asymmetric_cifar100_blocks", 10, 0.4, "defined for 100 classes"),
        ("symmetric", 1, 0.2, "at least 2 classes"),
    ],
)
def test_wrong_matrices_are_told(kind, num_classes, rate, message):
    with pytest.raises(UserError, match=message):
        noise.transition(kind, num_classes, rate)


@pytest.mark.parametrize(
    ("labels", "seed", "message"),
    [
        (np.array([0, 1, 4]), 0, r"found 0\.\.4, the noise matrix has classes 0\.\.3"),
        (np.array([-1, 1]), 0, "found -1"),
        (np.array([0.0, 1.0]), 0, "whole numbers"),
        (np.zeros((2, 2), int), 0, "shape"),
        (np.array([0, 1]), -1, "noise.seed"),
        (np.array([0, 1]), 2**32, "noise.seed"),
    ],
)
def test_wrong_labels_and_seeds_are_told(labels, seed, message):
    with pytest.raises(UserError, match=message):
        noise.corrupt(labels, noise.transition("symmetric", 4, 0.2), seed)
