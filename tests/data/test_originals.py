"""MNIST, Fashion-MNIST and CIFAR from the files that their authors publish, without TensorFlow and TFDS."""

import gzip
import hashlib
import pickle
import shutil

import numpy as np
import pytest
from conftest import judge
from helpers import original_files, synthetic
from helpers.original_files import HOME, MNIST, without_tfds, write
from hypothesis import given
from hypothesis import strategies as st

from jnl import data
from jnl.data.readers import originals
from jnl.data.sources import cifar10, cifar100, fashion_mnist, mnist
from jnl.support.errors import UserError

DIGITS = synthetic.pictures(17, 28, 28, 1)
COLORS = synthetic.pictures(17, 32, 32, 3)
LABELS = np.arange(17) % 10
FINE = 9 - LABELS
IMAGES = "train-images-idx3-ubyte"


def digits(folder, change=dict, pack=False):
    """A small MNIST."""
    files = change(original_files.idx_files(DIGITS[:12], LABELS[:12], DIGITS[12:], LABELS[12:]))
    write(folder, {f"{name}.gz": gzip.compress(content) for name, content in files.items()} if pack else files)
    return folder


def colors(folder, file, ending=""):
    """A small CIFAR: `file` makes the content of a file from a slice of the examples."""
    parts = {"one": slice(6), "two": slice(6, 12), "test": slice(12, 17)}
    write(folder, {name + ending: file(part) for name, part in parts.items()})
    return folder


def binary(part):
    return original_files.binary_bytes(COLORS[part], LABELS[part])


def binary_of_two(part):
    return original_files.binary_bytes(COLORS[part], LABELS[part], FINE[part])


def python(part):
    return original_files.pickle_bytes(COLORS[part], labels=LABELS[part])


def python_by_column(part):
    return original_files.pickle_bytes(COLORS[part], by_column=True, labels=LABELS[part])


def python_of_two(part):
    return original_files.pickle_bytes(COLORS[part], coarse_labels=LABELS[part], fine_labels=FINE[part])


def holds(dataset, images, labels):
    """Asserts that a data set has these examples in this order."""
    for split, rows in ((dataset.train, slice(12)), (dataset.test, slice(12, 17))):
        np.testing.assert_array_equal(split.inputs, images[rows])
        np.testing.assert_array_equal(split.labels, labels[rows])
        np.testing.assert_array_equal(split.clean, labels[rows])
        assert (split.inputs.dtype, split.labels.dtype) == (np.uint8, np.int32)


class TestIdx:
    """The format of MNIST."""

    @pytest.mark.parametrize("pack", [False, True], ids=["plain", "packed"])
    @pytest.mark.parametrize("folder", [".", "mnist", "MNIST/raw"])
    def test_the_files_are_found_in_the_folder_or_one_named_after_the_set(self, folder, pack, own):
        digits(own / folder, pack=pack)
        for _ in range(2):  # read, then from the cache
            holds(originals.read(MNIST, own), DIGITS, LABELS)

    def test_both_spellings_and_packed_files_among_plain_ones_are_read(self, own):
        digits(own)
        (own / IMAGES).rename(own / "train-images.idx3-ubyte")
        labels = own / "t10k-labels-idx1-ubyte"
        (own / "t10k-labels.idx1-ubyte.gz").write_bytes(gzip.compress(labels.read_bytes()))
        labels.unlink()
        (own / "train-labels-idx1-ubyte").rename(own / "train-labels-idx1-ubyte.gz")  # as a browser may leave it
        found = originals.read(MNIST, own)
        holds(found, DIGITS, LABELS)
        assert found.notes == (
            "mnist was read from the original files train-images.idx3-ubyte, train-labels-idx1-ubyte.gz, "
            "t10k-images-idx3-ubyte, t10k-labels.idx1-ubyte.gz; the MD5 sums of train-images-idx3-ubyte, "
            "train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte are not known, so only sizes and "
            "labels were checked",
        )

    def test_a_folder_of_the_name_comes_before_files_of_another_set(self, own):
        digits(own, lambda files: {**files, IMAGES: original_files.idx_bytes(255 - DIGITS[:12])})
        digits(own / "mnist")
        holds(originals.read(MNIST, own), DIGITS, LABELS)

    @pytest.mark.parametrize(
        "damage, said",
        [
            (lambda content: content[:-1], r"9,423 bytes, not 9,424"),
            (lambda content: content + b"\0", r"more than 9,424 bytes"),
            (lambda content: content[:10], r"only 10 bytes"),
            (lambda content: b"", r"only 0 bytes"),
            (lambda content: b"\0\0\x08\x01" + content[4:], r"magic number is 2049, not 2051"),
            (lambda content: original_files.idx_bytes(DIGITS[:11]), r"shape \[11, 28, 28\], not \[12, 28, 28\]"),
            (lambda content: gzip.compress(content)[:-9], r"ended before the end-of-stream marker"),
            (lambda content: gzip.compress(content)[:-8] + bytes(8), r"CRC check failed"),
            (lambda content: gzip.compress(bytes(10**6)), r"more than 9,424 bytes"),
        ],
        ids="cut longer header empty magic shape cut-gzip damaged-gzip other-gzip".split(),
    )
    def test_another_or_damaged_file_is_refused(self, damage, said, own):
        digits(own, lambda files: {**files, IMAGES: damage(files[IMAGES])})
        with pytest.raises(UserError, match=rf"data.dir: .*{IMAGES} cannot be used \(.*{said}.*from {HOME}"):
            originals.read(MNIST, own)

    def test_labels_that_are_no_classes_are_refused(self, own):
        bad = original_files.idx_bytes(np.full(12, 10))
        digits(own, lambda files: {**files, "train-labels-idx1-ubyte": bad})
        with pytest.raises(UserError, match="labels go from 10 to 10, not from 0 to 9"):
            originals.read(MNIST, own)

    def test_a_missing_split_is_told(self, own):
        digits(own, lambda files: dict(list(files.items())[:2]))
        with pytest.raises(UserError, match="not t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte; put all files"):
            originals.read(MNIST, own)

    def test_the_content_must_have_the_known_sum_however_it_is_packed(self, own):
        digits(own, pack=True)
        version = MNIST.versions[0]
        right = hashlib.md5(original_files.idx_bytes(DIGITS[:12])).hexdigest()
        for md5 in (right, "0" * 32):
            files = (version.train[0]._replace(md5=md5), version.train[1])
            original = MNIST._replace(name=f"mnist-{md5}", versions=(version._replace(train=files),))
            if md5 == right:
                holds(originals.read(original, own), DIGITS, LABELS)
            else:
                with pytest.raises(UserError, match=f"its MD5 sum is {right}, but that of the original is 000"):
                    originals.read(original, own)


