"""No file ends in a stack trace: whatever it holds, it is read, or one printable line says what is wrong."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from conftest import judge
from helpers import synthetic
from helpers.fuzz_values import values
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from jnl import data, noise
from jnl.data.readers import vectors
from jnl.support.errors import UserError

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::UserWarning")]  # a guess is a warning

change_of_bytes = st.tuples(
    st.sampled_from(["cut", "flip", "insert"]), st.floats(0, 1), st.binary(min_size=1, max_size=8)
)
damages = st.lists(change_of_bytes, min_size=1, max_size=3) | st.binary(max_size=200)


def damaged(content, damage):
    if isinstance(damage, bytes):
        return damage  # another file altogether
    for kind, share, some in damage:
        place = int(share * len(content))
        content = (
            content[:place]
            + {
                "cut": b"",
                "flip": some + content[place + len(some) :],
                "insert": some + content[place:],
            }[kind]
        )
    return content


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder of this file."""
    return tmp_path_factory.mktemp("fuzz")


def columns():
    images, labels = synthetic.pictures(12, 5, 4), np.arange(12) % 3
    return {"x": images, "y": labels, "x_test": images[:5], "y_test": labels[:5], "y_true": labels[::-1]}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@given(damages)
def test_damaged_archives_of_arrays(root, save, damage):
    save(root / "mine.npz", **columns(), class_names=["a", "b", "ä"])
    (root / "mine.npz").write_bytes(damaged((root / "mine.npz").read_bytes(), damage))
    judge(data.load, "arrays", root / "mine.npz")


@given(st.sampled_from([*columns(), "class_names"]), damages)
def test_damaged_arrays_in_a_folder(root, name, damage):
    shutil.rmtree(root / "mine", ignore_errors=True)
    (root / "mine").mkdir()
    for key, array in {**columns(), "class_names": np.array(["a", "b", "ä"])}.items():
        np.save(root / "mine" / f"{key}.npy", array)
    (root / "mine" / f"{name}.npy").write_bytes(damaged((root / "mine" / f"{name}.npy").read_bytes(), damage))
    judge(data.load, "arrays", root / "mine")


some_arrays = arrays_of.arrays(
    arrays_of.scalar_dtypes() | arrays_of.unicode_string_dtypes() | arrays_of.byte_string_dtypes(),
    arrays_of.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
small_labels = arrays_of.arrays(
    arrays_of.integer_dtypes() | arrays_of.unsigned_integer_dtypes() | st.just(bool) | st.just("U3"), 4
)


@given(st.dictionaries(st.sampled_from([*columns(), "class_names"]), some_arrays | small_labels, max_size=3))
def test_arrays_of_any_kind(root, changes):
    inputs, labels = np.zeros((4, 2), np.float32), np.array([0, 1, 1, 0])
    np.savez(root / "any.npz", **{"x": inputs, "y": labels, **changes})
    judge(data.load, "arrays", root / "any.npz")


def table():
    return pa.table(
        {
            "age": [1.0, 2.0, 3.0, 6.0],
            "fit": [True, False, False, True],
            "town": ["Ulm", "Köln", None, "Ulm"],
            "label": ["yes", "no", "no", "yes"],
        }
    )


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@given(st.booleans(), damages)
def test_damaged_tables(root, ending, tests, damage):
    write = pyarrow.csv.write_csv if ending == "csv" else pyarrow.parquet.write_table
    path, test = root / f"mine.{ending}", root / f"test.{ending}"
    write(table(), path)
    write(table(), test)
    wrong = test if tests else path
    wrong.write_bytes(damaged(wrong.read_bytes(), damage))
    judge(data.load, "table", path, test=str(test) if tests else "")


TYPES = {
    pa.int8(): st.integers(-128, 127), pa.uint64(): st.integers(0, 2**64 - 1), pa.float32(): st.floats(width=32),
    pa.string(): st.text(max_size=3), pa.large_string(): st.text(max_size=3), pa.binary(): st.binary(max_size=3),
    pa.binary(2): st.binary(min_size=2, max_size=2), pa.bool_(): st.booleans(), pa.null(): st.none(),
    pa.timestamp("ms"): st.integers(-(2**63), 2**63 - 1), pa.timestamp("ns", "UTC"): st.integers(-(2**63), 2**63 - 1),
    pa.duration("s"): st.integers(-(2**63), 2**63 - 1), pa.date64(): st.integers(-(2**40), 2**40),
    pa.decimal128(5, 2): st.decimals(-99, 99, places=2), pa.list_(pa.int8()): st.lists(st.integers(0, 9), max_size=2),
    pa.struct({"a": pa.int8()}): st.fixed_dictionaries({"a": st.integers(0, 9)}),
    pa.dictionary(pa.int8(), pa.string()): st.text(max_size=3),
}  # fmt: skip


@given(st.lists(st.sampled_from(["label", "truth", "a", "", "\x1b[2J\n", "b"]), min_size=1, max_size=4), st.data())
def test_tables_of_any_type(root, names, drawn):
    made_of = []
    for _ in names:
        kind = drawn.draw(st.sampled_from(list(TYPES)))
        made_of.append(pa.array(drawn.draw(st.lists(TYPES[kind] | st.none(), min_size=4, max_size=4)), kind))
    pyarrow.parquet.write_table(pa.Table.from_arrays(made_of, names), root / "any.parquet")
    judge(data.load, "table", root / "any.parquet", truth="truth" if "truth" in names else "")


def test_text_that_is_no_utf_8_in_a_parquet_file(root):
    """Arrow does not look at it."""
    for name in ("label", "town"):
        wrong = pa.Array.from_buffers(pa.string(), 2, pa.array([b"\xff", b"b"]).buffers())
        columns = {"label": ["a", "b"], "town": ["a", "b"], name: wrong}
        pyarrow.parquet.write_table(pa.table(columns), root / "wrong.parquet")
        with pytest.raises(UserError, match=f"data.*column '{name}'"):
            data.load("table", root / "wrong.parquet")


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "bmp", "tif", "webp", "ppm"])
@given(damages)
def test_damaged_images(root, ending, damage):
    pictures = synthetic.pictures(2, 9, 7, 3)
    for name, picture in zip("ab", pictures, strict=True):
        path = synthetic.save(root / f"images-{ending}" / name / f"0.{ending}", picture)
    path.write_bytes(damaged(path.read_bytes(), damage))
    judge(data.load, "folder", root / f"images-{ending}", size=5)


