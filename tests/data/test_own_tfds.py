"""Data sets that TFDS has prepared, of any name."""

import numpy as np
import pytest
from helpers import synthetic
from helpers.synthetic import same
from PIL import Image

from jnl import data
from jnl.support.errors import UserError

pytestmark = pytest.mark.usefixtures("own")


class TestTfds:
    """The source `tfds`."""

    def test_images_of_different_sizes_get_one(self, own):
        train = [synthetic.pictures(1, 10 + row, 14, 3)[0] for row in range(5)]
        test = [synthetic.pictures(1, 30, 40, 3, seed=row)[0] for row in range(3)]
        splits = {"train": (train, {"label": range(5)}), "validation": (test, {"label": range(3)})}
        synthetic.prepared(own, "flowers", splits, shape=(None, None, 3))
        loaded = data.load("tfds:flowers", own)
        assert loaded.train.inputs.shape == (5, 14, 14, 3)  # the median of 10 to 14 and five times 14
        assert loaded.test.inputs.shape == (3, 14, 14, 3)
        for split, pictures in ((loaded.train, train), (loaded.test, test)):
            for image, label in zip(split.inputs, split.labels, strict=True):
                picture = Image.fromarray(pictures[int(label)]).resize((14, 14), Image.Resampling.BILINEAR)
                np.testing.assert_array_equal(image, np.asarray(picture))
        assert data.load("tfds:flowers:1.0.0", own, size=6).test.inputs.shape == (3, 6, 6, 3)
        same(loaded, data.load("tfds:flowers", own))

    def test_the_own_folder_of_the_set_and_that_of_its_version_are_found(self, own, monkeypatch):
        images = synthetic.pictures(4, 8, 8, 1)
        synthetic.prepared(own, "places", {"train": (images, {"label": range(4)})}, shape=(8, 8, 1))
        usual = data.load("tfds:places", own)
        monkeypatch.chdir(own / "places")
        for folder in (own / "places", own / "places" / "1.0.0", ".", "1.0.0"):
            same(data.load("tfds:places", folder), usual)
        with pytest.raises(UserError, match="none is prepared in .*places/2.0.0; correct"):
            data.load("tfds:places", own / "places" / "2.0.0")
        with pytest.raises(UserError, match="no data set 'others', and none is prepared"):
            data.load("tfds:others", own / "places")

    def test_the_truth_is_unknown_unless_trusted(self, own):
        images = synthetic.pictures(4, 8, 8, 1)
        splits = {"train": (images, {"label": range(4)}), "test": (images[:2], {"label": [0, 1]})}
        synthetic.prepared(own, "places", splits, shape=(8, 8, 1))
        loaded, trusted = data.load("tfds:places", own), data.load("tfds:places", own, trusted=True)
        np.testing.assert_array_equal(loaded.train.clean, [-1] * 4)
        np.testing.assert_array_equal(trusted.train.clean, trusted.train.labels)
        np.testing.assert_array_equal(loaded.train.labels, trusted.train.labels)
        np.testing.assert_array_equal(loaded.test.clean, loaded.test.labels)

    def test_the_order_of_another_source_is_not_taken_from_the_cache(self, own):
        images = synthetic.cifar(own, "cifar100", names=100)
        shuffled, original = data.load("tfds:cifar100", own), data.load("cifar100", own)
        np.testing.assert_array_equal(original.train.inputs, images)
        np.testing.assert_array_equal(shuffled.train.inputs, images[shuffled.train.labels])
        assert not np.array_equal(shuffled.train.labels, original.train.labels)

    def test_a_test_set_without_labels_is_passed_over(self, own):
        images = synthetic.pictures(4, 8, 8, 1)
        splits = {
            "train": (images, {"label": range(4)}),
            "test": (images, {"label": [-1] * 4}),
            "validation": (images[:2], {"label": [0, 1]}),
        }
        synthetic.prepared(own, "places", splits, shape=(8, 8, 1))
        assert len(data.load("tfds:places", own).test.labels) == 2

    def test_transparent_images_become_colour(self, own):
        synthetic.prepared(
            own, "icons", {"train": (synthetic.pictures(4, 8, 8, 4), {"label": range(4)})}, shape=(8, 8, 4)
        )
        loaded = data.load("tfds:icons", own)
        assert loaded.train.inputs.shape == (4, 8, 8, 3)
        assert loaded.test is None

    def test_without_a_folder_that_of_tfds_is_named(self, own, monkeypatch):
        monkeypatch.setattr("tensorflow_datasets.core.constants.DATA_DIR", str(own))
        with pytest.raises(UserError, match=f"none is prepared in {own};"):
            data.load("tfds:nothing")

    def test_what_is_no_image_classification_is_told(self, own):
        images = synthetic.pictures(4, 8, 8, 3)
        synthetic.prepared(
            own, "two", {"train": (images, {"a": range(4), "b": range(4)})}, labels="ab", supervised=False
        )
        synthetic.prepared(own, "held", {"test": (images, {"label": range(4)})})
        synthetic.prepared(own, "half", {"train": (images, {"label": [0, 1, -1, 0]})})
        synthetic.prepared(own, "cut", {"train": (images, {"label": range(4)})})
        next((own / "cut").rglob("*.array_record*")).write_bytes(b"no records")
        for name, said in (
            ("tfds", "data.name: tfds needs the name"),
            ("tfds:", "data.name: tfds needs the name"),
            ("tfds:two", "data.name: 'two' has 2 features of kind ClassLabel"),
            ("tfds:held", "data.name: 'held' has no split `train`; it has test"),
            ("tfds:half", "data.name: 'tfds:half' has training labels from -1 to 1, but the classes are 0 to 9"),
            ("tfds:cut", "data.dir: no prepared 'cut'"),
            ("tfds:nothing", f"data.name: TFDS has no data set 'nothing', and none is prepared in {own}"),
            ("tfds:food101", f"jnl prepare food101 --dir={own}"),
            ("tfds:no name!", "data"),
            ("digits:8", "data.name: 'digits:8': 'digits' has no parts"),
        ):
            with pytest.raises(UserError, match=said):
                data.load(name, own)
        with pytest.raises(UserError, match="data.size: -1"):
            data.load("tfds:half", own, size=-1)
