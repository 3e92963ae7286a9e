"""What Pillow and pandas write in any form is read back equal, or refused in one line."""

import csv
import shutil
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from conftest import judge
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from jnl import data

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::UserWarning")]
Image.init()
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16")
FORMATS = sorted(Image.SAVE.keys() - {"HDF5", "GRIB", "BUFR", "WMF"})  # these have no writer


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder of this file, with a cache of its own."""
    folder = tmp_path_factory.mktemp("round_trip")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JNL_CACHE_DIR", str(folder / "cache"))
        yield folder


def picture(mode, size, numbers):
    """A random image of a mode."""
    if mode == "F":
        return Image.fromarray(numbers.uniform(0.3, 0.34, size).astype(np.float32))
    if mode in ("I", "I;16"):
        return Image.fromarray(numbers.integers(0, 65536, size).astype(np.int32 if mode == "I" else np.uint16))
    pixels = Image.fromarray(numbers.integers(0, 256, (*size, 4), np.uint8))
    if mode == "PA":
        return pixels.convert("LA").convert("PA")
    if mode == "P":
        return pixels.convert("RGB").quantize(16)
    return Image.merge(mode, pixels.split()[:3]) if mode in ("LAB", "HSV") else pixels.convert(mode)


def expected(path):
    """The pixels that Pillow shows on white, u8[H, W, 3]; of 16 bits the upper 8."""
    with Image.open(path) as image:
        if image.mode[0] == "I":
            return np.repeat((np.asarray(image).astype(int) >> 8).astype(np.uint8)[..., None], 3, 2)
        colors = np.asarray(image.convert("RGBA")).astype(float)
        alpha = colors[..., 3:] / 255
        return colors[..., :3] * alpha + 255 * (1 - alpha)


IMAGES, TABLES = Counter(), Counter()  # what became of them


@settings(max_examples=400)
@given(
    st.sampled_from(FORMATS), st.sampled_from(MODES), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1)
)
def test_images_of_every_format_and_mode_come_back_or_are_refused(root, kind, mode, height, width, seed):
    numbers = np.random.default_rng(seed)
    shutil.rmtree(root / "images", ignore_errors=True)
    paths = [root / "images" / label / "0" for label in "ab"]
    try:
        for path in paths:
            path.parent.mkdir(parents=True)
            picture(mode, (height, width), numbers).save(path, kind)
    except Exception:  # Pillow does not write this mode in this format
        return
    found = judge(data.load, "folder", root / "images")
    IMAGES["refused" if found is None else "equal"] += 1
    if found is None:
        assert kind not in ("PNG", "BMP", "GIF", "PPM", "WEBP", "JPEG") or mode in ("I", "F", "I;16"), (kind, mode)
        return
    for path, pixels in zip(paths, np.asarray(found.train.inputs), strict=True):
        wanted = expected(path)
        if pixels.shape[-1] == 1:  # gray images have three equal channels
            wanted = wanted[..., :1]
        np.testing.assert_allclose(pixels, wanted, atol=1.01)  # one level for rounding transparent pixels


WORDS = st.sampled_from(["Ulm", "Bonn", "K\u00f6ln", "a b", 'say "x"', "x;y", "x,y", "1a"])
COLUMNS = {
    "float": st.floats(-1e6, 1e6, width=32).map(lambda value: round(value, 2)),
    "integer": st.integers(-(10**6), 10**6),
    "word": WORDS,
    "truth": st.booleans(),
}
FORMS = st.fixed_dictionaries(
    {
        "sep": st.sampled_from([",", ";", "\t", "|"]),
        "decimal": st.sampled_from([".", ","]),
        "encoding": st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        "na_rep": st.sampled_from(["", "NA", "nan", "?"]),
        "lineterminator": st.sampled_from(["\n", "\r\n"]),
        "index": st.booleans(),
    }
)


@st.composite
def frames(draw):
    """A table with a label and some columns, of which some values are missing."""
    rows = draw(st.integers(4, 30))
    labels = draw(st.lists(st.sampled_from(["cat", "dog"]), min_size=rows, max_size=rows))
    columns = {"label": ["cat", "dog", *labels[2:]]}
    for number, kind in enumerate(draw(st.lists(st.sampled_from(list(COLUMNS)), min_size=1, max_size=4))):
        values = draw(st.lists(COLUMNS[kind], min_size=rows, max_size=rows))
        lost = draw(st.sets(st.integers(0, rows - 1), max_size=2)) if kind in ("float", "word") else set()
        columns[f"{kind} {number}"] = [None if row in lost else value for row, value in enumerate(values)]
    return pd.DataFrame(columns)


@given(frames(), FORMS | st.none())
def test_tables_of_every_form_come_back_or_are_refused(root, frame, form):
    if form is None:
        frame.to_parquet(root / "mine.parquet")
        path = root / "mine.parquet"
    else:
        path = root / "mine.csv"
        frame.to_csv(path, **form)
    found = judge(data.load, "table", path, standardize=False)
    TABLES["refused" if found is None else "equal"] += 1
    if found is None:
        return
    assert [found.class_names[label] for label in found.train.labels] == frame["label"].tolist()
    features = dict(zip(found.prepare.feature_names(), np.asarray(found.train.inputs).T, strict=True))
    for name in found.prepare.columns:
        column = frame[name]
        if name.startswith("word"):
            for word in found.prepare.columns[name]:
                wanted = column.isna() if word == "" else column == word
                np.testing.assert_array_equal(features[f"{name} = {word}"], wanted)
        else:
            numbers = column.astype(float)
            np.testing.assert_array_equal(features[name], numbers.fillna(numbers.median()).astype(np.float32))
            assert (f"{name} is missing" in features) == bool(numbers.isna().any())
    said = " ".join(found.notes)
    assert all(repr(name) in said for name in frame.columns if name not in (*found.prepare.columns, "label"))


def test_most_were_read():
    for counts in (IMAGES, TABLES):
        print(counts)
        assert counts["equal"] > 20 and counts["refused"] > 0, counts
