"""CIFAR with human labels and with images from outside: on real files where there are some, else on small ones."""

import numpy as np
import pytest
from helpers import synthetic
from helpers.synthetic import same, sha

from jnl import data
from jnl.data.readers import files
from jnl.data.readers.human import TRUTH
from jnl.support.errors import UserError

RATES = {  # published, in percent
    "aggre_label": 9.01,
    "random_label1": 17.23,
    "random_label2": 18.12,
    "random_label3": 17.64,
    "worse_label": 40.21,
}
HUMAN = {  # SHA-256 of the uint8 labels, first 16
    "aggre_label": "2bd5e02e39c9c797",
    "random_label1": "8d01b5a5af048e84",
    "random_label2": "7ea04c887750912f",
    "random_label3": "cdbfad7e15bfc8fc",
    "worse_label": "11a306ed336e3bc8",
}


@pytest.fixture(scope="module")
def two_sets(tmp_path_factory):
    """A folder with a small CIFAR-10, CIFAR-100, SVHN and ImageNet32."""
    root = tmp_path_factory.mktemp("prepared")
    synthetic.cifar(root, "cifar10")
    synthetic.cifar(root, "cifar100", names=100)
    images = synthetic.pictures(40, 32, 32, 3, seed=5)
    synthetic.prepared(root, "svhn_cropped", {"train": (images, {"label": np.arange(40) % 10})})
    synthetic.imagenet32(root / "imagenet32")
    return root


class TestHuman:
    """CIFAR-10N and CIFAR-100N."""

    @pytest.mark.parametrize("labels", RATES)
    def test_the_published_rates_come_out(self, labels, shared_data):
        file = shared_data / "cifar_human_labels" / "cifar10n.npz"
        loaded, clean = (
            data.load("cifar10n", shared_data, file=str(file), labels=labels),
            data.load("cifar10", shared_data),
        )
        wrong = (loaded.train.labels != loaded.train.clean).mean()
        assert round(100 * float(wrong), 2) == RATES[labels]
        assert sha(loaded.train.labels.astype(np.uint8)) == HUMAN[labels]
        np.testing.assert_array_equal(loaded.train.clean, clean.train.labels)
        np.testing.assert_array_equal(loaded.train.inputs[::97], clean.train.inputs[::97])
        np.testing.assert_array_equal(loaded.test.labels, clean.test.clean)
        assert loaded.train.labels.dtype == np.int32

    def test_the_labels_of_cifar100n_have_the_published_rate(self, shared_data):
        """Its images are not here: only its file is read."""
        found = files.arrays(shared_data / "cifar_human_labels" / "cifar100n.npz", "data.file", ("noisy_label", TRUTH))
        assert round(100 * float((found["noisy_label"] != found[TRUTH]).mean()), 2) == 40.20

    def test_labels_in_another_order_are_told(self, shared_data, tmp_path):
        with np.load(shared_data / "cifar_human_labels" / "cifar10n.npz") as file:
            order = file["tfds_order"]
            np.savez(tmp_path / "tfds.npz", **{key: file[key][order] for key in ("clean_label", "worse_label")})
        with pytest.raises(UserError, match="data.file: .*in the same order"):
            data.load("cifar10n", shared_data, file=str(tmp_path / "tfds.npz"))

    @pytest.mark.parametrize(
        "name, labels, feature", [("cifar10", "worse_label", "worse_label"), ("cifar100", "noisy_label", "noise_label")]
    )
    def test_a_file_and_tfds_say_the_same(self, name, labels, feature, tmp_path):
        """The set of TFDS has the images too, no supervised keys, and -1 for the labels by people of its test set."""
        columns = ("label", "coarse_label", "noise_label") if name == "cifar100" else synthetic.CIFAR10N
        number = 10 if name == "cifar10" else 100
        images = synthetic.cifar(tmp_path, name, names=number)
        truth = np.arange(40) % number
        given = {column: (truth + 3 * place) % number for place, column in enumerate(columns)}
        test = {column: truth if column == "label" else np.full(40, -1) for column in columns}
        alone = tmp_path / "alone"
        splits = {"train": (images, given), "test": (images[:10], test)}
        synthetic.prepared(alone, f"{name}_n", splits, labels=columns, supervised=False, names=number)
        np.savez(tmp_path / "labels.npz", clean_label=truth, **{labels: given[feature]})
        from_file = data.load(f"{name}n", tmp_path, file=str(tmp_path / "labels.npz"), labels=labels)
        from_tfds = data.load(f"{name}n", alone, labels=labels)
        same(from_file, from_tfds)
        np.testing.assert_array_equal(from_tfds.train.inputs, images)
        np.testing.assert_array_equal(from_tfds.train.labels, given[feature])
        np.testing.assert_array_equal(from_tfds.train.clean, truth)
        np.testing.assert_array_equal(data.load(f"tfds:{name}_n", alone).test.labels.sum(), truth[:10].sum())

    @pytest.mark.parametrize(
        "arrays, field",
        [
            ({"clean_label": np.arange(40) % 10}, "data.file: .*worse_label"),
            ({"clean_label": np.arange(40) % 10, "worse_label": np.zeros(40)}, "data.file: .*whole number"),
            ({"clean_label": np.arange(40) % 10, "worse_label": np.zeros(39, int)}, "data.file: .*whole number"),
            ({"clean_label": np.arange(40) % 10, "worse_label": np.full(40, 10)}, "data.file: .*10 to 10; give 0 to 9"),
            (
                {"clean_label": np.arange(39) % 10, "worse_label": np.zeros(39, int)},
                "data.file: .*the images of this data set",
            ),
            (
                {"clean_label": np.arange(40) % 10, "worse_label": np.array([None] * 40)},
                "data.file: .*not a whole number",
            ),
        ],
    )
    def test_wrong_files_are_told(self, arrays, field, two_sets, tmp_path):
        np.savez(tmp_path / "labels.npz", **arrays)
        with pytest.raises(UserError, match=field):
            data.load("cifar10n", two_sets, file=str(tmp_path / "labels.npz"))

    def test_what_is_missing_is_told(self, two_sets):
        with pytest.raises(UserError, match="data.labels: .*did you mean 'worse_label'"):
            data.load("cifar10n", two_sets, labels="worst_label")
        with pytest.raises(UserError, match="data.file: .*nowhere.npz"):
            data.load("cifar10n", two_sets, file="nowhere.npz")
        with pytest.raises(UserError, match="jnl prepare cifar10_n"):
            data.load("cifar10n", two_sets)


