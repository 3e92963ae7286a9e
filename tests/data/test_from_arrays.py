"""Arrays of the caller as a data set: what is accepted, what is converted, and what is refused."""

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from conftest import quick

import jnl

IMAGES = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3), np.uint8)
LABELS = np.arange(60) % 3


class Foreign:
    """An array of another library, which only has `__array__`."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)


LIBRARIES = {"numpy": np.asarray, "jax": jnp.asarray, "another": Foreign, "lists": np.ndarray.tolist}


class TestKinds:
    """Inputs become one of three kinds, whatever they are."""

    @pytest.mark.parametrize("library", LIBRARIES)
    def test_images_of_any_library(self, library):
        convert = LIBRARIES[library]
        kind = "images" if library == "lists" else None  # a list does not say that it is uint8
        found = jnl.from_arrays(convert(IMAGES), convert(LABELS), kind=kind)
        np.testing.assert_array_equal(found.train.inputs, IMAGES)
        np.testing.assert_array_equal(found.train.labels, LABELS)
        assert found.class_names == ("0", "1", "2") and found.test is None

    def test_gray_images_get_an_axis_of_channels(self):
        assert jnl.from_arrays(IMAGES[..., 0], LABELS).train.inputs.shape == (60, 8, 8, 1)

    def test_fractions_are_rounded_to_levels_and_it_is_said(self):
        with pytest.warns(UserWarning, match="inputs: float32 images were rounded to 256 levels from 0 .black. to 1"):
            found = jnl.from_arrays(IMAGES / np.float32(255), LABELS)
        np.testing.assert_array_equal(found.train.inputs, IMAGES)

    def test_features_are_standardized_unless_asked(self):
        numbers = np.random.default_rng(0).normal(3, 7, (60, 4))
        found = jnl.from_arrays(numbers, LABELS, test_inputs=numbers[:5], test_labels=LABELS[:5])
        np.testing.assert_allclose(found.train.inputs.mean(0), 0, atol=1e-6)
        np.testing.assert_allclose(found.test.inputs, found.train.inputs[:5])
        raw = jnl.from_arrays(numbers, LABELS, standardize=False)
        np.testing.assert_allclose(raw.train.inputs, numbers.astype(np.float32))

    @pytest.mark.parametrize("dtype", [np.int64, np.uint16, np.int32])
    def test_whole_numbers_are_tokens_if_the_caller_says_so(self, dtype):
        tokens = np.arange(600, dtype=dtype).reshape(60, 10)
        found = jnl.from_arrays(tokens, LABELS, kind="tokens")
        assert found.train.inputs.dtype == np.int32
        np.testing.assert_array_equal(found.train.inputs, tokens)

    def test_int32_numbers_are_features_if_the_caller_says_so(self):
        found = jnl.from_arrays(np.ones((60, 3), np.int32), LABELS, kind="features", standardize=False)
        assert found.train.inputs.dtype == np.float32

    @pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int32, np.int64])
    def test_the_width_of_whole_numbers_decides_nothing(self, dtype):
        with pytest.warns(UserWarning, match="whole numbers with 2 axes, which were read as features; .*kind='tokens'"):
            found = jnl.from_arrays(np.ones((60, 3), dtype), LABELS, standardize=False)
        assert found.train.inputs.dtype == np.float32
        assert "set data.kind=tokens" in " ".join(found.notes)

    def test_channels_may_come_first(self):
        found = jnl.from_arrays(np.moveaxis(IMAGES, -1, 1), LABELS, test_inputs=IMAGES, test_labels=LABELS)
        np.testing.assert_array_equal(found.train.inputs, IMAGES)
        np.testing.assert_array_equal(found.test.inputs, IMAGES)
        assert "images 3 x 8 x 8 have their channels first; they were moved" in " ".join(found.notes)
        np.testing.assert_array_equal(found.prepare(np.moveaxis(IMAGES, -1, 1)), IMAGES)

    def test_images_that_may_have_their_channels_anywhere_are_doubted(self):
        for shape, stored in (((3, 4, 4), (4, 4, 3)), ((3, 9, 3), (3, 9, 3)), ((4, 4, 3), (4, 4, 3))):
            inputs = np.full((60, *shape), 255, np.uint8)
            if stored == (4, 4, 3) == shape:
                found = jnl.from_arrays(inputs, LABELS)
            else:
                with pytest.warns(
                    UserWarning, match="were read with their channels (first|last); they may mean either"
                ):
                    found = jnl.from_arrays(inputs, LABELS)
            assert found.train.inputs.shape[1:] == stored
        with pytest.warns(UserWarning, match="8 x 8 with 5 channels, which is unusual"):
            jnl.from_arrays(np.full((60, 8, 8, 5), 255, np.uint8), LABELS)

    RANGES = {
        "16 bits": (lambda images: images.astype(np.uint16) * 257, (0, 65535)),
        "centered": (lambda images: images / 127.5 - 1, (-1, 1)),
        "16 levels": (lambda images: images // 16, (0, 15)),
        "large": (lambda images: images * 1e30, (0, 255e30)),
    }

    @pytest.mark.parametrize("case", RANGES)
    def test_images_of_a_stated_range_are_scaled_also_when_a_model_predicts(self, case):
        convert, limits = self.RANGES[case]
        given = convert(IMAGES)
        found = jnl.from_arrays(given, LABELS, value_range=limits)
        expected = np.rint((given - np.float64(limits[0])) / (limits[1] - limits[0]) * 255)
        np.testing.assert_array_equal(found.train.inputs, expected)
        np.testing.assert_array_equal(found.prepare(given[:7]), expected[:7])
        assert any("were rounded to 256 levels" in note for note in found.notes)

    def test_images_of_other_types_keep_their_levels(self):
        for dtype in (np.int64, np.float32, np.uint16):
            np.testing.assert_array_equal(jnl.from_arrays(IMAGES.astype(dtype), LABELS).train.inputs, IMAGES)
        masks = jnl.from_arrays(IMAGES > 99, LABELS)
        np.testing.assert_array_equal(masks.train.inputs, (IMAGES > 99) * 255)

    @pytest.mark.parametrize("order", ["rising", "falling", "shuffled"])
    def test_a_column_that_numbers_the_rows_is_doubted(self, order):
        numbers = np.random.default_rng(0).normal(size=(60, 3))
        rows = np.arange(7, 67)
        numbers[:, 1] = {"rising": rows, "falling": rows[::-1], "shuffled": np.random.default_rng(0).permutation(rows)}[
            order
        ]
        with pytest.warns(UserWarning, match="column 1 of the training inputs numbers the rows; leave it out"):
            jnl.from_arrays(numbers, LABELS)

    def test_nearly_black_images_are_doubted(self):
        with pytest.warns(UserWarning, match="the lightest pixel of all images has the level 1 of 255; set data.range"):
            jnl.from_arrays(IMAGES // 255, LABELS)

    def test_numbers_are_standardized_before_they_are_rounded(self):
        """Seconds since 1970 differ in digits that float32 does not hold."""
        seconds = 1.7e9 + np.arange(60.0)[:, None] % 50
        found = jnl.from_arrays(seconds, LABELS)
        exact = (seconds - seconds.mean()) / seconds.std()
        np.testing.assert_allclose(found.train.inputs, exact, atol=1e-6)
        np.testing.assert_array_equal(found.preparation(seconds), found.train.inputs)
        with pytest.warns(UserWarning, match="column 0 has 50 different numbers, but only 1 in float32; subtract"):
            jnl.from_arrays(seconds, LABELS, standardize=False)


class TestFrames:
    """Columns have names, and the names decide which is which."""

    def frame(self, columns=("b", "a")):
        values = np.random.default_rng(0).normal(size=(40, 2)) * [10, 1]
        return pd.DataFrame({name: values[:, place] for place, name in enumerate(("b", "a"))})[list(columns)]

    def test_the_order_of_columns_does_not_matter_later(self):
        found = jnl.from_arrays(self.frame(), [0, 1] * 20, test_inputs=self.frame(("a", "b")), test_labels=[0, 1] * 20)
        np.testing.assert_array_equal(found.test.inputs, found.train.inputs)
        for inputs in (self.frame(("a", "b")), self.frame(), self.frame().to_numpy()):
            np.testing.assert_array_equal(found.preparation(inputs), found.train.inputs)
        assert found.preparation.feature_names() == ["b", "a"]

    def test_columns_that_only_one_part_has_are_told(self):
        other = self.frame().rename(columns={"a": "c"})
        with pytest.raises(jnl.UserError, match="only one of inputs and test_inputs has the columns 'a', 'c'"):
            jnl.from_arrays(self.frame(), [0, 1] * 20, test_inputs=other, test_labels=[0, 1] * 20)

    def test_numbers_and_truth_values_of_all_types_are_numbers(self):
        frame = self.frame().assign(c=[True, False] * 20, d=pd.array([1, 2] * 20, dtype="Int64"))
        found = jnl.from_arrays(frame, [0, 1] * 20, standardize=False)
        np.testing.assert_array_equal(found.train.inputs[:, 2:], [[1, 1], [0, 2]] * 20)
        np.testing.assert_array_equal(found.preparation(frame), found.train.inputs)

    def test_no_rows_are_told(self):
        prepare = jnl.from_arrays(self.frame(), [0, 1] * 20).preparation
        with pytest.raises(jnl.UserError, match="inputs: of shape .0, 2.; give float32 inputs of shape .N, 2."):
            prepare(self.frame()[:0])

    def test_numbers_as_names_have_the_order_of_the_array(self):
        assert jnl.from_arrays(self.frame().set_axis([0, 1], axis=1), [0, 1] * 20).preparation.columns == {}


class TestLabels:
    """Labels become classes, whatever their form."""

    def test_each_column_of_one_hot_labels_is_a_class(self):
        """The first and the last class may have no example."""
        found = jnl.from_arrays(IMAGES, np.eye(6)[LABELS + 1])
        assert found.class_names == ("0", "1", "2", "3", "4", "5")
        np.testing.assert_array_equal(found.train.labels, LABELS + 1)
        with pytest.raises(jnl.UserError, match="training labels have 3 columns for 2 classes"):
            jnl.from_arrays(IMAGES, np.eye(3)[LABELS], class_names=["a", "b"])

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
        {"inputs": np.full((60, 2), np.nan)},
        "data has non-finite training inputs, first in row 0, column 0",
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


class TestTraining:
    """`jnl.run` takes such a data set."""

    @pytest.mark.slow
    def test_no_noise_is_added_to_labels_that_are_noisy_already(self):
        config = jnl.get_config("jocor", "data=own,rate=0.3,model=mlp,quick")
        config.batch_size = 8
        history = jnl.run(config, dataset=jnl.from_arrays(IMAGES, LABELS, clean=LABELS), model=None)
        (point,) = history.summary["points"]
        assert (point["data"], point["noise"]["kind"], point["noise"]["realized"]) == ("own", "none", [0.0, 0.0])

    @pytest.mark.slow
    def test_it_goes_on_with_the_same_data_and_refuses_others(self, tmp_path):
        config = jnl.get_config("jocor", "data=own,rate=0.3,model=mlp,quick")
        config.batch_size = 8
        stop = {"on_epoch_end": lambda epoch, metrics: True}
        jnl.run(config, tmp_path, dataset=jnl.from_arrays(IMAGES, LABELS), **stop)
        others = IMAGES.copy()
        others[0, 0, 0, 0] ^= 1
        with pytest.raises(jnl.UserError, match="the data have changed"):
            jnl.run(config, tmp_path, dataset=jnl.from_arrays(others, LABELS))
        assert jnl.run(config, tmp_path, dataset=jnl.from_arrays(IMAGES, LABELS)).metrics["train_loss"].shape == (2, 3)

    def test_without_the_data_the_config_is_refused(self):
        with pytest.raises(jnl.UserError, match="arrays in memory; give them with jnl.run"):
            jnl.run(jnl.get_config("jocor", "data=own,rate=0.3,model=mlp,quick"))

    def test_a_sweep_over_the_data_is_refused(self):
        config = quick("standard")
        config.sweep = (("data.name", ("digits", "mnist")),)
        with pytest.raises(jnl.UserError, match="it sweeps data, which the caller gives"):
            jnl.run(config, dataset=jnl.from_arrays(IMAGES, LABELS))


class TestCallback:
    def test_it_sees_each_epoch_and_its_metrics_once(self, tmp_path):
        seen = []

        def look(epoch, metrics):
            seen.append((epoch, metrics["test_accuracy"].shape))
            return epoch == 0

        jnl.run(quick("jocor"), tmp_path, on_epoch_end=look)
        jnl.run(quick("jocor"), tmp_path, on_epoch_end=look)
        jnl.run(quick("jocor"), tmp_path, on_epoch_end=look)  # of a finished training nothing trains
        assert seen == [(0, (2, 2)), (1, (2, 2)), (2, (2, 2))]
