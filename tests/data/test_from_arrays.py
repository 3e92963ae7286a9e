"""Arrays of the caller as a data set: what is accepted, what is converted, and what is refused."""

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
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

    @pytest.mark.parametrize("value", [1e300, 1e-300])
    def test_features_too_large_or_too_small_are_refused_as_such(self, value):
        numbers = np.random.default_rng(0).normal(3, 7, (60, 2))
        with pytest.raises(jnl.UserError, match="data: training inputs: column 0 has .* too large or too small"):
            jnl.from_arrays(numbers * value, LABELS)

    @pytest.mark.parametrize("standardize", [True, False])
    def test_one_feature_too_large_is_refused_by_its_place(self, standardize):
        numbers = np.random.default_rng(0).normal(3, 7, (60, 2))
        large = np.where(np.arange(120).reshape(60, 2) == 11, 1e300, numbers)
        said = "inputs: column 1 has 1e.300 in row 5 .the first is 0., which is too large or too small for float32"
        with pytest.raises(jnl.UserError, match=f"data: training {said}"):
            jnl.from_arrays(large, LABELS, standardize=standardize)
        with pytest.raises(jnl.UserError, match=f"data: test {said}"):
            jnl.from_arrays(numbers, LABELS, test_inputs=large, test_labels=LABELS, standardize=standardize)
        with pytest.raises(jnl.UserError, match=said):
            jnl.from_arrays(numbers, LABELS, standardize=standardize).prepare(large)

    def test_features_of_bfloat16_or_of_objects_are_numbers(self):
        """A model reads them too."""
        numbers = np.random.default_rng(0).normal(3, 7, (60, 2)).astype(jnp.bfloat16)
        expected = jnl.from_arrays(numbers.astype(np.float32), LABELS)
        frame = pd.DataFrame(numbers.astype(np.float32)).assign(yes=True).astype(object)
        for given in (jnp.asarray(numbers), frame.to_numpy()[:, :2], numbers.astype(np.float64).astype(object)):
            found = jnl.from_arrays(given, jnp.asarray(LABELS, jnp.bfloat16))
            np.testing.assert_allclose(found.train.inputs, expected.train.inputs, atol=1e-6)
            np.testing.assert_array_equal(found.train.labels, LABELS)
            np.testing.assert_allclose(found.prepare(given), found.train.inputs, atol=1e-6)
        assert jnl.from_arrays(frame.to_numpy(), LABELS).train.inputs.shape == (60, 3)
        with pytest.raises(jnl.UserError, match="inputs: of type object; give numbers"):
            jnl.from_arrays(frame.assign(word="a").to_numpy(), LABELS)

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
        with pytest.warns(
            UserWarning, match="the lightest pixel of all images has the level 1 of 255; set data.range .value_range in"
        ):
            jnl.from_arrays(IMAGES // 255, LABELS)
        with pytest.warns(UserWarning, match="the lightest pixel of all images has the level 0.99 of 255; set data.r"):
            jnl.from_arrays(IMAGES.astype(np.uint16), LABELS, value_range=(0, 65535))

    def test_numbers_are_standardized_before_they_are_rounded(self):
        """Seconds since 1970 differ in digits that float32 does not hold."""
        seconds = 1.7e9 + np.arange(60.0)[:, None] % 50
        found = jnl.from_arrays(seconds, LABELS)
        exact = (seconds - seconds.mean()) / seconds.std()
        np.testing.assert_allclose(found.train.inputs, exact, atol=1e-6)
        np.testing.assert_array_equal(found.preparation(seconds), found.train.inputs)
        for rounded in (seconds, (seconds - 1.7e9) * 1e-300):
            with pytest.warns(UserWarning, match="column 0 has 50 different numbers, but only 1 in float32; subtract"):
                jnl.from_arrays(rounded, LABELS, standardize=False)


class TestNewImages:
    """A trained model reads them by the range of its training, whatever their largest value is."""

    def prepare(self, bits):
        deep = jnl.from_arrays(IMAGES.astype(np.uint16) * 257, LABELS, value_range=(0, 65535))
        return {8: jnl.from_arrays(IMAGES.astype(np.int64), LABELS), 16: deep}[bits].prepare

    @pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
    @pytest.mark.parametrize("bits", [8, 16])
    @pytest.mark.filterwarnings("ignore:inputs. float32 images were rounded")  # black may be a fraction
    def test_a_black_image_is_black(self, bits, dtype):
        assert not self.prepare(bits)(np.zeros((1, 8, 8, 3), dtype)).any()

    def test_a_dark_image_stays_dark(self):
        dark = IMAGES[:1].astype(np.int64) // 100
        np.testing.assert_array_equal(self.prepare(8)(dark), dark)
        np.testing.assert_array_equal(self.prepare(16)(dark * 257), dark)

    def test_uint8_means_levels_to_255_whatever_the_largest_is(self):
        prepare = jnl.from_arrays(IMAGES > 99, LABELS).prepare  # a range from 0 to 1
        dark = np.concatenate([IMAGES[:1] // 128, IMAGES[1:2]])
        assert dark[0].max() == 1
        np.testing.assert_array_equal(prepare(dark), dark)
        assert not prepare(np.zeros_like(dark)).any()
        with pytest.raises(
            jnl.UserError, match="inputs: images of uint8 have the levels 0 to 255, but these only have"
        ):
            prepare(dark[:1])
        np.testing.assert_array_equal(prepare(dark[:1] == 1), dark[:1] * 255)
        with pytest.warns(UserWarning, match="the lightest pixel of all images has the level 1 of 255"):
            np.testing.assert_array_equal(prepare(dark[:1] / 255), dark[:1])

    def test_a_channel_of_opacity_is_left_out_and_it_is_said(self):
        opaque = np.concatenate([IMAGES, np.full_like(IMAGES[..., :1], 255)], -1)
        said = (
            r"images \[8, 8, 4\] were converted to \[8, 8, 3\]: all pixels are opaque, so the channel of their opacity"
        )
        with pytest.warns(UserWarning, match=said):
            np.testing.assert_array_equal(self.prepare(8)(opaque), IMAGES)

    def test_fractions_in_a_large_range_are_refused(self):
        fractions = (IMAGES / 255).astype(np.float32)
        said = "images of fractions from 0 to 1 are all of one color in the range 0 to 65535 of black and white"
        with pytest.raises(jnl.UserError, match=f"inputs: {said}; scale them in the same way as the training images"):
            self.prepare(16)(fractions)
        with pytest.raises(jnl.UserError, match=f"data: test inputs: {said}"):
            jnl.from_arrays(
                IMAGES * np.uint16(257), LABELS, test_inputs=fractions, test_labels=LABELS, value_range=(0, 65535)
            )

    @pytest.mark.parametrize("bits", [8, 16])
    def test_images_that_become_black_are_doubted(self, bits):
        values = IMAGES.astype(np.int64) // {8: 255, 16: 1}[bits]
        with pytest.warns(UserWarning, match="the lightest pixel of all images has .* scale them in the same way"):
            self.prepare(bits)(values)

    def test_what_is_outside_the_range_is_refused(self):
        with pytest.raises(jnl.UserError, match="the model was trained on levels from 0 to 255; give such whole"):
            self.prepare(8)(IMAGES * np.uint16(257))
        with pytest.raises(jnl.UserError, match="outside the range 0 to 65535 of black and white; scale them in"):
            self.prepare(16)(IMAGES.astype(np.int64) * 300)


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

    @pytest.mark.parametrize("form", ["Table", "RecordBatch", "polars"])
    def test_columns_of_arrow_and_polars_have_names_too(self, form):
        make = pytest.importorskip("polars").from_pandas if form == "polars" else getattr(pa, form).from_pandas
        train, other = make(self.frame()), make(self.frame(("a", "b")))
        found = jnl.from_arrays(train, [0, 1] * 20, test_inputs=other, test_labels=[0, 1] * 20)
        assert found.preparation.feature_names() == ["b", "a"]
        np.testing.assert_array_equal(found.test.inputs, found.train.inputs)
        for inputs in (train, other, self.frame(("a", "b"))):
            np.testing.assert_array_equal(found.preparation(inputs), found.train.inputs)

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
        with pytest.raises(jnl.UserError, match="inputs: there are none .no row, text or image.; give at least one"):
            prepare(self.frame()[:0])

    def test_numbers_as_names_have_the_order_of_the_array(self):
        assert jnl.from_arrays(self.frame().set_axis([0, 1], axis=1), [0, 1] * 20).preparation.columns == {}


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

    @pytest.mark.parametrize("field", [{"range": "0,16"}, {"dir": "mine"}, {"nonsense": 1}, {"standardize": False}])
    def test_fields_that_say_how_data_are_read_are_refused(self, field):
        config = jnl.get_config("standard", "data=arrays,rate=0.3,quick")
        with config.unlocked():
            config.data.update({"validation": 0.1, "stream": "never", **field})
        said = f"no effect on a data set that the caller gives: 'data.{next(iter(field))}'; leave them out, and make"
        with pytest.raises(jnl.UserError, match=said):
            jnl.run(config, dataset=jnl.from_arrays(IMAGES, LABELS))

    def test_the_data_set_may_be_another_than_the_config_names(self):
        config = jnl.get_config("standard", "data=table,rate=0.3,model=mlp,quick")
        config.data.validation, config.batch_size, config.epochs = 0.2, 4, 1
        history = jnl.run(config, dataset=jnl.from_arrays(IMAGES, LABELS))
        assert history.metrics["validation_accuracy"].shape == (2, 1, 1)


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
