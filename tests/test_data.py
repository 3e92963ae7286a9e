"""Readers on real files, their cache, what is said where files are missing, and the validation split."""

import hashlib
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.datasets import load_digits

from jnl import data
from jnl.data import cache, prepare, validation
from jnl.data.arrays import split
from jnl.data.dataset import Dataset
from jnl.errors import UserError

# SHA-256 (first 16) of the images and uint8 labels in the order of the official files: train, then test.
ORIGINAL = {
    "mnist": ("741c988805d008ac", "1feba77c54802fa5", "6d87418db22cc802", "ddeff807876a9661"),
    "fashion_mnist": ("2e487a6c89124f78", "657fbd221bfc9f41", "c867c93ff9536059", "3d0e6c6ea990b53b"),
    "cifar10": ("47af8b02cfcfb6cd", "2b7cd2f244873176", "f9b1e2130bab680d", "cec8a24a1e92aa2e"),
}


def sha(array, dtype=np.uint8):
    return hashlib.sha256(np.ascontiguousarray(np.asarray(array, dtype))).hexdigest()[:16]


@pytest.mark.parametrize("name", ORIGINAL)
def test_prepared_sets_come_back_in_their_original_order(name, shared_data):
    for _ in range(2):  # decoded, then from the cache
        loaded = data.load(name, shared_data)
        found = (loaded.train.inputs, loaded.train.labels, loaded.test.inputs, loaded.test.labels)
        assert tuple(map(sha, found)) == ORIGINAL[name]
    assert loaded.train.inputs.dtype == np.uint8
    assert loaded.train.labels.dtype == np.int32
    assert len(loaded.class_names) == 10
    assert any(path.name.startswith(f"{name}-train") for path in cache.directory().iterdir())


def test_digits_are_those_of_scikit_learn():
    images, labels = load_digits(return_X_y=True)
    test = np.zeros(len(labels), bool)
    test[[row for digit in range(10) for row in np.flatnonzero(labels == digit)[4::5]]] = True
    loaded = data.load("digits")
    for part, rows in ((loaded.train, ~test), (loaded.test, test)):
        np.testing.assert_array_equal(
            np.asarray(part.inputs)[:, :, :, 0].reshape(-1, 64), np.rint(images * 255 / 16)[rows]
        )
        np.testing.assert_array_equal(part.labels, labels[rows])


def test_digits_need_no_files():
    loaded = data.load("digits")
    assert loaded.train.inputs.shape == (1442, 8, 8, 1)
    assert loaded.test.inputs.shape == (355, 8, 8, 1)
    assert (loaded.train.inputs.min(), loaded.train.inputs.max()) == (0, 255)
    counts = np.bincount(loaded.test.labels)
    assert counts.min() >= 34
    assert counts.max() <= 36


@pytest.mark.parametrize("name", ["mnist", "cifar100"])
def test_a_missing_set_says_the_command_that_prepares_it(name, tmp_path):
    with pytest.raises(UserError, match=rf"python -m jnl.data.prepare {name} --dir={tmp_path}"):
        data.load(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_half_copied_set_is_missing_too(shared_data, tmp_path):
    copy = tmp_path / "mnist" / "3.0.1"
    shutil.copytree(shared_data / "mnist" / "3.0.1", copy)
    next(copy.glob("*train*")).unlink()
    with pytest.raises(UserError, match="prepare it once"):
        data.load("mnist", tmp_path)


def test_preparing_says_what_is_wrong(capsys):
    assert prepare.main(["mnits"]) == 2
    assert "did you mean 'mnist'" in capsys.readouterr().err


def test_wrong_names_and_options_are_told():
    with pytest.raises(UserError, match="did you mean 'digits'"):
        data.load("digit")
    with pytest.raises(UserError, match="data.size"):
        data.load("digits", size=3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_inputs_that_are_not_finite_are_told(bad, monkeypatch):
    labels, features = np.arange(4) % 2, np.zeros((4, 2), np.float32)
    spoilt = features.copy()
    spoilt[1, 1] = bad
    broken = Dataset(split(features, labels), split(spoilt, labels), ("a", "b"))
    monkeypatch.setattr("jnl.data.sources.digits.load", lambda dir=None: broken)
    with pytest.raises(UserError, match="non-finite test inputs"):
        data.load("digits")


class TestCache:
    """A cache is right or made again."""

    @pytest.fixture(autouse=True)
    def files(self, tmp_path, monkeypatch):
        monkeypatch.setenv("JNL_CACHE_DIR", str(tmp_path / "cache"))
        self.source = tmp_path / "source"
        self.source.mkdir()
        (self.source / "file").write_text("one")
        self.calls = 0

    def make(self):
        self.calls += 1
        return {"images": np.arange(12, dtype=np.uint8).reshape(3, 4), "labels": np.arange(3)}

    def through(self):
        arrays = cache.through("set", str(self.source), self.make)
        np.testing.assert_array_equal(arrays["images"], np.arange(12).reshape(3, 4))
        return self.calls

    def entry(self):
        return next(cache.directory().iterdir())

    def test_the_second_read_decodes_nothing(self):
        assert [self.through(), self.through()] == [1, 1]

    def test_changed_source_files_are_read_again(self):
        self.through()
        (self.source / "file").write_text("another")
        assert self.through() == 2

    @pytest.mark.parametrize("damage", ["flip", "truncate", "remove", "no checksums"])
    def test_a_damaged_entry_is_made_again(self, damage):
        self.through()
        file = self.entry() / "images.npy"
        content = bytearray(file.read_bytes())
        if damage == "flip":
            content[-1] ^= 1
            file.write_bytes(content)
        elif damage == "truncate":
            file.write_bytes(content[:20])
        elif damage == "remove":
            file.unlink()
        else:
            (self.entry() / "checksums.json").write_text("{")
        assert [self.through(), self.through()] == [2, 2]

    def test_a_cache_that_cannot_be_written_is_done_without(self, monkeypatch):
        monkeypatch.setenv("JNL_CACHE_DIR", "/proc/jnl")
        assert [self.through(), self.through()] == [1, 2]


@given(arrays(np.int32, st.integers(5, 200), elements=st.integers(0, 4)), st.floats(0, 0.9), st.integers(0, 99))
def test_validation_is_stratified_and_of_fixed_size(labels, fraction, seed):
    total = round(fraction * len(labels))
    if fraction and total == 0:
        with pytest.raises(UserError, match="data.validation"):
            validation.split(labels, fraction, seed)
        return
    train, held = validation.split(labels, fraction, seed)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, held])), np.arange(len(labels)))
    assert len(held) == total
    for label in np.unique(labels):
        assert abs((labels[held] == label).sum() - total / len(labels) * (labels == label).sum()) <= 1
    again = validation.split(labels, fraction, seed)
    np.testing.assert_array_equal(held, again[1])


def test_another_seed_holds_out_others():
    labels = np.arange(100) % 4
    assert not np.array_equal(validation.split(labels, 0.2, 0)[1], validation.split(labels, 0.2, 1)[1])


@pytest.mark.parametrize("fraction", [-0.1, 1.0, float("nan"), 0.999, 0.001])
def test_wrong_fractions_are_told(fraction):
    with pytest.raises(UserError, match="data.validation"):
        validation.split(np.arange(100) % 4, fraction, 0)
