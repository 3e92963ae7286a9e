"""Labels of arrays, and arrays that cannot be used."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import jnl

IMAGES = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3), np.uint8)
LABELS = np.arange(60) % 3


class TestLabels:
    """Labels become classes, whatever their form."""

    def test_each_column_of_one_hot_labels_is_a_class(self):
        """The first and the last class may have no example."""
        found = jnl.from_arrays(IMAGES, np.eye(6)[LABELS + 1])
        assert found.class_names == ("0", "1", "2", "3", "4", "5")
        np.testing.assert_array_equal(found.train.labels, LABELS + 1)
        with pytest.raises(jnl.UserError, match="training labels have 3 columns for 2 classes"):
            jnl.from_arrays(IMAGES, np.eye(3)[LABELS], class_names=["a", "b"])

    @pytest.mark.parametrize("kind", [str, object])
    def test_a_text_is_no_label(self, kind):
        labels = np.array(["cat", "dog", "x" * 1001] * 20, kind)
        with pytest.raises(jnl.UserError, match="one of the training labels has 1,001 characters"):
            jnl.from_arrays(IMAGES, labels)

    FORMS = {
        "from 1": (LABELS + 1, "labels from 1 to 3 were numbered from 0"),
        "one-hot": (np.eye(3)[LABELS], "a column for each class"),
        "one-hot truth values": (np.eye(3)[LABELS] > 0, "a column for each class"),
        "a column from 1": (LABELS[:, None] + 1.0, "whole numbers stored as float64"),
        "objects": (LABELS.astype(object), ""),
        "words of numbers": (LABELS.astype(str), ""),
        "spaces": (np.array(["a", " b", "c "])[LABELS], "40 training labels had spaces around the name"),
        "two forms of a letter": (np.array(["a", "\u00e9"])[LABELS % 2], ""),
    }

    @pytest.mark.parametrize("case", FORMS)
    def test_their_form_is_recognized_and_said(self, case):
        labels, said = self.FORMS[case]
        found = jnl.from_arrays(IMAGES, labels)
        np.testing.assert_array_equal(found.train.labels, LABELS % 2 if "two" in case else LABELS)
        assert len(found.class_names) == found.train.labels.max() + 1
        assert said in " ".join(found.notes)

    def test_two_forms_of_the_same_characters_are_one_class(self):
        found = jnl.from_arrays(IMAGES, np.array(["\u00e9", "e\u0301", "f"])[LABELS])
        assert found.class_names == ("f", "\u00e9")
        named = jnl.from_arrays(IMAGES, np.array(["\u00e9", " e\u0301", "f"])[LABELS], class_names=["e\u0301 ", "f"])
        assert named.class_names == ("\u00e9", "f")
        assert jnl.from_arrays(IMAGES, LABELS, class_names=["a", " a", "b"]).class_names == ("a", " a", "b")

    def test_true_and_test_labels_start_where_the_training_labels_do(self):
        truth = np.where(LABELS == 0, -1, np.where(LABELS == 1, 4, 1))  # unknown, none of the classes, the first class
        found = jnl.from_arrays(IMAGES, LABELS + 1, clean=truth, test_inputs=IMAGES, test_labels=LABELS % 2 + 1)
        assert found.class_names == ("1", "2", "3")
        np.testing.assert_array_equal(found.train.clean[:3], [-1, 3, 0])
        np.testing.assert_array_equal(found.test.labels, LABELS % 2)
        kept = jnl.from_arrays(IMAGES, LABELS + 1, test_inputs=IMAGES, test_labels=LABELS)
        assert kept.class_names == ("0", "1", "2", "3") and "classes without a training example: 1 of 4" in " ".join(
            kept.notes
        )

    def test_names_that_differ_in_case_only_are_doubted(self):
        with pytest.warns(UserWarning, match="the classes 'Cat', 'cat' have almost the same name"):
            jnl.from_arrays(IMAGES, np.array(["cat", "Cat", "dog"])[LABELS])

    @pytest.mark.parametrize("spelling", ["", " ", "NA", "n/a", "NaN", "None", "null", "?", "<NA>", "#N/A", "-"])
    def test_missing_labels_are_refused_by_row(self, spelling):
        labels = ["cat", "dog", spelling] * 20
        with pytest.raises(jnl.UserError, match="training labels are missing .* in 20 rows, first in row 2"):
            jnl.from_arrays(IMAGES, labels)
        classes = ("cat", "dog", spelling.strip())
        if spelling.strip():  # a class that is named on purpose
            assert jnl.from_arrays(IMAGES, labels, class_names=classes).class_names == classes

    @pytest.mark.parametrize("dtype", ["Int64", "string", "object", "float", "category"])
    def test_missing_labels_of_pandas_are_refused_by_row(self, dtype):
        labels = pd.Series([1, None, 2] * 20, dtype=dtype if dtype != "string" else "Int64").astype(dtype)
        with pytest.raises(jnl.UserError, match="training labels are missing .* in 20 rows, first in row 1"):
            jnl.from_arrays(IMAGES, labels)

    def test_minus_is_a_class_beside_plus(self):
        assert jnl.from_arrays(IMAGES, ["+", "-"] * 30).class_names == ("+", "-")

    @pytest.mark.parametrize("labels", [["cat", "dog", "eel"] * 20, np.array(["cat", "dog", "eel"] * 20, object)])
    def test_names_are_classes_in_alphabetical_order(self, labels):
        found = jnl.from_arrays(IMAGES, labels, clean=["cat"] * 60)
        assert found.class_names == ("cat", "dog", "eel")
        assert list(found.train.labels[:3]) == [0, 1, 2] and not found.train.clean.any()

    def test_names_that_are_whole_numbers_are_in_the_order_of_their_values(self):
        found = jnl.from_arrays(IMAGES, [str(label % 12 - 1) for label in range(60)])
        assert found.class_names == tuple(str(label) for label in range(-1, 11))
        np.testing.assert_array_equal(found.train.labels, np.arange(60) % 12)
        assert jnl.from_arrays(IMAGES, np.array(["10", "9", "x"])[LABELS]).class_names == ("10", "9", "x")

    SIZES = ["small", "large", "huge"]

    @pytest.mark.parametrize("form", ["categorical", "series", "frame", "polars"])
    def test_categories_are_classes_in_their_order(self, form):
        """A category without an example is a class too."""
        labels = np.array(self.SIZES)[LABELS // 2]
        categorical = pd.Categorical(labels, self.SIZES)
        if form == "polars":
            polars = pytest.importorskip("polars")
            given = polars.Series(labels, dtype=polars.Enum(self.SIZES))
        else:
            given = {
                "categorical": categorical, "series": pd.Series(categorical), "frame": pd.DataFrame({"y": categorical}),
            }[form]  # fmt: skip
        found = jnl.from_arrays(IMAGES, given, clean=np.array(self.SIZES)[LABELS])
        assert found.class_names == ("small", "large", "huge")
        np.testing.assert_array_equal(found.train.labels, LABELS // 2)
        np.testing.assert_array_equal(found.train.clean, LABELS)
        assert "classes without a training example: 1 of 3" in found.notes
        assert jnl.from_arrays(IMAGES, given, class_names=sorted(self.SIZES)).class_names == ("huge", "large", "small")

    def test_categories_without_an_example_are_doubted_and_other_true_classes_come_after_them(self):
        labels = pd.Categorical(np.array(["small", "large"])[LABELS % 2], self.SIZES)
        with pytest.warns(UserWarning, match="labels: the categories 'huge' have no example, but are classes; remove"):
            assert jnl.from_arrays(IMAGES, labels).class_names == ("small", "large", "huge")
        found = jnl.from_arrays(
            IMAGES, labels.remove_unused_categories(), clean=np.array(["large", "gone", "big"])[LABELS]
        )
        assert found.class_names == ("small", "large", "big", "gone")

    def test_categories_are_checked_as_other_names_are(self):
        spaced = pd.Categorical(np.array(["b", " b", "a"])[LABELS], ["b", " b", "a"])
        assert jnl.from_arrays(IMAGES, spaced).class_names == ("b", "a")
        signs = pd.Categorical(np.array(["-", "+"])[LABELS % 2], ["-", "+"])
        assert jnl.from_arrays(IMAGES, signs).class_names == ("-", "+")
        with pytest.raises(jnl.UserError, match=r"training labels are missing \('\?'\) in 20 rows, first in row 2"):
            jnl.from_arrays(IMAGES, pd.Categorical(np.array(["b", "a", "?"])[LABELS], ["b", "a", "?"]))

    def test_categories_may_be_true_and_false(self):
        assert jnl.from_arrays(IMAGES, pd.Categorical(LABELS % 2 > 0, [True, False])).class_names == ("0", "1")

    def test_categories_that_are_numbers_are_in_ascending_order(self):
        assert jnl.from_arrays(IMAGES, pd.Categorical(LABELS)).class_names == ("0", "1", "2")
        with pytest.raises(jnl.UserError, match="labels: the categories are the numbers '2', '1', '0', which are not"):
            jnl.from_arrays(IMAGES, pd.Categorical(LABELS, [2, 1, 0]))

    def test_labels_that_are_whole_fractions_or_a_column_are_accepted(self):
        found = jnl.from_arrays(IMAGES, LABELS[:, None].astype(float))
        np.testing.assert_array_equal(found.train.labels, LABELS)

    def test_the_truth_is_unknown_unless_it_is_given(self):
        assert (jnl.from_arrays(IMAGES, LABELS).train.clean == -1).all()


REFUSED = {
    "kind": ({"kind": "image"}, "kind: unknown name 'image'; did you mean 'images'"),
    "test labels": ({"test_inputs": IMAGES}, "test_labels: missing"),
    "test inputs": ({"test_labels": LABELS}, "test_inputs: missing"),
    "number": ({"labels": LABELS[:9]}, "60.*inputs.* 9 labels|9 labels"),
    "outside the range": ({"inputs": IMAGES * 2.0, "value_range": (0, 300)}, "outside the range 0 to 300 of black"),
    "no range": ({"value_range": (1, 0)}, "data.range: '1,0'; give the values of black and white"),
    "a range of features": ({"inputs": IMAGES[:, 0, :, 0], "value_range": (0, 1)}, "features, which have no range"),
    "normalized": ({"inputs": IMAGES - 128.0}, "inputs: float64 images with values from -128 to 127; say which are"),
    "not finite images": (
        {"inputs": np.where(np.arange(60)[:, None, None, None] == 3, np.nan, IMAGES)},
        "image 3 .*has NaN",
    ),
    "text": ({"inputs": ["a", "b"]}, "inputs: of type <U1; give numbers"),
    "ragged": ({"inputs": [[1, 2], [3]]}, "inputs: not an array"),
    "fractions as labels": ({"labels": LABELS + 0.5}, "training labels are float64"),
    "one class": ({"labels": LABELS * 0}, "labels of at least 2 classes"),
    "tokens below 0": ({"inputs": -np.ones((60, 2), int), "kind": "tokens"}, "tokens go from -1 to -1"),
    "tokens as fractions": ({"inputs": np.ones((60, 2)), "kind": "tokens"}, "give tokens as whole numbers"),
    "not finite": (
        {"inputs": np.where(np.arange(120).reshape(60, 2) == 15, np.nan, np.arange(120.0).reshape(60, 2))},
        "data has non-finite training inputs, first in row 7, column 1",
    ),
    "a mask": (
        {"inputs": np.ma.masked_less(np.arange(120.0).reshape(60, 2), 7)},
        "masked values, first in row 0; fill",
    ),
    "a mask of labels": ({"labels": np.ma.masked_equal(LABELS, 1)}, "labels: masked values"),
    "sparse": ({"inputs": scipy.sparse.eye(60)}, "inputs: a sparse matrix; give inputs.toarray()"),
    "words": ({"inputs": np.full((60, 2), "a")}, "can be saved as a file and read with data=table"),
    "names without order": ({"class_names": {"a", "b"}}, "class_names: {.*}; give a list"),
    "names in one text": ({"class_names": "ab"}, "class_names: 'ab'; give a list"),
    "a number as names": ({"class_names": 3}, "class_names: 3; give a list"),
    "a number as range": ({"value_range": 5}, "value_range: 5; give a list"),
    "a text as a choice": ({"standardize": "no"}, "standardize: 'no'; give True or False"),
    "other shape of the test": ({"test_inputs": IMAGES[:, :7, :7], "test_labels": LABELS}, "give both the same type"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused(case):
    given, said = REFUSED[case]
    with pytest.raises(jnl.UserError, match=said):
        jnl.from_arrays(**{"inputs": IMAGES, "labels": LABELS, **given})
