"""Published data sets: on real files where there are some, else on small ones of the same form."""

import shutil

import numpy as np
import pytest
from helpers import synthetic
from helpers.synthetic import same
from PIL import Image

from jnl import data
from jnl.data.readers import tfds
from jnl.support.errors import UserError


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """A small LFW; who is on the images of a split, by their gray level; all people."""
    root = tmp_path_factory.mktemp("lfw")
    gray = synthetic.lfw(root)

    def people(split):
        levels = np.median(split.inputs.reshape(len(split.inputs), -1), 1)
        return [min(gray, key=lambda name: abs(gray[name] - level)) for level in levels]

    return root, people, list(gray)


class TestFaces:
    """Labeled Faces in the Wild."""

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
        assert loaded.origin(0) == "Ashley_Last_Name/Ashley_Last_Name_0001.jpg"
        same(loaded, data.load("lfw", root))
        assert data.load("lfw", root, size=20, train="N4").train.inputs.shape == (2, 20, 20, 3)

    @pytest.mark.parametrize(
        "table, said",
        [
            ("Man0 male\n", "data.dir: line 1 .*2 words"),
            ("\n\nMan0 male x\n", "data.names: .*'x', which is not a number"),
            ("Man0 male 99\n", "data.names: .*outside \\[0, 1\\]"),
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
        root = synthetic.tiny_imagenet(own / "tiny-imagenet-200")
        loaded = data.load("tiny_imagenet", own)
        assert loaded.class_names == ("goldfish", "Egyptian cat", "reel")
        np.testing.assert_array_equal(loaded.train.labels, [0, 0, 1, 1, 2, 2])
        np.testing.assert_array_equal(loaded.train.clean, loaded.train.labels)
        np.testing.assert_array_equal(loaded.test.labels, [1, 0])
        with Image.open(root / "train" / "n01443537" / "images" / "n01443537_0.JPEG") as image:
            np.testing.assert_array_equal(loaded.train.inputs[0], np.asarray(image))
        gray = loaded.train.inputs[1]
        assert (gray == gray[..., :1]).all() and gray.std() > 20
        assert loaded.origin(1) == "train/n01443537/images/n01443537_1.JPEG"
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
            (
                lambda root: (root / "val" / "images" / "val_0.JPEG").write_bytes(b"\xff\xd8"),
                "data.dir: .*not an image",
            ),
        ],
    )
    def test_what_is_missing_is_told(self, damage, said, tmp_path):
        damage(synthetic.tiny_imagenet(tmp_path))
        with pytest.raises(UserError, match=said):
            data.load("tiny_imagenet", tmp_path)


class TestClothing:
    """Clothing1M."""

    @pytest.mark.parametrize("lists", ["", "annotations"])
    def test_lists_are_followed_in_their_order(self, lists, tmp_path):
        loaded = data.load("clothing1m", synthetic.clothing1m(tmp_path, lists), size=24)
        assert loaded.train.inputs.shape == (3, 24, 24, 3)
        np.testing.assert_array_equal(loaded.train.labels, [5, 13, 0])
        np.testing.assert_array_equal(loaded.train.clean, [-1, -1, -1])
        assert [loaded.origin(row) for row in (0, 2)] == ["images/0/12/1234,5678.jpg", "images/0/12/5,6.jpg"]
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
            ("images/1/00/7,8.jpg", "no image", "data.dir: .*7,8.jpg is not an image"),
        ],
    )
    def test_what_is_wrong_is_told(self, file, content, said, tmp_path):
        synthetic.clothing1m(tmp_path)
        (tmp_path / file).write_text(content)
        with pytest.raises(UserError, match=said):
            data.load("clothing1m", tmp_path, size=8)

    def test_what_is_missing_is_told(self, tmp_path):
        with pytest.raises(UserError, match="data.dir: cannot read"):
            data.load("clothing1m", tmp_path)
        with pytest.raises(UserError, match="data.size: -3"):
            data.load("clothing1m", synthetic.clothing1m(tmp_path), size=-3)


class TestTwice:
    """What is there twice, or beside all places, in records and tables."""

    @pytest.mark.parametrize("ids", [[0, 1, 1, 3], [0, 1, 2, 4], [0, 1, 2, 10**30]])
    def test_an_id_that_is_there_twice_or_too_large_is_told(self, ids, own):
        images = synthetic.pictures(4, 8, 8, 1)
        synthetic.prepared(own, "mine", {"train": (images, {"label": range(4)})}, shape=(8, 8, 1))

        def order(part, total, which, rows):
            return tfds.by_id(part, total, which, [{"id": f"train_{ids[row]}".encode()} for row in which])

        with pytest.raises(UserError, match="data.dir: the ids of 'mine' do not contain each number from 0 to 3 once"):
            tfds.read("mine", own, order)
        with pytest.raises(UserError, match="data.dir: the ids of 'mine'"):
            tfds.labels_of("mine", own, "train", "label", order)

    def test_posts_without_text_or_with_other_labels_are_told(self, own):
        images = synthetic.pictures(4, 8, 8, 1)
        splits = {part: (images, {"label": range(4)}) for part in ("train", "test")}
        synthetic.prepared(own, "newsgroups20", splits, shape=(8, 8, 1))
        with pytest.raises(UserError, match="data.dir: newsgroups20 in .* has no `text` and `label`"):
            data.load("news", own)

    def test_a_first_name_twice_is_told(self, faces, tmp_path):
        (tmp_path / "names.txt").write_text("Man0 male 1\nMan0 female 1\n")
        with pytest.raises(UserError, match="data.names: .*'Man0' twice"):
            data.load("lfw", faces[0], names=str(tmp_path / "names.txt"))
