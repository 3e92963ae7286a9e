"""Published data sets: on real files where there are some, else on small ones of the same form."""

import shutil

import made
import numpy as np
import pytest
from made import same, sha
from PIL import Image

from jnl import data
from jnl.data import files, tfds_reader
from jnl.data.human import TRUTH
from jnl.errors import UserError

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
    made.cifar(root, "cifar10")
    made.cifar(root, "cifar100", names=100)
    images = made.pictures(40, 32, 32, 3, seed=5)
    made.prepared(root, "svhn_cropped", {"train": (images, {"label": np.arange(40) % 10})})
    made.imagenet32(root / "imagenet32")
    return root


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """A small LFW; who is on the images of a split, by their grey level; all people."""
    root = tmp_path_factory.mktemp("lfw")
    grey = made.lfw(root)

    def people(split):
        levels = np.median(split.inputs.reshape(len(split.inputs), -1), 1)
        return [min(grey, key=lambda name: abs(grey[name] - level)) for level in levels]

    return root, people, list(grey)


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
        with pytest.raises(UserError, match="data.file: .*another order"):
            data.load("cifar10n", shared_data, file=str(tmp_path / "tfds.npz"))

    @pytest.mark.parametrize(
        "name, labels, feature", [("cifar10", "worse_label", "worse_label"), ("cifar100", "noisy_label", "noise_label")]
    )
    def test_a_file_and_tfds_say_the_same(self, name, labels, feature, tmp_path):
        """The set of TFDS has the images too, no supervised keys, and -1 for the labels by people of its test set."""
        columns = ("label", "coarse_label", "noise_label") if name == "cifar100" else made.CIFAR10N
        number = 10 if name == "cifar10" else 100
        images = made.cifar(tmp_path, name, names=number)
        truth = np.arange(40) % number
        given = {column: (truth + 3 * place) % number for place, column in enumerate(columns)}
        test = {column: truth if column == "label" else np.full(40, -1) for column in columns}
        alone = tmp_path / "alone"
        splits = {"train": (images, given), "test": (images[:10], test)}
        made.prepared(alone, f"{name}_n", splits, labels=columns, supervised=False, names=number)
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
            ({"clean_label": np.arange(39) % 10, "worse_label": np.zeros(39, int)}, "data.file: .*other images"),
            ({"clean_label": np.arange(40) % 10, "worse_label": np.array([None] * 40)}, "data.file: .*without objects"),
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
        with pytest.raises(UserError, match="jnl.data.prepare cifar10_n"):
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
            "cifar100": lambda: made.pictures(40, 32, 32, 3, seed=100),
            "svhn": lambda: made.pictures(40, 32, 32, 3, seed=5),
            "imagenet32": lambda: made.pictures(40, 32, 32, 3, seed=32),
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
        made.cifar(tmp_path, "cifar10")
        made.imagenet32(tmp_path / "imagenet32", batches=1, number=10)
        with pytest.raises(UserError, match="data.share: 0.4 takes 16 images from outside, imagenet32 has 10"):
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
        made.cifar(tmp_path, "cifar10")
        with pytest.raises(UserError, match="data.dir: no train_data_batch"):
            data.load("cifar10_open_set", tmp_path, outside="imagenet32")
        (tmp_path / "imagenet32").mkdir()
        np.savez(tmp_path / "imagenet32" / "train_data_batch_1.npz", **batch)
        with pytest.raises(UserError, match="data.dir: .*train_data_batch_1.npz"):
            data.load("cifar10_open_set", tmp_path, outside="imagenet32")


