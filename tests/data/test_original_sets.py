"""The original files of real data sets give the arrays of their prepared files."""

import gzip
import json
import shutil

import numpy as np
import pytest
from helpers import original_files
from helpers.original_files import without_tfds, write
from helpers.synthetic import same

from jnl import data
from jnl.data.sources import cifar10


@pytest.mark.slow
def test_training_needs_neither_tensorflow_nor_tfds(shared_data, tmp_path):
    known = data.load("fashion_mnist", shared_data)
    write(tmp_path / "fashion_mnist", idx_of(known))
    code = f"""
import jnl
config = jnl.get_config("standard", "data=fashion_mnist,quick")
config.update({{"epochs": 1, "seeds": 1}})
config.data.name, config.data.dir = "fashion_mnist", {str(tmp_path)!r}
print(jnl.run(config, {str(tmp_path / "run")!r}).metrics["test_accuracy"].shape)
"""
    assert without_tfds(code).startswith("(1, 1")
    record = json.loads((tmp_path / "run" / "config.json").read_text())
    assert record["data_notes"][0].startswith(
        "fashion_mnist was read from the original files fashion_mnist/train-images"
    )


def idx_of(known):
    return original_files.idx_files(
        *(np.asarray(array) for split in (known.train, known.test) for array in (split.inputs, split.labels))
    )


@pytest.mark.slow
@pytest.mark.parametrize(("name", "pack"), [("fashion_mnist", False), ("mnist", True)], ids=["plain", "packed"])
def test_idx_files_give_the_arrays_of_the_prepared_files(name, pack, shared_data, tmp_path):
    known = data.load(name, shared_data)
    files = idx_of(known)
    write(tmp_path, {f"{file}.gz": gzip.compress(content, 1) for file, content in files.items()} if pack else files)
    found = data.load(name, tmp_path)
    same(found, known)
    assert found.class_names == known.class_names
    assert "the MD5 sums are those of the published files" in found.notes[0]


@pytest.mark.slow
def test_a_cifar_archive_gives_the_arrays_of_the_prepared_files(shared_data, tmp_path):
    known = data.load("cifar10", shared_data)
    images, labels = (np.concatenate([getattr(split, key) for split in known[:2]]) for key in ("inputs", "labels"))
    names = cifar10.MD5_BINARY
    batches = {
        name: original_files.binary_bytes(images[begin : begin + 10_000], labels[begin : begin + 10_000])
        for name, begin in zip(names, range(0, 60_000, 10_000), strict=True)
    }
    write(tmp_path / "cifar-10-batches-bin", batches)
    original_files.pack(tmp_path / "cifar-10-binary.tar.gz", tmp_path / "cifar-10-batches-bin")
    shutil.rmtree(tmp_path / "cifar-10-batches-bin")
    found = data.load("cifar10", tmp_path)
    same(found, known)
    assert found.class_names == known.class_names
    assert "the MD5 sums are those of the published files" in found.notes[0]
    human = data.load("cifar10n", tmp_path, file=str(shared_data / "cifar_human_labels" / "cifar10n.npz"))
    np.testing.assert_array_equal(human.train.clean, known.train.labels)
