"""Arrays of the caller as a data set: what is accepted, what is converted, and what is refused."""

import jax.numpy as jnp
import numpy as np
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

    def test_gray_images_get_an_axis_of_channels(self):
        assert jnl.from_arrays(IMAGES[..., 0], LABELS).train.inputs.shape == (60, 8, 8, 1)

    def test_fractions_are_rounded_to_levels_and_it_is_said(self):
        with pytest.warns(UserWarning, match="inputs: fractions from 0 to 1 were rounded to the 256 levels"):
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
    "channels first": ({"inputs": np.moveaxis(IMAGES, -1, 1)}, "inputs: images of shape .* have their channels first"),
    "normalized": ({"inputs": IMAGES - 128.0}, "inputs: float64 images with values from -128 to 127; give uint8"),
    "text": ({"inputs": ["a", "b"]}, "inputs: of type <U1; give numbers"),
    "ragged": ({"inputs": [[1, 2], [3]]}, "inputs: not an array"),
    "fractions as labels": ({"labels": LABELS + 0.5}, "training labels are float64"),
    "one class": ({"labels": LABELS * 0}, "labels of at least 2 classes"),
    "tokens below 0": ({"inputs": -np.ones((60, 2), int), "kind": "tokens"}, "tokens go from -1 to -1"),
    "tokens as fractions": ({"inputs": np.ones((60, 2)), "kind": "tokens"}, "give tokens as whole numbers"),
    "not finite": ({"inputs": np.full((60, 2), np.nan)}, "data has non-finite training inputs"),
    "other shape of the test": ({"test_inputs": IMAGES[:, :4], "test_labels": LABELS}, "give both the same type"),
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
    def test_a_config_that_adds_noise_is_doubted(self):
        config = quick("standard", batch_size=8)
        with pytest.warns(UserWarning, match="own already has wrong labels, and noise.kind=symmetric adds more"):
            jnl.run(config, dataset=jnl.from_arrays(IMAGES, LABELS))

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