class TestCifar:
    """The binary and the Python version, unpacked and in their archives."""

    @pytest.mark.parametrize("packed", [False, True], ids=["folder", "archive"])
    @pytest.mark.parametrize(
        "file, labels, expected",
        [
            (binary, 1, LABELS),
            (binary_of_two, 2, FINE),
            (python, 1, LABELS),
            (python_by_column, 1, LABELS),
            (python_of_two, 2, FINE),
        ],
    )
    def test_images_and_fine_labels_are_those_of_the_files(self, file, labels, expected, packed, own):
        kind, ending = ("binary", ".bin") if "binary" in file.__name__ else ("python", "")
        folder = colors(own / f"cifar-{kind[:3].replace('pyt', 'py')}", file, ending)
        if packed:
            original_files.pack(own / f"cifar-{kind}.tar.gz", folder)
            shutil.rmtree(folder)
        found = originals.read(original_files.cifar(labels), own)
        holds(found, COLORS, expected)
        assert found.class_names == tuple("abcdefghij")
        assert (f"cifar-{kind}.tar.gz;" in found.notes[0]) == packed

    def test_the_unpacked_folder_itself_can_be_named(self, own):
        holds(originals.read(original_files.cifar(), colors(own / "anywhere", binary, ".bin")), COLORS, LABELS)

    def test_no_instruction_of_a_pickle_runs(self, own):
        class Command:
            def __reduce__(self):
                return exec, (f"open({str(own / 'ran')!r}, 'w')",)

        colors(own, python)
        (own / "one").write_bytes(pickle.dumps({"labels": [1] * 6, "data": Command()}, protocol=2))
        with pytest.raises(UserError, match="one cannot be used .it has 6 labels and 0 images, not 6"):
            originals.read(original_files.cifar(), own)
        pickle.loads((own / "one").read_bytes())  # it would have run
        assert (own / "ran").exists()

    @pytest.mark.parametrize(
        "name, content, said",
        [
            ("two.bin", binary(slice(6))[:-1], "two.bin cannot be used .it has 18,437 bytes, not 18,438"),
            ("test.bin", binary(slice(6)), "test.bin cannot be used .it has more than 15,365 bytes"),
            ("two", python(slice(6, 12))[:-9], "two cannot be used .expected 5 bytes"),
            ("one", python(slice(5)), "one cannot be used .it has 5 labels and 0 images, not 6"),
            ("test", b"text", "test cannot be used .at position 2, opcode b'x' unknown"),
        ],
        ids="cut longer cut-pickle other-pickle no-pickle".split(),
    )
    def test_another_or_damaged_file_is_refused(self, name, content, said, own):
        ending = ".bin" if "." in name else ""
        colors(own, binary if ending else python, ending)
        (own / name).write_bytes(content)
        with pytest.raises(UserError, match=rf"data.dir: .*{said}.*get it again from {HOME}"):
            originals.read(original_files.cifar(), own)

    def test_a_missing_batch_is_told(self, own):
        (colors(own / "cifar-bin", binary, ".bin") / "two.bin").unlink()
        with pytest.raises(UserError, match="cifar-bin holds original files of 'cifar', but not two.bin; put all"):
            originals.read(original_files.cifar(), own)

    def test_damaged_and_incomplete_archives_are_refused(self, own):
        folder = colors(own / "cifar-bin", binary, ".bin")
        archive = own / "cifar-binary.tar.gz"
        original_files.pack(archive, folder)
        content = archive.read_bytes()
        (folder / "two.bin").unlink()
        original_files.pack(archive, folder)
        shutil.rmtree(folder)
        with pytest.raises(UserError, match="cifar-binary.tar.gz cannot be used .it lacks two.bin"):
            originals.read(original_files.cifar(), own)
        for damaged in (content[:-100], content[: len(content) // 2], content[:20], b"text"):
            archive.write_bytes(damaged)
            with pytest.raises(UserError, match="cifar-binary.tar.gz cannot be used"):
                originals.read(original_files.cifar(), own)

    def test_the_archive_has_the_known_sum_if_its_files_have_none(self, own):
        folder = colors(own / "cifar-bin", binary, ".bin")
        archive = own / "cifar-binary.tar.gz"
        original_files.pack(archive, folder)
        md5 = hashlib.md5(archive.read_bytes()).hexdigest()
        unpacked = originals.read(original_files.cifar(archive_md5=md5), own)
        assert "the MD5 sums of one.bin, two.bin, test.bin are not known" in unpacked.notes[0]
        shutil.rmtree(folder)
        with pytest.raises(UserError, match=f"its MD5 sum is {md5}, but that of the original is 111"):
            originals.read(original_files.cifar(archive_md5="1" * 32), own)
        assert originals.read(original_files.cifar(archive_md5=md5), own).notes == (
            "cifar was read from the original files cifar-binary.tar.gz; the MD5 sums are those of the published files",
        )


def test_prepared_files_come_first(own):
    """So that a folder with both gives what it gave before."""
    images = synthetic.pictures(10, 32, 32, 3, seed=1)
    splits = {part: (images, {"label": LABELS[:10]}) for part in ("train", "test")}
    synthetic.prepared(own, "cifar", splits)
    colors(own / "cifar-bin", binary, ".bin")
    found = originals.read(original_files.cifar(), own)
    np.testing.assert_array_equal(found.train.inputs, images)
    assert found.notes == ("cifar was read from the prepared TFDS files cifar/1.0.0",)


@pytest.mark.parametrize("source", [mnist, fashion_mnist, cifar10, cifar100], ids=lambda source: source.ORIGINAL.name)
def test_absent_data_name_all_ways(source, tmp_path):
    original = source.ORIGINAL
    with pytest.raises(UserError) as raised:
        data.load(original.name, tmp_path)
    first = "train-images-idx3-ubyte.gz, train-labels" if "mnist" in original.name else original.versions[0].archive
    for part in (f"jnl prepare {original.name}", f"put {first}", f"from {original.home} into a folder", "set data.dir"):
        assert part in str(raised.value)
    for version in original.versions:
        assert sum(file.size for file in version.files) > 10**7
        assert len({file.md5 for file in version.files} - {""}) in (0, len(version.files))


def test_files_of_another_set_are_refused(own):
    """A folder of Fashion-MNIST looks like one of MNIST."""
    images, labels = np.zeros((60_000, 28, 28, 1), np.uint8), np.zeros(60_000)
    write(own, original_files.idx_files(images, labels, images[:10_000], labels[:10_000]))
    with pytest.raises(UserError, match=f"{IMAGES} cannot be used .its MD5 sum is .*6bbc9ace.*yann.lecun.com"):
        data.load("mnist", own)


def test_reading_needs_neither_tensorflow_nor_tfds(own):
    digits(own)
    code = f"""
import jnl
from helpers.original_files import MNIST
from jnl.data.readers import originals
print(originals.read(MNIST, {str(own)!r}).train.inputs.shape)
try:
    jnl.data.load("cifar10")
except ValueError as error:
    print(error)
"""
    shape, message = without_tfds(code).splitlines()
    assert shape == "(12, 28, 28, 1)"
    assert "cannot be read without TFDS" in message
    assert "pip install tensorflow-datasets`, or put cifar-10-binary.tar.gz from www.cs.toronto.edu" in message


@pytest.mark.slow
@given(st.binary(max_size=60), st.floats(0, 1), st.sampled_from(["one", "one.bin", "cifar-binary.tar.gz"]))
def test_damaged_files_end_in_one_line(tmp_path_factory, change, share, name):
    folder = tmp_path_factory.mktemp("fuzz")
    colors(folder / "cifar-bin", binary, ".bin")
    original_files.pack(folder / "cifar-binary.tar.gz", folder / "cifar-bin")
    shutil.rmtree(folder / "cifar-bin")
    if not name.endswith(".gz"):
        (folder / "cifar-binary.tar.gz").unlink()
        colors(folder, binary if "." in name else python, ".bin" if "." in name else "")
    content = (folder / name).read_bytes()
    place = int(share * len(content))
    (folder / name).write_bytes(content[:place] + change + content[place + len(change) :])
    judge(originals.read, original_files.cifar(), folder)
