"""Tables: columns of labels and of image files."""

import re

import numpy as np
import pandas as pd
import pytest
from helpers import synthetic
from helpers.tables import PLAIN, frame, loaded, said

from jnl import data
from jnl.support.errors import UserError

pytestmark = pytest.mark.usefixtures("own")


class TestLabels:
    @pytest.mark.parametrize("spelling", ["NA", "", "n/a", "?", "None", "null", "nan", "-", "#N/A", "missing", r"\N",
                                          "\u2014", "\u2013", "<null>", "undefined", "#VALUE!"])  # fmt: skip
    def test_a_missing_label_is_refused_by_its_line(self, spelling, own):
        content = PLAIN.splitlines()
        content[5] = f'1,"2",{spelling}'
        content[3:3] = ["", ""]  # an editor counts empty lines
        with pytest.raises(
            UserError, match=rf"data.label: column 'label' has no label \({re.escape(repr(spelling))}\) in line 8;"
        ):
            loaded(own, "\n".join(content))

    def test_lines_in_quotes_count(self, own):
        rows = ["a,label,word", '1,x,"u\nv"', "2,,w", "3,y,w"]
        with pytest.raises(UserError, match="no label .''. in line 4"):
            loaded(own, "\n".join(rows))

    def test_spaces_and_forms_of_characters_do_not_make_classes(self, own):
        found = loaded(own, frame(label=["cat", "cat ", " caf\u00e9", "cafe\u0301"] * 10))
        assert found.class_names == ("caf\u00e9", "cat")
        np.testing.assert_array_equal(found.train.labels[:4], [1, 1, 0, 0])
        assert "30 training labels had spaces" in said(found)

    def test_a_text_is_no_label(self, own):
        """It would need its memory for each row."""
        with pytest.raises(UserError, match="one of the training labels has 10,000 characters and begins with 'xxx"):
            loaded(own, frame(label=["cat", "dog", "cat", "x" * 10_000] * 10))

    def test_classes_that_differ_in_case_are_doubted(self, own):
        with pytest.warns(UserWarning, match="the classes 'Cat', 'cat' have almost the same name"):
            loaded(own, frame(label=["cat", "Cat"] * 20))

    def test_whole_fractions_are_numbers(self, own):
        found = loaded(own, frame(label=[1.0, 10.0] * 20))
        assert found.class_names == ("1", "10")

    def test_numbers_in_two_spellings_are_one_class_and_doubted(self, own):
        with pytest.warns(UserWarning, match="that are the same number, such as 1 and 01, are one class"):
            found = loaded(own, frame(label=["01", "1", "2", "2"] * 10))
        assert found.class_names == ("1", "2") and "such as 1 and 01, are one class" in said(found)

    def test_codes_keep_their_zeros(self, own):
        found = loaded(own, frame(label=["01", "02", "10", "02"] * 10))
        assert found.class_names == ("01", "02", "10")
        np.testing.assert_array_equal(found.train.labels[:4], [0, 1, 2, 1])

    def test_a_column_of_another_case_is_suggested(self, own):
        with pytest.raises(UserError, match="data.label: no column 'label'; did you mean 'Label'"):
            loaded(own, PLAIN.replace("label", "Label"))

    def test_three_rows_are_a_data_set(self, own):
        assert len(loaded(own, "a,label\n1,x\n2.5,y\n1,x\n").train.labels) == 3


class TestImages:
    """A table that lists images."""

    def write(self, own, folder="", ending=".png", **columns):
        pictures = synthetic.pictures(20, 4, 5, 3)
        for row, picture in enumerate(pictures):
            synthetic.save(own / folder / f"i{row}.png", picture)
        names = [f"i{row}{ending}" for row in range(20)]
        table = pd.DataFrame({"file": names, "label": ["a", "b"] * 10, **columns})
        table.to_csv(own / "mine.csv", index=False)
        return pictures

    @pytest.mark.parametrize("folder, ending", [("", ".png"), ("photos", ".png"), ("photos/deep", "")])
    def test_they_are_read_in_the_order_of_the_rows(self, folder, ending, own):
        pictures = self.write(own, folder, ending)
        found = data.load("table", own / "mine.csv", images=str(own / folder) if folder else "")
        np.testing.assert_array_equal(found.train.inputs, pictures)
        assert found.class_names == ("a", "b") and found.test is None and found.origin(3) == "i3.png"
        assert "column 'file' lists images in" in said(found)
        np.testing.assert_array_equal(found.prepare(pictures), pictures)

    def test_truth_and_splits_are_columns(self, own):
        pictures = self.write(own, truth=["b"] * 20, split=["train"] * 10 + ["Testing"] * 5 + ["val"] * 5, width=5)
        found = data.load("table", own / "mine.csv", truth="truth")
        np.testing.assert_array_equal(found.train.inputs, pictures[:10])
        np.testing.assert_array_equal(found.test.inputs, pictures[10:15])
        np.testing.assert_array_equal(found.train.clean, [1] * 10)
        np.testing.assert_array_equal(found.test.clean, [1] * 5)
        for note in ("column 'split' has the splits: 10 train, 5 testing, 5 val", "of the splits 'val' were not read",
                     "columns left out, because the inputs are images: 'width'"):  # fmt: skip
            assert note in said(found)

    @pytest.mark.parametrize(
        "columns, options, message",
        [
            ({"split": ["train"] * 19 + ["other"]}, {}, "data.split: line 21 has the split 'other'"),
            ({}, {"split": "part"}, "data.split: no column 'part'"),
            ({}, {"file": "part"}, "data.file: no column 'part'"),
            ({}, {"images": "nowhere"}, "data.images: nowhere is not a folder"),
            ({"other": ["x.png"] * 20}, {}, "data.file: the columns 'file', 'other' have names of image files"),
            (
                {"file": [f"i{row}.png" for row in range(19)] + ["x.png"]},
                {},
                "data.images: line 21 of mine.csv names 'x.png'",
            ),
            ({"file": ["i0.png"] * 20}, {}, "names 'i0.png' twice"),
            (
                {"file": [f"i{row}.png" for row in range(19)] + ["./i0.png"]},
                {},
                "names 'i0.png' twice",
            ),
            ({"file": ["../i0.png"] * 20}, {}, "data"),
            ({"label": ["a"] * 20}, {}, "all training labels are a"),
        ],
    )
    def test_what_is_wrong_is_told(self, columns, options, message, own):
        self.write(own, **columns)
        with pytest.raises(UserError, match=message):
            data.load("table", own / "mine.csv", **options)

    def test_without_images_it_is_told(self, own):
        with pytest.raises(UserError, match="data.images: no column of .* has the names of image files"):
            loaded(own, PLAIN, images=str(own))
        for options in ({"size": 8}, {"range": "0,1"}, {"background": "black"}):
            with pytest.raises(UserError, match="the table lists no images, so it has no effect"):
                loaded(own, PLAIN, **options)