LISTS = {
    "clothing1m": (
        synthetic.clothing1m,
        ["noisy_train_key_list.txt", "noisy_label_kv.txt", "category_names_eng.txt"],
    ),
    "tiny_imagenet": (synthetic.tiny_imagenet, ["wnids.txt", "words.txt", "val/val_annotations.txt"]),
    "lfw": (synthetic.lfw, ["gender.txt"]),
}


@pytest.mark.parametrize("name", LISTS)
@given(st.data(), damages)
def test_damaged_lists(root, name, drawn, damage):
    make, lists = LISTS[name]
    if not (root / name).exists():
        make(root / name)
    path = root / name / drawn.draw(st.sampled_from(lists))
    content = path.read_bytes()
    path.write_bytes(damaged(content, damage))
    judge(data.load, name, root / name)
    path.write_bytes(content)


@pytest.mark.parametrize("ending", ["npy", "csv", "txt"])
@given(damages)
def test_damaged_noise_matrices(root, ending, damage):
    path, matrix = root / f"matrix.{ending}", np.full((3, 3), 1 / 3)
    np.save(path, matrix) if ending == "npy" else np.savetxt(path, matrix, delimiter="," if ending == "csv" else " ")
    path.write_bytes(damaged(path.read_bytes(), damage))
    judge(noise.transition, "matrix", 3, 0.0, str(path))


@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode), damages)
def test_damaged_vectors(root, other, damage):
    synthetic.glove(root / "glove.txt", ["the", "naïve"])
    content = damaged((root / "glove.txt").read_bytes(), damage)
    (root / "glove.txt").write_bytes(content + b"\nthe " + other)
    judge(vectors.read, root / "glove.txt", {"the", "naïve", "cat"})


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A small CIFAR-10 of TFDS, labels by people and images from outside."""
    folder = tmp_path_factory.mktemp("prepared")
    synthetic.cifar(folder, "cifar10")
    synthetic.imagenet32(folder / "imagenet32")
    labels = np.arange(40) % 10
    np.savez(folder / "labels.npz", clean_label=labels, worse_label=labels)
    return folder


@given(st.booleans(), damages)
def test_damaged_labels_and_images_from_outside(prepared, people, damage):
    path = prepared / ("labels.npz" if people else "imagenet32/train_data_batch_1.npz")
    content = path.read_bytes()
    path.write_bytes(damaged(content, damage))
    if people:
        judge(data.load, "cifar10n", prepared, file=str(path))
    else:
        judge(data.load, "cifar10_open_set", prepared, outside="imagenet32")
    path.write_bytes(content)


@given(st.data(), damages)
def test_damaged_files_of_tfds(prepared, drawn, damage):
    inside = sorted(path for path in (prepared / "cifar10").rglob("*") if path.is_file())
    path = drawn.draw(st.sampled_from(inside))
    content = path.read_bytes()
    path.write_bytes(damaged(content, damage))
    judge(data.load, "cifar10", prepared)
    path.write_bytes(content)


def nodes(tree):
    """All that may hold something else: (owner, key)."""
    for key, inner in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield tree, key
        if isinstance(inner, dict | list):
            yield from nodes(inner)


json_values = values.filter(lambda value: not isinstance(value, bytes | complex))


@given(st.sampled_from(["features.json", "dataset_info.json"]), st.data())
def test_changed_descriptions_of_tfds(prepared, name, drawn):
    (path,) = (prepared / "cifar10").rglob(name)
    content = path.read_bytes()
    tree = json.loads(content)
    owner, key = drawn.draw(st.sampled_from(list(nodes(tree))))
    owner[key] = drawn.draw(json_values)
    path.write_text(json.dumps(tree, default=str))
    judge(data.load, "cifar10", prepared)
    path.write_bytes(content)


@given(st.sampled_from(["images.npy", "checksums.json"]), damages | st.sampled_from([b"{}", b"[]", b"1", b'{"a": 1}']))
def test_damaged_cache_entries_are_made_again(tmp_path_factory, name, damage):
    root = tmp_path_factory.mktemp("images")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JNL_CACHE_DIR", str(root / "cache"))
        synthetic.class_folders(root / "pets")
        first = data.load("folder", root / "pets", size=5)
        expected = np.array(first.train.inputs)
        (path,) = (root / "cache").rglob(name)
        path.write_bytes(damaged(path.read_bytes(), damage))
        np.testing.assert_array_equal(data.load("folder", root / "pets", size=5).train.inputs, expected)
    shutil.rmtree(root)
