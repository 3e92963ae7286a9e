"""The user's own data: arrays, and what is wrong with them; folders, tables and TFDS have files of their own."""

import numpy as np
import pytest
from helpers import synthetic
from helpers.synthetic import same
from hypothesis import given
from hypothesis import strategies as st

from jnl import data
from jnl.data.arrays import Labeled, dataset
from jnl.data.labels import tidied
from jnl.data.missing import is_missing
from jnl.support.errors import UserError

names_of_classes = (
    st.text(min_size=1, max_size=5).map(tidied).filter(lambda name: not is_missing(name) and "\0" not in name)
)
words = st.lists(names_of_classes, min_size=2, max_size=30)


pytestmark = pytest.mark.usefixtures("own")


class TestDataset:
    """From arrays to a data set."""

    @pytest.mark.filterwarnings("ignore:data. the classes .* have almost the same name")
    @given(words.filter(lambda labels: len(set(labels)) > 1))
    @pytest.mark.slow
    def test_names_become_sorted_classes_and_come_back(self, labels):
        found = dataset(Labeled(np.zeros((len(labels), 2)), np.array(labels)), None)
        assert list(found.class_names) == sorted(set(labels))
        assert [found.class_names[label] for label in found.train.labels] == labels
        assert found.train.labels.dtype == np.int32
        assert (np.asarray(found.train.clean) == -1).all()

    @given(
        st.lists(st.integers(0, 119), min_size=2, max_size=30).filter(lambda y: len(set(y)) > 1 and min(y) != 1),
        st.sampled_from([np.uint16, np.int32, np.int64, np.uint64]),
    )
    def test_numbers_stay_as_they_are(self, labels, dtype):
        given_labels = np.array(labels, dtype)
        found = dataset(Labeled(np.zeros((len(labels), 2)), given_labels, given_labels), None)
        np.testing.assert_array_equal(found.train.labels, labels)
        np.testing.assert_array_equal(found.train.clean, labels)
        assert found.class_names == tuple(str(number) for number in range(max(labels) + 1))

    @pytest.mark.filterwarnings("ignore:data.*the level 0 of 255")
    def test_inputs_become_one_of_three_kinds(self):
        labels = np.arange(6) % 2
        for inputs, kind, shape in (
            (np.zeros((6, 4, 5), np.uint8), np.uint8, (6, 4, 5, 1)),
            (np.zeros((6, 5, 5, 3), np.uint8), np.uint8, (6, 5, 5, 3)),
            (np.zeros((6, 3, 5, 7), np.uint8), np.uint8, (6, 5, 7, 3)),
            (np.zeros((6, 4), np.uint8), np.float32, (6, 4)),
            (np.zeros((6, 4), bool), np.float32, (6, 4)),
            (np.zeros((6, 4), np.int64) - 1, np.float32, (6, 4)),
            (np.zeros((6, 4), np.int32) - 1, np.float32, (6, 4)),
            (np.zeros((6, 4), np.float16), np.float32, (6, 4)),
        ):
            found = dataset(Labeled(inputs, labels), Labeled(inputs, labels)).train.inputs
            assert (found.dtype, found.shape) == (kind, shape)

    def test_features_are_standardized_by_the_training_set(self):
        x = np.random.default_rng(0).normal(5, 3, (50, 3)).astype(np.float32)
        x[:, 1] = 0.1  # constant, which rounding hides
        labels = np.arange(50) % 2
        found = dataset(Labeled(x, labels), Labeled(x[:9] + 1, labels[:9]), standardize=True)
        np.testing.assert_allclose(found.train.inputs.mean(0), 0, atol=1e-6)
        np.testing.assert_allclose(found.train.inputs.std(0), [1, 0, 1], atol=1e-5)
        np.testing.assert_allclose(found.test.inputs[:, 1], 1, atol=1e-6)
        np.testing.assert_allclose((found.test.inputs - found.train.inputs[:9])[:, 0], 1 / x[:, 0].std(), rtol=1e-4)

    good = np.zeros((4, 2), np.float32)
    labels = np.array([0, 1, 1, 0])

    @pytest.mark.parametrize(
        "train, test, said",
        [
            (Labeled(good, np.array([0.5, 1, 1, 0])), None, "training labels are float64"),
            (
                Labeled(good, np.array([0, 1, np.nan, 0])),
                None,
                "training labels are missing .'nan'. in 1 row, .*row 2",
            ),
            (Labeled(good, np.array([0, 1, -1, 0])), None, "labels go from -1 to 1"),
            (Labeled(good, np.array([0, 1, 2**40, 0])), None, "labels go from 0 to 1099511627776"),
            (Labeled(good, np.array([0, 1, None, 0])), None, "training labels are missing .*row 2"),
            (Labeled(good, np.array([0, "a", 1, 0], object)), None, "training labels are object"),
            (Labeled(good, np.array(["a", "b", "n/a", "NA"])), None, "missing .'n/a'. in 2 rows, first in row 2"),
            (Labeled(good, np.eye(4, dtype=int)), None, r"of shape \(4, 4\)"),
            (Labeled(good, np.array(3)), None, r"of shape \(\)"),
            (Labeled(good[:0], labels[:0]), None, r"of shape \(0,\)"),
            (Labeled(good, np.array([1, 1, 1, 1])), None, "all training labels are 1"),
            (Labeled(good, np.array(["a"] * 4)), None, "all training labels are a"),
            (Labeled(good, np.array([b"a", b"\xff", b"a", b"a"])), None, "not UTF-8"),
            (Labeled(good[:3], labels), None, "one label for each"),
            (Labeled(good, labels, labels[:3]), None, "3 true labels"),
            (
                Labeled(good, labels, np.array(list("abab"))),
                None,
                "true labels are names, but training labels are numbers",
            ),
            (
                Labeled(good, labels, labels - 2),
                None,
                r"true labels contain -2, .* 2 classes 0, 1; -1 \(unknown\) and 2",
            ),
            (Labeled(good, labels, labels * 3), None, "true labels contain 3, which is not one of the 2"),
            (
                Labeled(good, labels * 120),
                None,
                "training labels go from 0 to 120 in 2 different .*renumber them from 0",
            ),
            (Labeled(good, np.array([0, 1, 90000, 0])), None, "training labels go from 0 to 90000 in 3 different"),
            (
                Labeled(good, labels),
                Labeled(good, np.array([0, 1, 2, 0])),
                "test labels contain 2, which is not one of the 2",
            ),
            (Labeled(good, np.array(list("abab"))), Labeled(good, np.array(list("abca"))), "test labels contain 'c'"),
            (Labeled(good, labels), Labeled(good, -labels), "test labels contain -1"),
            (Labeled(good, labels), Labeled(good[:3], labels), "test inputs"),
            (Labeled(good, labels), Labeled(good[:, :1], labels), "give both the same type and shape"),
            (Labeled(good[:, 0], labels), None, r"training inputs are float32 of shape \(4,\)"),
            (Labeled(np.full((4, 2, 2, 3), 256), labels), None, "say which are black and white, such as data.range"),
            (Labeled(good.astype(complex), labels), None, "training inputs are complex"),
            (Labeled(good.astype(str), labels), None, "training inputs are <U"),
            (Labeled(np.zeros((4, 0)), labels), None, "training inputs"),
        ],
    )
    def test_what_does_not_fit_is_told(self, train, test, said):
        with pytest.raises(UserError, match=f"^data: .*{said}"):
            dataset(train, test)

    def test_the_truth_may_be_unknown_or_of_no_class(self):
        truth = np.array([0, -1, 2, 1])
        found = dataset(Labeled(self.good, self.labels, truth), None)
        assert found.class_names == ("0", "1")
        np.testing.assert_array_equal(found.train.clean, truth)
        assert dataset(Labeled(self.good, self.labels, truth), None, tuple("abc")).class_names == tuple("abc")
        with pytest.raises(UserError, match="true labels contain 3"):
            dataset(Labeled(self.good, self.labels, truth + 1), None)
        words = dataset(Labeled(self.good, np.array(list("abba")), np.array(list("abca"))), None)
        assert words.class_names == tuple("abc")
        np.testing.assert_array_equal(words.train.clean, [0, 1, 2, 0])

    def test_numbers_with_names_may_leave_out_most_classes(self):
        names = tuple(map(str, range(500)))
        assert dataset(Labeled(self.good, self.labels * 400), None, names).train.labels.max() == 400

    def test_class_names_must_be_those_of_the_labels(self):
        named = Labeled(self.good, np.array(list("baab")))
        assert dataset(named, None, ("b", "a", "c")).train.labels.tolist() == [0, 1, 1, 0]
        for train, names, said in (
            (named, ("a", "c"), "training labels contain 'b'"),
            (named, ("a", "b", "a"), "two classes"),
            (
                Labeled(self.good, self.labels),
                ("a",),
                "training labels contain 1, which is not one of the 1 classes a",
            ),
        ):
            with pytest.raises(UserError, match=said):
                dataset(train, None, names)


