"""The user's own folders of images, and what is wrong with them."""

import shutil

import numpy as np
import pytest
from helpers import synthetic
from helpers.synthetic import same
from PIL import Image

from jnl import cli, data
from jnl.data import cache
from jnl.support.errors import UserError

pytestmark = pytest.mark.usefixtures("own")


class TestFolder:
    """The source `folder`."""

    def test_images_of_all_kinds_come_in_the_order_of_their_paths(self, own):
        root = synthetic.class_folders(own / "pets")
        loaded = data.load("folder", root)
        assert loaded.class_names == ("cat", "dog")
        assert loaded.train.inputs.shape == (7, 9, 9, 3)  # the median of 9 7, 12 16 and 8 8
        np.testing.assert_array_equal(loaded.train.labels, [0, 0, 0, 1, 1, 1, 1])
        assert loaded.test is None
        assert [loaded.origin(row) for row in (0, 3, 6)] == ["cat/0.png", "dog/alpha.png", "dog/deep/2.JPG"]
        gray = data.load("folder", root, size=9).train.inputs[1]
        with Image.open(root / "cat" / "1.png") as image:
            expected = np.asarray(image.resize((9, 9), Image.Resampling.BILINEAR))
        np.testing.assert_array_equal(gray, np.repeat(expected[..., None], 3, 2))

    def test_images_of_one_size_are_not_changed(self, own):
        images = synthetic.pictures(6, 10, 12)
        for row, image in enumerate(images):
            synthetic.save(own / "mine" / "train" / "ab"[row % 2] / f"{row}.png", image)
            synthetic.save(own / "mine" / "test" / "a" / f"{row}.png", image)
        loaded = data.load("folder", own / "mine")
        np.testing.assert_array_equal(loaded.train.inputs[..., 0], images[[0, 2, 4, 1, 3, 5]])
        np.testing.assert_array_equal(loaded.test.inputs[..., 0], images)
        np.testing.assert_array_equal(loaded.test.clean, [0] * 6)
        np.testing.assert_array_equal(loaded.train.clean, [-1] * 6)
        assert loaded.origin(3) == "train/b/1.png"

    def test_sixteen_bits_become_eight(self, own):
        deep = np.arange(0, 65536, 1024, dtype=np.uint16).reshape(8, 8)
        for name in "ab":
            synthetic.save(own / "mine" / name / "0.png", deep)
        loaded = data.load("folder", own / "mine")
        np.testing.assert_array_equal(loaded.train.inputs[0, :, :, 0], deep >> 8)

    def test_a_second_load_decodes_nothing_and_changed_files_are_read_again(self, own):
        root = synthetic.class_folders(own / "pets")
        first = data.load("folder", root)
        entries = sorted(path.stat().st_mtime_ns for path in cache.directory().rglob("*.npy"))
        second = data.load("folder", root)
        same(first, second)
        assert isinstance(second.train.inputs, np.memmap)
        assert sorted(path.stat().st_mtime_ns for path in cache.directory().rglob("*.npy")) == entries
        synthetic.save(root / "cat" / "0.png", np.zeros((9, 7), np.uint8))
        assert not data.load("folder", root).train.inputs[0].any()

    def test_a_class_may_be_called_train(self, own):
        for name in ("train", "bus"):
            synthetic.save(own / "traffic" / name / "0.png", synthetic.pictures(1, 4, 4)[0])
        loaded = data.load("folder", own / "traffic")
        assert loaded.class_names == ("bus", "train")
        assert loaded.test is None

    def test_results_of_jnl_beside_the_classes_are_no_class(self, own):
        root = synthetic.class_folders(own / "pets")
        fields = {"data.dir": root, "data.size": 8, "epochs": 2, "batch_size": 3, "seeds": 1, "report": True}
        train = ["train", "--config=standard:data=folder,model=mlp", f"--workdir={root / 'run'}"]
        train += [f"--config.{name}={value}" for name, value in fields.items()]
        for _ in range(2):  # the report of the first has figures, which are images
            assert cli.main(train) == 0
            assert cli.main(["audit", str(root), "--quick", f"--out={root / 'audit'}"]) == 0
        loaded = data.load("folder", root)
        assert loaded.class_names == ("cat", "dog")
        assert "folders with results of jnl in 'pets' were not read: 'audit', 'run'" in loaded.notes

    def test_results_of_jnl_at_any_depth_are_no_images(self, own, monkeypatch):
        root = synthetic.class_folders(own / "pets")
        before = data.load("folder", root)
        for folder in ("runs/a", "runs/b/c", "cat/run"):  # a training that was stopped while it compiled, and a figure
            (root / folder).mkdir(parents=True)
            (root / folder / "config.json").write_text('{"config": {}}')
            (root / folder / "figure.png").write_bytes(next(root.glob("cat/*.png")).read_bytes())
        (root / "runs" / "a.log").write_text("epoch 1")
        monkeypatch.chdir(root)
        loaded = data.load("folder", ".")
        same(loaded, before)
        assert "folders with results of jnl in 'pets' were not read: 'runs'" in loaded.notes
        assert "folders with results of jnl were not read: 1" in loaded.notes

    def test_a_class_that_holds_results_of_jnl_is_named(self, own):
        root = synthetic.class_folders(own / "pets")
        (root / "cat" / "config.json").write_text('{"config": {}}')
        with pytest.raises(UserError, match=r"holds 1 folder beside results of jnl \('cat'\); it needs one folder for"):
            data.load("folder", root)

    def test_a_class_may_have_a_file_with_the_name_of_a_result(self, own):
        root = synthetic.class_folders(own / "pets")
        (root / "cat" / "config.json").write_text('{"architectures": ["ResNet"]}')
        (root / "cat" / "measurements.csv").write_text("weight\n4\n")
        assert data.load("folder", root).class_names == ("cat", "dog")

    def test_the_test_set_has_several_names(self, own):
        images = synthetic.pictures(5, 4, 4)
        for row, path in enumerate(("train/a", "train/b", "validation/a", "Valid/b", "Test/a")):
            synthetic.save(own / "mine" / path / "0.png", images[row])
        for row, name in ((4, "Test"), (3, "Valid"), (2, "validation")):
            np.testing.assert_array_equal(data.load("folder", own / "mine").test.inputs[0, :, :, 0], images[row])
            shutil.rmtree(own / "mine" / name)
        (own / "mine" / "train").rename(own / "mine" / "TRAIN")
        (own / "mine" / "notes").mkdir()
        loaded = data.load("folder", own / "mine")
        assert loaded.class_names == ("a", "b")
        assert loaded.test is None

    def test_other_images_beside_train_are_told(self, own):
        for path in ("train/a", "train/b", "test/a", "extra/a"):
            synthetic.save(own / "mine" / path / "0.png", synthetic.pictures(1, 4, 4)[0])
        with pytest.raises(UserError, match="data.dir: .*extra holds images beside 'train'"):
            data.load("folder", own / "mine")

    def test_what_is_wrong_is_told(self, own):
        def told(said, root=own / "pets", **options):
            with pytest.raises(UserError, match=said):
                data.load("folder", root, **options)

        told("data.dir: not set", None)
        told("data.dir: .*not a folder")
        (own / "pets" / "cat").mkdir(parents=True)
        told("data.dir: .*holds 1 folder;")
        (own / "pets" / "dog").mkdir()
        told("data.dir: .*pets holds no images")
        synthetic.save(own / "pets" / "dog" / "0.png", synthetic.pictures(1, 4, 4)[0])
        told("data.dir: .*cat holds no images")
        (own / "pets" / "cat" / "0.png").write_bytes(b"no image")
        told("data.dir: .*0.png is not an image")
        content = (own / "pets" / "dog" / "0.png").read_bytes()
        (own / "pets" / "cat" / "0.png").write_bytes(content[:-25])
        told("data.dir: .*0.png is not an image")
        told("data.size: -1", size=-1)

    def test_an_unknown_test_class_is_told(self, own):
        for path in ("train/a", "train/b", "test/a", "test/c"):
            synthetic.save(own / "mine" / path / "0.png", synthetic.pictures(1, 4, 4)[0])
        with pytest.raises(UserError, match="data.dir: .*class 'c' that the training set lacks"):
            data.load("folder", own / "mine")