class TestFaces:
    """Labelled Faces in the Wild."""

    def test_subsets_are_those_of_the_paper(self, faces):
        root, people, everyone = faces
        found = {}
        for name in ("N1", "N2", "N3", "N4", "N5"):
            split = data.load("lfw", root, train=name, test="N2" if name == "N1" else "N1").train
            found[name] = people(split)
            women = [person[0] in "WA" for person in found[name]]
            np.testing.assert_array_equal(split.labels, np.array(women, int))
            assert (split.clean == -1).all()
        assert [len(found[name]) for name in ("N1", "N2", "N3")] == [3, 2, 2]
        sure = {person for name in ("N1", "N2", "N3") for person in found[name]}
        assert sure == {person for person in everyone if person.startswith(("Man", "Woman"))}
        assert sorted(found["N4"]) == ["Ashley", "Jan"]
        assert sorted(found["N5"]) == ["Hidetoshi", "Nameless"]

    def test_the_default_is_its_first_data_set(self, faces):
        root, people, _ = faces
        loaded = data.load("lfw", root)
        assert loaded.train.inputs.shape == (3 + 2 + 2 + 2, 64, 64, 3)
        assert len(loaded.test.labels) == 2
        np.testing.assert_array_equal(loaded.test.labels, loaded.test.clean)
        assert not set(people(loaded.train)) & set(people(loaded.test))
        assert loaded.class_names == ("male", "female")
        same(loaded, data.load("lfw", root))
        assert data.load("lfw", root, size=20, train="N4").train.inputs.shape == (2, 20, 20, 3)

    @pytest.mark.parametrize(
        "table, said",
        [
            ("Man0 male\n", "data.dir: line 1 .*2 words"),
            ("\n\nMan0 male x\n", "data.names: .*'x', no number"),
            ("Man0 male 99\n", "data.names: .*outside 0 to 1"),
            ("Man0 m 1\n", "data.names: .*'m', not male"),
            ("Man0 male 1\n", "data.train: N4 has no images; choose among N1, N5"),
        ],
    )
    def test_wrong_tables_are_told(self, table, said, faces, tmp_path):
        (tmp_path / "names.txt").write_text(table)
        with pytest.raises(UserError, match=said):
            data.load("lfw", faces[0], names=str(tmp_path / "names.txt"), train="N4", test="N1")

    def test_wrong_settings_are_told(self, faces, tmp_path):
        root = faces[0]
        for options, said in (
            ({"train": "N1+N6"}, "data.train: .*'N6'"),
            ({"test": ""}, "data.test"),
            ({"train": "N1+N3"}, "data.test: N3 is in data.train"),
            ({"names": "nowhere.txt"}, "nowhere.txt"),
            ({"size": 0}, "data.size"),
        ):
            with pytest.raises(UserError, match=said):
                data.load("lfw", root, **options)
        with pytest.raises(UserError, match="data.dir: no Name_Surname"):
            data.load("lfw", tmp_path)
        (tmp_path / "latin.txt").write_bytes("André male 1\n".encode("latin-1"))
        with pytest.raises(UserError, match="data.dir: cannot read .*latin.txt"):
            data.load("lfw", root, names=str(tmp_path / "latin.txt"))


class TestTinyImageNet:
    """Tiny ImageNet."""

    def test_classes_are_sorted_and_images_are_those_of_the_files(self, own):
        root = made.tiny_imagenet(own / "tiny-imagenet-200")
        loaded = data.load("tiny_imagenet", own)
        assert loaded.class_names == ("goldfish", "Egyptian cat", "reel")
        np.testing.assert_array_equal(loaded.train.labels, [0, 0, 1, 1, 2, 2])
        np.testing.assert_array_equal(loaded.train.clean, loaded.train.labels)
        np.testing.assert_array_equal(loaded.test.labels, [1, 0])
        with Image.open(root / "train" / "n01443537" / "images" / "n01443537_0.JPEG") as image:
            np.testing.assert_array_equal(loaded.train.inputs[0], np.asarray(image))
        grey = loaded.train.inputs[1]
        assert (grey == grey[..., :1]).all() and grey.std() > 20
        same(loaded, data.load("tiny_imagenet", root))

    @pytest.mark.parametrize(
        "damage, said",
        [
            (lambda root: shutil.rmtree(root), "data.dir: cannot read .*wnids.txt"),
            (lambda root: (root / "words.txt").unlink(), "data.dir: cannot read .*words.txt"),
            (lambda root: shutil.rmtree(root / "train" / "n04067472"), "data.dir: no images in .*n04067472"),
            (lambda root: (root / "val" / "images" / "val_0.JPEG").unlink(), "data.dir: .*val_0.JPEG is missing"),
            (lambda root: (root / "val" / "val_annotations.txt").write_text("val_0.JPEG\tn9\n"), "data.dir: .*'n9'"),
            (lambda root: (root / "val" / "val_annotations.txt").write_text("\n"), "data.dir: .*is empty"),
            (lambda root: (root / "val" / "images" / "val_0.JPEG").write_bytes(b"\xff\xd8"), "data.dir: .*no image"),
        ],
    )
    def test_what_is_missing_is_told(self, damage, said, tmp_path):
        damage(made.tiny_imagenet(tmp_path))
        with pytest.raises(UserError, match=said):
            data.load("tiny_imagenet", tmp_path)


