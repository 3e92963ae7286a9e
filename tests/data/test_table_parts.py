"""Tables that say in a column which rows are for testing, or what the true labels are."""

import numpy as np
import pandas as pd
import pytest
from helpers import synthetic

from jnl import data
from jnl.support.errors import UserError

pytestmark = pytest.mark.usefixtures("own")
RNG = np.random.default_rng(0)
ROWS = 40
A = RNG.normal(0, 3, ROWS).round(2)
PARTS = ["train"] * 20 + ["Test", "val"] * 10


def loaded(own, options=(), **columns):
    frame = pd.DataFrame({"a": A, "label": ["cat", "dog", "dog", "cat"] * 10}).assign(**columns)
    frame.to_csv(own / "mine.csv", index=False)
    return data.load("table", own / "mine.csv", **{"standardize": False, **dict(options)})


class TestSplit:
    """A column of splits in a table of features."""

    @pytest.mark.parametrize("name", ["split", "part"])
    def test_it_makes_the_test_set(self, name, own):
        options = {"truth": "true"} | ({} if name == "split" else {"split": name})
        found = loaded(own, options, **{name: PARTS}, true=["dog"] * ROWS)
        np.testing.assert_array_equal(found.train.inputs[:, 0], A[:20].astype(np.float32))
        np.testing.assert_array_equal(found.test.inputs[:, 0], A[20::2].astype(np.float32))
        assert list(found.prepare.columns) == ["a"] and found.origin(19) == "mine.csv row 19"
        np.testing.assert_array_equal(found.train.labels, [0, 1, 1, 0] * 5)
        np.testing.assert_array_equal(found.test.clean, [1] * 10)
        assert f"column {name!r} has the splits: 20 train, 10 test, 10 val" in found.notes
        assert "rows of the splits 'val' were not read, because 'test' is the test set" in found.notes

    def test_places_stay_those_of_the_file(self, own):
        assert loaded(own, split=PARTS[::-1]).origin(0) == "mine.csv row 20"
        with pytest.raises(UserError, match="column 'a' has inf in line 41"):
            loaded(own, a=[*A[:-1], np.inf], split=PARTS[::-1])

    @pytest.mark.parametrize("name", ["Split", "set"])
    def test_a_column_of_splits_with_another_name_is_doubted(self, name, own):
        said = f"data.split: column '{name}' may say which rows are for training, but all are; set data.split={name}"
        with pytest.warns(UserWarning, match=said):
            found = loaded(own, **{name: PARTS})
        assert len(found.train.labels) == ROWS and list(found.prepare.columns) == ["a", name]
        for options in ({"keep": name}, {"leave_out": name}, {"split": name}):
            assert "data.split" not in " ".join(loaded(own, options, **{name: PARTS}).notes)
        assert "data.split" not in " ".join(loaded(own, vehicle=["train", "test", "bus", "bus"] * 10).notes)

    def test_times_of_parts_are_a_feature(self, own):
        assert list(loaded(own, split=A[::-1]).prepare.columns) == ["a", "split"]
        assert list(loaded(own, {"leave_out": "split"}, split=PARTS).prepare.columns) == ["a"]

    def test_what_does_not_fit_is_told(self, own):
        for options, columns, said in (
            ({}, {"split": ["train"] * 39 + ["other"]}, "data.split: line 41 has the split 'other'"),
            ({}, {"split": ["test"] * ROWS}, "data.split: no row is for training"),
            ({"split": "part"}, {}, "data.split: no column 'part'"),
            ({"test": str(own / "mine.csv")}, {"split": PARTS}, "data.test: the table .* data.leave_out=split"),
        ):
            with pytest.raises(UserError, match=said):
                loaded(own, options, **columns)


class TestTruth:
    """A column of true labels."""

    @pytest.mark.parametrize("unknown", ["", "-1", "NA"])
    def test_it_may_be_unknown(self, unknown, own):
        found = loaded(own, {"truth": "true"}, true=["cat", unknown] * 20)
        np.testing.assert_array_equal(found.train.clean, [0, -1] * 20)
        assert found.class_names == ("cat", "dog") and "true labels that are unknown: 20" in found.notes
        numbers = loaded(own, {"truth": "true"}, label=[0, 1] * 20, true=["1", unknown] * 20)
        np.testing.assert_array_equal(numbers.train.clean, [1, -1] * 20)

    def test_minus_one_may_be_a_class(self, own):
        found = loaded(own, {"truth": "true"}, label=[-1, 1] * 20, true=[-1, -1] * 20)
        np.testing.assert_array_equal(found.train.clean, [0] * ROWS)

    def test_it_is_known_in_the_test_set(self, own):
        with pytest.raises(UserError, match="data.truth: column 'true' has no true label in line 22, .* the test set"):
            loaded(own, {"truth": "true"}, split=PARTS, true=["cat"] * 20 + [""] * 20)

    def test_it_gives_the_labels_of_a_test_table_that_has_it(self, own):
        held = pd.DataFrame({"a": A, "label": ["cat"] * ROWS, "true": ["dog"] * ROWS})
        options = {"truth": "true", "test": str(own / "test.csv")}
        for lacking, test_label, note in (
            ([], 1, "column 'true' of data.test"),
            (["label"], 1, "column 'true' of data.test"),
            (["true"], 0, "column 'label' of data.test, because it has no column 'true'"),
        ):
            held.drop(columns=lacking).to_csv(own / "test.csv", index=False)
            found = loaded(own, options, true=["dog", "cat"] * 20)
            np.testing.assert_array_equal(found.test.clean, [test_label] * ROWS)
            assert f"the labels of the test set are in {note}" in found.notes

    def test_it_may_be_unknown_for_images(self, own):
        for row in range(4):
            synthetic.save(own / f"{row}.png", synthetic.pictures(1, 4, 4)[0])
        table = {"file": [f"{row}.png" for row in range(4)], "label": list("abab"), "true": ["b", "", "a", ""]}
        pd.DataFrame(table).to_csv(own / "images.csv", index=False)
        found = data.load("table", own / "images.csv", truth="true")
        np.testing.assert_array_equal(found.train.clean, [1, -1, 0, -1])

    @pytest.mark.parametrize(
        "true, said",
        [
            ([0, 1] * 20, "column 'true' and the labels in column 'label' have no value in common, such as '0'"),
            (["Katze", "Hund"] * 20, "no value in common, such as 'Katze' and 'cat'; give the same classes in both"),
            ([""] * ROWS, "column 'true' has no true label; leave data.truth out"),
        ],
    )
    def test_other_words_than_those_of_the_labels_are_refused(self, true, said, own):
        with pytest.raises(UserError, match=f"data.truth: .*{said}"):
            loaded(own, {"truth": "true"}, true=true)