def test_a_dash_is_a_class_beside_plus():
    for dash in "-\u2013\u2014":
        found = dataset(Labeled(np.eye(4)[:, :2], np.array([dash, "+", "+", dash])), None)
        assert found.class_names == tuple(sorted(["+", dash]))


class TestArrays:
    """The source `arrays`."""

    def arrays(self):
        images, labels = synthetic.pictures(12, 5, 4), np.arange(12) % 3
        return {
            "x_train": images,
            "y_train": labels,
            "x_test": images[:5],
            "y_test": labels[:5],
            "y_true": labels[::-1],
        }

    def test_a_file_and_a_folder_say_the_same(self, own):
        np.savez_compressed(own / "mine.npz", **self.arrays(), class_names=["a", "b", "c"])
        (own / "mine").mkdir()
        for name, array in {**self.arrays(), "class_names": np.array(["a", "b", "c"])}.items():
            np.save(own / "mine" / f"{name}.npy", array)
        file, folder = data.load("arrays", own / "mine.npz"), data.load("arrays", own / "mine")
        same(file, folder)
        assert isinstance(folder.train.inputs, np.memmap)
        assert folder.train.inputs.shape == (12, 5, 4, 1)
        assert folder.class_names == ("a", "b", "c")
        np.testing.assert_array_equal(folder.train.clean, self.arrays()["y_true"])
        np.testing.assert_array_equal(folder.test.clean, folder.test.labels)

    def test_class_names_may_be_bytes(self, own):
        np.savez(own / "mine.npz", **self.arrays(), class_names=np.array(["ä".encode(), b"b", b"c"]))
        assert data.load("arrays", own / "mine.npz").class_names == ("ä", "b", "c")
        np.savez(own / "mine.npz", **self.arrays(), class_names=np.array([b"\xff", b"b", b"c"]))
        with pytest.raises(UserError, match="data: class names are bytes that are not UTF-8"):
            data.load("arrays", own / "mine.npz")

    def test_features_stay_mapped_unless_standardized(self, own):
        np.save(own / "inputs.npy", np.ones((4, 2), np.float32))
        np.save(own / "labels.npy", np.arange(4) % 2)
        loaded = data.load("arrays", own, standardize=False)
        assert isinstance(loaded.train.inputs, np.memmap)
        assert loaded.test is None
        assert (data.load("arrays", own).train.inputs == 0).all()

    @pytest.mark.parametrize(
        "change, said",
        [
            ({"x_train": None}, "data.dir: .*lacks train_inputs or inputs"),
            ({"y_train": None}, "data.dir: .*lacks train_labels"),
            ({"x_test": None}, "data.dir: .*not both"),
            ({"y_test": np.array([None] * 5)}, "data: test labels are missing"),
            ({"x_train": np.full((12, 2), np.inf), "x_test": np.zeros((5, 2))}, "data.name: .*non-finite training"),
            ({"x_train": np.full((12, 2), 1e300), "x_test": np.zeros((5, 2))}, "training inputs: column 0 has 1e.300"),
            ({"y_true": np.arange(11) % 3}, "data: .*11 true labels"),
        ],
    )
    @pytest.mark.parametrize("folder", [False, True])
    def test_what_is_wrong_is_told(self, change, said, folder, own):
        arrays = {name: array for name, array in {**self.arrays(), **change}.items() if array is not None}
        np.savez(own / "mine.npz", **arrays)
        for name, array in arrays.items():
            np.save(own / f"{name}.npy", array)
        with pytest.raises(UserError, match=said):
            data.load("arrays", own if folder else own / "mine.npz")

    def test_two_names_of_one_array_must_hold_the_same(self, own):
        labels = np.arange(12) % 3
        arrays = {"x": np.random.default_rng(0).normal(size=(12, 2)), "labels": labels, "y": labels}
        np.savez(own / "mine.npz", **arrays)
        assert (
            "the array 'y' was not read, because it is the same as 'labels'"
            in data.load("arrays", own / "mine.npz").notes
        )
        np.savez(own / "mine.npz", **{**arrays, "y": labels[::-1]})
        with pytest.raises(
            UserError,
            match="data.dir: it holds 'labels' and 'y', which differ; rename the one to train on to train_labels, the "
            "true ones to train_clean",
        ):
            data.load("arrays", own / "mine.npz")
        np.savez(own / "mine.npz", x=arrays["x"], inputs=arrays["x"] + 1, y=labels)
        with pytest.raises(UserError, match="data.dir: it holds 'inputs' and 'x', which differ"):
            data.load("arrays", own / "mine.npz")
        np.savez(own / "mine.npz", x=arrays["x"], train_labels=labels, y=labels[::-1])
        with pytest.warns(UserWarning, match="the array 'y' was not read, because 'train_labels' is there"):
            np.testing.assert_array_equal(data.load("arrays", own / "mine.npz").train.labels, labels)

    def test_hidden_files_in_a_folder_are_left_out(self, own):
        np.save(own / "inputs.npy", np.random.default_rng(0).normal(size=(4, 2)))
        np.save(own / "labels.npy", np.arange(4) % 2)
        (own / "._labels.npy").write_bytes(b"a part of a file of macOS")
        assert "hidden files that were not read: 1" in data.load("arrays", own).notes

    @pytest.mark.parametrize("content", [b"", b"text", b"PK\3\4 no zip", b"\x93NUMPY\1"])
    def test_files_of_another_kind_are_told(self, content, own):
        (own / "mine.npz").write_bytes(content)
        with pytest.raises(UserError, match="data.dir: cannot read arrays from .*mine.npz"):
            data.load("arrays", own / "mine.npz")

    def test_a_damaged_file_is_told(self, own):
        np.savez_compressed(own / "mine.npz", **self.arrays())
        content = (own / "mine.npz").read_bytes()
        for position in range(0, len(content) // 2, 7):  # the first arrays
            (own / "mine.npz").write_bytes(content[:position] + b"\xff\x00\xff" + content[position + 3 :])
            try:
                data.load("arrays", own / "mine.npz")
            except UserError:
                continue
        (own / "mine.npz").write_bytes(content[:-30])
        with pytest.raises(UserError, match="data.dir"):
            data.load("arrays", own / "mine.npz")

    def test_what_is_missing_is_told(self, own):
        np.save(own / "one.npy", np.zeros(3))
        for dir in (None, own / "nowhere", own / "one.npy", own):
            with pytest.raises(UserError, match="data.dir"):
                data.load("arrays", dir)


def test_options_and_noise_are_known_before_loading():
    assert data.options("tfds:food101") == {"size": 0, "trusted": False}
    assert data.options("cifar10n") == {"file": "", "labels": "worse_label"}
    assert data.options("digits") == {}
    noisy = {name for name in data.names() if data.noisy_already(name)}
    assert {
        "arrays",
        "folder",
        "table",
        "tfds",
        "cifar10n",
        "cifar100n",
        "cifar10_open_set",
        "lfw",
        "clothing1m",
    } == noisy
    with pytest.raises(UserError, match="data.name: .*did you mean 'folder'"):
        data.noisy_already("folders:x")


def test_arrays_in_memory_cannot_be_loaded_by_a_name():
    assert "own" not in data.names() and data.options("own") == {} and data.noisy_already("own")
    with pytest.raises(UserError, match=r"data.name: 'own' means arrays in memory; give them with jnl.run\(config, "):
        data.load("own")
