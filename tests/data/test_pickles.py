"""Pickled dicts of arrays are read, and nothing that a pickle names is called."""

import os
import pickle
import sys
import types
import zipfile

import numpy as np
import pytest
from conftest import judge
from helpers import synthetic
from hypothesis import given
from hypothesis import strategies as st

from jnl import data
from jnl.data.readers import files
from jnl.support.errors import UserError

PUBLISHED = {
    "clean_label": np.arange(40) % 10, "worse_label": np.arange(40)[::-1] % 10, "rows": np.arange(6.0).reshape(2, 3),
    "columns": np.asfortranarray(np.arange(6, dtype=">i2").reshape(2, 3)), "names": np.array(["a", "bc"]),
    "objects": np.array(["a", None, "b"], object), "truth": np.array([True, False]), "number": 3, "list": [1, 2],
    "scalar": np.float32(0.5),
}  # fmt: skip


def check(found):
    assert found.keys() == PUBLISHED.keys()
    for name, values in PUBLISHED.items():
        np.testing.assert_array_equal(found[name], values)
        assert found[name].dtype == np.asarray(values).dtype


@pytest.mark.parametrize("protocol", range(6))
def test_a_dict_of_arrays_is_read_in_every_protocol(protocol, tmp_path):
    (tmp_path / "mine.pkl").write_bytes(pickle.dumps(PUBLISHED, protocol))
    check(files.arrays(tmp_path / "mine.pkl", "data.file"))


def test_what_numpy_saves_is_read_whatever_its_name(tmp_path):
    np.save(tmp_path / "mine.npy", PUBLISHED)
    check(files.arrays(tmp_path / "mine.npy", "data.file"))
    assert list(files.arrays(tmp_path / "mine.npy", "data.file", ("rows",))) == ["rows"]
    np.savez(tmp_path / "mine.npz", **{name: PUBLISHED[name] for name in ("names", "objects")})
    (tmp_path / "mine.npz").rename(tmp_path / "other.npy")
    found = files.arrays(tmp_path / "other.npy", "data.file")
    assert found["objects"].tolist() == ["a", None, "b"] and found["names"].tolist() == ["a", "bc"]


class Storage:
    """Numbers that `torch.save` writes beside the pickle."""


@pytest.fixture
def torch(monkeypatch):
    """The names that PyTorch has in its files, without PyTorch."""
    package, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    package.LongStorage = type("LongStorage", (), {"__module__": "torch"})
    utils._rebuild_tensor_v2 = lambda *parts: parts
    utils._rebuild_tensor_v2.__module__, utils._rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2.__name__ = "_rebuild_tensor_v2"
    monkeypatch.setitem(sys.modules, "torch", package)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    return package


def save_by_torch(path, torch, content, shape, stride):
    """A file as `torch.save` writes it: a dict with the array of `PUBLISHED`, and a tensor."""

    class Tensor:
        def __reduce__(self):
            return sys.modules["torch._utils"]._rebuild_tensor_v2, (Storage(), 0, shape, stride, False, {})

    class Writer(pickle.Pickler):
        def persistent_id(self, value):
            kind = ("storage", torch.LongStorage, "0", "cpu", content.size)
            return kind if isinstance(value, Storage) else None

    with zipfile.ZipFile(path, "w") as parts:
        with parts.open("mine/data.pkl", "w") as file:
            Writer(file, 2).dump({"rows": PUBLISHED["rows"], "tensor": Tensor()})
        parts.writestr("mine/data/0", content.astype("<i8").tobytes())
    return path


def test_what_torch_saves_is_read(torch, tmp_path):
    numbers = np.arange(6)
    found = files.arrays(save_by_torch(tmp_path / "mine.pt", torch, numbers, (3, 2), (1, 3)), "data.file")
    np.testing.assert_array_equal(found["tensor"], numbers.reshape(2, 3).T)
    np.testing.assert_array_equal(found["rows"], PUBLISHED["rows"])
    with pytest.raises(UserError, match="a tensor of shape"):
        files.arrays(save_by_torch(tmp_path / "large.pt", torch, numbers, (10**9, 10**9), (0, 0)), "data.file")
    old = b"".join(pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, {}, PUBLISHED, []))
    (tmp_path / "old.pt").write_bytes(old)
    check(files.arrays(tmp_path / "old.pt", "data.file"))