class TestClothing:
    """Clothing1M."""

    @pytest.mark.parametrize("lists", ["", "annotations"])
    def test_lists_are_followed_in_their_order(self, lists, tmp_path):
        loaded = data.load("clothing1m", made.clothing1m(tmp_path, lists), size=24)
        assert loaded.train.inputs.shape == (3, 24, 24, 3)
        np.testing.assert_array_equal(loaded.train.labels, [5, 13, 0])
        np.testing.assert_array_equal(loaded.train.clean, [-1, -1, -1])
        np.testing.assert_array_equal(loaded.test.labels, [2, 5])
        np.testing.assert_array_equal(loaded.test.clean, [2, 5])
        with Image.open(tmp_path / "images/9/99/3,4.jpg") as image:
            resized = image.resize((24, 24), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(loaded.train.inputs[1], np.asarray(resized))
        assert loaded.class_names[0] == "T-Shirt"
        assert len(loaded.class_names) == 14

    @pytest.mark.parametrize(
        "file, content, said",
        [
            ("category_names_eng.txt", "Shirt\n", "data.dir: category_names_eng.txt names 1"),
            ("noisy_label_kv.txt", "images/9/99/3,4.jpg 3\n", "data.dir: .*no class 0 to 13 for 'images/0/12/1234"),
            ("clean_label_kv.txt", "images/1/00/7,8.jpg 14\n", "data.dir: .*no class 0 to 13"),
            ("clean_label_kv.txt", "images/1/00/7,8.jpg shirt\n", "data.dir: .*no class 0 to 13"),
            ("clean_label_kv.txt", "images/1/00/7,8.jpg\n", "data.dir: line 1 .*1 words"),
            ("clean_test_key_list.txt", "", "data.dir: .*is empty"),
            ("noisy_train_key_list.txt", "images/5/55/not,listed.jpg\n", "data.dir: .*not,listed.jpg is missing"),
            ("images/1/00/7,8.jpg", "no image", "data.dir: .*7,8.jpg is no image"),
        ],
    )
    def test_what_is_wrong_is_told(self, file, content, said, tmp_path):
        made.clothing1m(tmp_path)
        (tmp_path / file).write_text(content)
        with pytest.raises(UserError, match=said):
            data.load("clothing1m", tmp_path, size=8)

    def test_what_is_missing_is_told(self, tmp_path):
        with pytest.raises(UserError, match="data.dir: cannot read"):
            data.load("clothing1m", tmp_path)
        with pytest.raises(UserError, match="data.size: -3"):
            data.load("clothing1m", made.clothing1m(tmp_path), size=-3)


class TestTwice:
    """What is there twice, or beside all places, in records and tables."""

    @pytest.mark.parametrize("ids", [[0, 1, 1, 3], [0, 1, 2, 4], [0, 1, 2, 10**30]])
    def test_an_id_that_is_there_twice_or_too_large_is_told(self, ids, own):
        images = made.pictures(4, 8, 8, 1)
        made.prepared(own, "mine", {"train": (images, {"label": range(4)})}, shape=(8, 8, 1))

        def order(part, total, which, rows):
            return tfds_reader.by_id(part, total, which, [{"id": f"train_{ids[row]}".encode()} for row in which])

        with pytest.raises(UserError, match="data.dir: the ids of 'mine' are not 0 to 3, each once"):
            tfds_reader.read("mine", own, order)
        with pytest.raises(UserError, match="data.dir: the ids of 'mine'"):
            tfds_reader.labels_of("mine", own, "train", "label", order)

    def test_posts_without_text_or_with_other_labels_are_told(self, own):
        images = made.pictures(4, 8, 8, 1)
        splits = {part: (images, {"label": range(4)}) for part in ("train", "test")}
        made.prepared(own, "newsgroups20", splits, shape=(8, 8, 1))
        with pytest.raises(UserError, match="data.dir: newsgroups20 in .* has no `text` and `label`"):
            data.load("news", own)

    def test_a_first_name_twice_is_told(self, faces, tmp_path):
        (tmp_path / "names.txt").write_text("Man0 male 1\nMan0 female 1\n")
        with pytest.raises(UserError, match="data.names: .*'Man0' twice"):
            data.load("lfw", faces[0], names=str(tmp_path / "names.txt"))
