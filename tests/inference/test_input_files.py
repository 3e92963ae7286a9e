"""Files whose classes are to be predicted, and what is said of those that do not fit the model."""

import numpy as np
import pytest
from PIL import Image

from jnl import data
from jnl.data.preparation import Preparation
from jnl.inference import input_files
from jnl.support.errors import UserError

IMAGES, FEATURES = Preparation((4, 4, 1), "uint8"), Preparation((2,), "float32")
TABLE = FEATURES._replace(columns={"a": (), "b": ()})
TEXTS = Preparation((5,), "int32", words=("good", "film", "bad"))


@pytest.fixture
def files(tmp_path):
    """A folder of photos, a table that lists them, and texts."""
    (tmp_path / "photos").mkdir()
    Image.fromarray(np.full((4, 4), 99, np.uint8)).save(tmp_path / "photos" / "a.png")
    (tmp_path / "list.csv").write_text("file,size\na.png,4\n")
    (tmp_path / "new.TXT").write_text("good film\u2028bad\nbad\x0cfilm\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("form", "name", "said"),
    [
        (IMAGES, "list.csv", "a table, but the model takes images; give their folder, or an .npy or .npz file"),
        (IMAGES, "new.TXT", "texts, but the model takes images; give their folder"),
        (TABLE, "photos", "a folder without arrays, but the model takes a table; give a .csv or .parquet file"),
        (TABLE, "photos/a.png", "an image, but the model takes a table; give a .csv or .parquet file"),
        (FEATURES, "list.csv", r"a table, but the model takes float32 inputs of shape \[N, 2\]; give an .npy or .npz"),
        (TEXTS, "photos", "a folder without arrays, but the model takes texts; give a .txt file with one text in each"),
        (TEXTS._replace(columns={"text": ()}), "photos", ".* one text in each line, or a .csv or .parquet file"),
    ],
)
def test_what_the_model_takes_instead_is_said(form, name, said, files):
    with pytest.raises(UserError, match=f"{name}: {said}"):
        input_files.read(files / name, form)


def test_images_and_tables_are_read(files):
    assert input_files.read(files / "photos", IMAGES).stored.tolist() == np.full((1, 4, 4, 1), 99).tolist()
    (files / "new.csv").write_text("b,a\n1,2\n")
    assert input_files.read(files / "new.csv", TABLE).stored.tolist() == [[2, 1]]


def test_a_table_is_read_with_the_separator_and_the_encoding_of_the_training(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes(b"city:a:label\n" + "Łódź:1:x\nUlm:2:y\n".encode("cp1250") * 10)
    trained = data.load("table", path, separator=":", encoding="cp1250")
    for form in (trained.prepare, Preparation.from_json(trained.prepare.to_json())):
        np.testing.assert_array_equal(input_files.read(path, form).stored, trained.train.inputs)
        np.testing.assert_array_equal(form(path), trained.train.inputs)


def test_lines_of_texts_end_where_the_file_says(files):
    assert input_files.read(files / "new.TXT", TEXTS).stored.tolist() == [[2, 3, 4, 0, 0], [4, 3, 0, 0, 0]]


@pytest.mark.parametrize(
    ("form", "name"), [(TABLE, "rows.csv"), (TEXTS, "texts.txt"), (FEATURES, "numbers.npy"), (IMAGES, "images.npy")]
)
def test_a_file_without_inputs_is_refused(form, name, tmp_path):
    (tmp_path / "rows.csv").write_text("a,b\n")
    (tmp_path / "texts.txt").write_text("")
    np.save(tmp_path / "numbers.npy", np.zeros((0, 2)))
    np.save(tmp_path / "images.npy", np.zeros((0, 4, 4)))
    with pytest.raises(UserError, match="^inputs: there are none .no row, text or image.; give at least one$"):
        input_files.read(tmp_path / name, form)


def test_a_damaged_image_is_refused_and_other_files_are_counted(files):
    (files / "photos" / "notes.txt").write_text("of a.png")
    (files / "photos" / "c.heic").write_text("of a phone")
    with pytest.warns(UserWarning) as warned:
        assert input_files.read(files / "photos", IMAGES).names == ["a.png"]
    assert [str(warning.message).partition("photos: ")[2] for warning in warned] == [
        "files that are not images were not read: 1 .heic, 1 .txt",
        "images of kinds that jnl does not read were left out: .heic; convert them",
    ]
    (files / "photos" / "b.png").write_text("no image")
    with pytest.raises(UserError, match="^inputs: .*b.png is not an image that can be read .*; remove or replace it"):
        input_files.read(files / "photos", IMAGES)