class TestOpenSet:
    """CIFAR-10 with images from outside."""

    @pytest.mark.parametrize("recipe", ["random", "tail"])
    @pytest.mark.parametrize("outside", ["cifar100", "svhn", "imagenet32"])
    @pytest.mark.parametrize("share", [0.0, 0.4, 0.29, 1.0])
    def test_the_share_is_exact_and_nobody_comes_twice(self, outside, recipe, share, two_sets):
        clean = data.load("cifar10", two_sets).train
        loaded = data.load("cifar10_open_set", two_sets, outside=outside, recipe=recipe, share=share).train
        replaced = loaded.clean == 10
        assert replaced.sum() == int(share * 40)
        np.testing.assert_array_equal(loaded.labels[~replaced], clean.labels[~replaced])
        np.testing.assert_array_equal(loaded.clean[~replaced], clean.labels[~replaced])
        np.testing.assert_array_equal(loaded.inputs[~replaced], clean.inputs[~replaced])
        assert (loaded.labels[replaced] != loaded.clean[replaced]).all()  # label precision counts none
        assert (0 <= loaded.labels).all() and (loaded.labels < 10).all()
        others = {
            "cifar100": lambda: synthetic.pictures(40, 32, 32, 3, seed=100),
            "svhn": lambda: synthetic.pictures(40, 32, 32, 3, seed=5),
            "imagenet32": lambda: synthetic.pictures(40, 32, 32, 3, seed=32),
        }[outside]()
        found = [image.tobytes() for image in loaded.inputs[replaced]]
        assert len(set(found)) == len(found)
        assert set(found) <= {image.tobytes() for image in others}
        if recipe == "random":
            np.testing.assert_array_equal(loaded.labels, clean.labels)
        else:
            assert replaced[40 - int(share * 40) :].all()
            np.testing.assert_array_equal(loaded.labels[replaced], np.arange(int(share * 40)) % 10)

    def test_it_is_the_same_each_time_and_another_for_another_seed(self, two_sets):
        one, again = (data.load("cifar10_open_set", two_sets) for _ in range(2))
        same(one, again)
        other = data.load("cifar10_open_set", two_sets, seed=1)
        assert not np.array_equal(one.train.clean, other.train.clean)
        np.testing.assert_array_equal(one.test.inputs, data.load("cifar10", two_sets).test.inputs)

    @pytest.mark.parametrize(
        "options, said",
        [
            ({"outside": "cifar10"}, "data.outside: .*cifar100"),
            ({"recipe": "tails"}, "data.recipe: .*did you mean 'tail'"),
            ({"share": 1.1}, "data.share"),
            ({"share": -0.1}, "data.share"),
            ({"share": float("nan")}, "data.share"),
            ({"seed": -1}, "data.seed"),
        ],
    )
    def test_wrong_settings_are_told(self, options, said, two_sets):
        with pytest.raises(UserError, match=said):
            data.load("cifar10_open_set", two_sets, **options)

    def test_too_few_images_from_outside_are_told(self, tmp_path):
        synthetic.cifar(tmp_path, "cifar10")
        synthetic.imagenet32(tmp_path / "imagenet32", batches=1, number=10)
        with pytest.raises(UserError, match="data.share: 0.4 needs 16 images from outside, but imagenet32 has only 10"):
            data.load("cifar10_open_set", tmp_path, outside="imagenet32")

    @pytest.mark.parametrize(
        "batch",
        [
            {"data": np.zeros((5, 64 * 64 * 3), np.uint8), "labels": np.ones(5, int)},
            {"data": np.zeros((5, 3072), np.uint8), "labels": np.ones(4, int)},
            {"data": np.zeros((5, 3072), np.float32), "labels": np.ones(5, int)},
            {"data": np.zeros((5, 3072), np.uint8)},
            {"data": np.array([None] * 5), "labels": np.ones(5, int)},
        ],
    )
    def test_wrong_batches_are_told(self, batch, tmp_path):
        synthetic.cifar(tmp_path, "cifar10")
        with pytest.raises(UserError, match="data.dir: no train_data_batch"):
            data.load("cifar10_open_set", tmp_path, outside="imagenet32")
        (tmp_path / "imagenet32").mkdir()
        np.savez(tmp_path / "imagenet32" / "train_data_batch_1.npz", **batch)
        with pytest.raises(UserError, match="data.dir: .*train_data_batch_1.npz"):
            data.load("cifar10_open_set", tmp_path, outside="imagenet32")