class Calls:
    def __init__(self, function, *given):
        self.reduced = function, given

    def __reduce__(self):
        return self.reduced


DANGEROUS = {
    "a call": (pickle.dumps({"a": Calls(os.mkdir, "MADE")}), "it names posix.mkdir|nt.mkdir"),
    "a name": (b"cos\nsystem\n.", "it names os.system"),
    "a name inside a name": (b"\x80\x04\x8c\x05numpy\x8c\x0dndarray.dumps\x93.", "it names numpy.ndarray.dumps"),
    "a change of the reader": (b"c_codecs\nencode\n(N}S'x'\nI1\nstb.", "changes an object that is not an array"),
    "objects in bytes": (pickle.dumps(np.zeros(2, [("a", int)])), "an array with fields"),
    "no dict": (pickle.dumps([1, 2]), "not a dict of arrays"),
    "no pickle": (b"text", "cannot read"),
}  # fmt: skip


@pytest.mark.parametrize("case", DANGEROUS)
@pytest.mark.parametrize("ending", ["pkl", "npy", "pt"])
def test_nothing_is_called_and_other_content_is_refused(case, ending, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content, said = DANGEROUS[case]
    path = tmp_path / f"mine.{ending}"
    if ending == "pkl":
        path.write_bytes(content)
    elif ending == "npy":
        np.save(path, np.array({}, object))
        path.write_bytes(path.read_bytes()[:128] + content)
    else:
        with zipfile.ZipFile(path, "w") as parts:
            parts.writestr("mine/data.pkl", content)
    with pytest.raises(
        UserError, match=f"data.file: {said}|data.file: cannot read arrays.*({said}|not an array|not a dict)"
    ):
        files.arrays(path, "data.file")
    assert not (tmp_path / "MADE").exists()


def test_one_array_is_not_a_data_set(tmp_path):
    np.save(tmp_path / "mine.npy", np.zeros((3, 2)))
    with pytest.raises(UserError, match="data.dir: .*it holds one array; put inputs.npy and labels.npy into a folder"):
        data.load("arrays", tmp_path / "mine.npy")


def test_objects_in_a_folder_are_read_and_missing_labels_said(tmp_path):
    np.save(tmp_path / "inputs.npy", np.zeros((4, 2)))
    np.save(tmp_path / "labels.npy", np.array(["a", "b", "a", "a"], object))
    assert data.load("arrays", tmp_path).class_names == ("a", "b")
    np.save(tmp_path / "labels.npy", np.array(["a", None, "a", "a"], object))
    with pytest.raises(UserError, match="training labels are missing .'None or nan'. in 1 row, first in row 1"):
        data.load("arrays", tmp_path)


@pytest.mark.slow
@given(st.binary(max_size=60), st.integers(0, 200), st.integers(0, 5))
def test_damaged_pickles_are_read_or_refused(tmp_path_factory, some, place, protocol):
    path = tmp_path_factory.getbasetemp() / "damaged.pkl"
    content = pickle.dumps(PUBLISHED, protocol)
    path.write_bytes(content[:place] + some + content[place + len(some) :])
    judge(files.arrays, path, "data.file")


@pytest.mark.slow
def test_the_published_form_of_labels_by_people_is_read(tmp_path):
    synthetic.cifar(tmp_path, "cifar10")
    truth = np.asarray(data.load("cifar10", tmp_path).train.labels)
    np.save(tmp_path / "CIFAR-10_human.npy", {"clean_label": truth, "worse_label": truth[::-1]})
    found = data.load("cifar10n", tmp_path, file=str(tmp_path / "CIFAR-10_human.npy"))
    np.testing.assert_array_equal(found.train.labels, truth[::-1])
    assert "the training labels are worse_label of CIFAR-10_human.npy" in found.notes[-1]
