"""Small data sets in the files that the authors of MNIST and CIFAR publish."""

import struct
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
from conftest import ROOT

from jnl.data.readers import idx
from jnl.data.readers.cifar import binary_file, python_file
from jnl.data.readers.originals import Original, Version
from jnl.data.readers.tfds import by_id, by_key
from jnl.data.sources.mnist import CLASSES

HOME = "the page of its authors"
MNIST = Original("mnist", CLASSES, (idx.version(12, 5, "MNIST/raw", {}),), HOME, by_key)


def cifar(labels=1, archive_md5=""):
    """Two training files of 6 examples each, and a test file of 5."""
    binary = [binary_file(f"{name}.bin", count, labels) for name, count in (("one", 6), ("two", 6), ("test", 5))]
    python = [python_file(name, count) for name, count in (("one", 6), ("two", 6), ("test", 5))]
    versions = (
        Version(tuple(binary[:2]), tuple(binary[2:]), "cifar-bin", "cifar-binary.tar.gz", archive_md5),
        Version(tuple(python[:2]), tuple(python[2:]), "cifar-py", "cifar-python.tar.gz"),
    )
    return Original("cifar", tuple("abcdefghij"), versions, HOME, by_id)


def idx_bytes(array):
    """Images u8[N, 28, 28, 1] or labels [N] as an IDX file."""
    magic, shape = (2051, array.shape[:3]) if array.ndim == 4 else (2049, array.shape)
    return struct.pack(f">{1 + len(shape)}I", magic, *shape) + array.astype(np.uint8).tobytes()


def idx_files(images, labels, images_test, labels_test):
    """The four files of MNIST by their names."""
    return {
        "train-images-idx3-ubyte": idx_bytes(images),
        "train-labels-idx1-ubyte": idx_bytes(labels),
        "t10k-images-idx3-ubyte": idx_bytes(images_test),
        "t10k-labels-idx1-ubyte": idx_bytes(labels_test),
    }


def by_channel(images):
    """u8[N, 32, 32, 3] -> u8[N, 3072], as CIFAR stores images."""
    return images.transpose(0, 3, 1, 2).reshape(len(images), -1)


def binary_bytes(images, *labels):
    """A file of the binary version of CIFAR with the columns `labels`."""
    return np.column_stack([np.stack(labels, 1), by_channel(images)]).astype(np.uint8).tobytes()


def pickle_bytes(images, by_column=False, **labels):
    """A file of the Python version of CIFAR with the lists `labels`, in the instructions that Python 2 wrote."""
    rows = by_channel(images)
    count, width = rows.shape
    pixels = rows.tobytes("F" if by_column else "C")
    lists = b"".join(
        _text(name) + b"](" + b"".join(b"K" + bytes([number]) for number in numbers) + b"e"
        for name, numbers in labels.items()
    )
    state = b"(K\x01" + b"".join(b"M" + struct.pack("<H", size) for size in (count, width)) + b"\x86"
    kind = (
        b"cnumpy\ndtype\n"
        + _text("u1")
        + b"K\x00K\x01\x87R(K\x03"
        + _text("|")
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    )
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + _text("b") + b"\x87R"
    array += state + kind + (b"\x88" if by_column else b"\x89") + b"T" + struct.pack("<I", len(pixels)) + pixels + b"tb"
    names = _text("filenames") + b"](" + _text("labels") + _text("a.png") * (count - 1) + b"e"
    return b"\x80\x02}(" + _text("batch_label") + _text("batch 1") + lists + _text("data") + array + names + b"u."


def _text(text):
    return b"U" + bytes([len(text)]) + text.encode() + b"q\x00"  # a string, which is remembered as number 0


def write(folder: Path, files):
    """Write the content of each file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def pack(archive: Path, folder: Path):
    """Pack a folder as the authors of CIFAR did."""
    with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
        packed.add(folder, folder.name)


HIDDEN = """
import sys
sys.modules["tensorflow"] = sys.modules["tensorflow_datasets"] = None  # importing them fails
sys.path.insert(0, "tests")
"""


def without_tfds(code):
    """What a process prints that can import neither TensorFlow nor TFDS."""
    done = subprocess.run([sys.executable, "-c", HIDDEN + code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
