"""Image files of every kind are read as people mean them, or refused; what was done is said."""

import os

import numpy as np
import pytest
from helpers import synthetic
from PIL import Image

from jnl import data
from jnl.support.errors import UserError

pytestmark = pytest.mark.usefixtures("own")
RNG = np.random.default_rng(0)
WIDE = RNG.integers(0, 256, (6, 10, 3), np.uint8)  # of noise: a rotation of it is not another one


def two_classes(root, *names, picture=WIDE, **options):
    """The same picture in two classes, under some names."""
    for name in names:
        for label in "ab":
            synthetic.save(root / label / name, picture, **options)
    return root


def loaded(root, **options):
    found = data.load("folder", root, **options)
    again = data.load("folder", root, **options)
    assert isinstance(again.train.inputs, np.memmap) and again.notes == found.notes  # also from the cache
    return found


TURNS = {
    1: lambda image: image,
    2: np.fliplr,
    3: lambda image: np.rot90(image, 2),
    4: np.flipud,
    5: lambda image: image.transpose(1, 0, 2),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: np.rot90(image, 2).transpose(1, 0, 2),
    8: np.rot90,
}


@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", TURNS)
def test_photos_are_turned_upright(orientation, ending, own):
    exif = Image.Exif()
    exif[274] = orientation
    options = {"tif": {"tiffinfo": {274: orientation}}, "webp": {"lossless": True, "exif": exif}}.get(ending)
    options = options or {"exif": exif}
    plain = synthetic.save(own / f"plain.{ending}", WIDE, **({"lossless": True} if ending == "webp" else {}))
    found = loaded(two_classes(own / "mine", f"0.{ending}", **options))
    with Image.open(plain) as image:
        np.testing.assert_array_equal(found.train.inputs[0], TURNS[orientation](np.asarray(image)))
    assert ("2 images were turned upright" in " ".join(found.notes)) == (orientation != 1)


def test_an_orientation_in_xmp_is_known_before_decoding(own):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r x:tiff:Orientation="6"/></x:xmpmeta>'
    found = loaded(two_classes(own / "mine", "0.jpg", xmp=xmp))
    assert found.train.inputs.shape == (2, 10, 6, 3) and "2 images were turned upright" in " ".join(found.notes)


class TestDepth:
    """Images of more than 8 bits are never black."""

    def write(self, own, values, ending="tif"):
        return two_classes(own / "mine", f"0.{ending}", picture=values)

    @pytest.mark.parametrize(
        "values, limits",
        [
            (RNG.uniform(0.30, 0.34, (6, 6)).astype(np.float32), "0,1"),
            (RNG.uniform(-900, 900, (6, 6)).astype(np.float32), "-1000,1000"),
            (RNG.integers(0, 2**20, (6, 6)).astype(np.int32), "0,1048575"),
            (RNG.integers(0, 150, (6, 6)).astype(np.int32), "0,255"),
        ],
        ids=["fractions", "negative", "32 bits", "few of 32 bits"],
    )
    def test_without_a_known_range_they_are_refused_and_with_one_scaled(self, values, limits, own):
        root = self.write(own, values)
        with pytest.raises(
            UserError, match="0.tif: its pixels have the mode '[FI]' and values from .*; set data.range"
        ):
            data.load("folder", root)
        found, (low, high) = loaded(root, range=limits), map(float, limits.split(","))
        expected = np.rint((values - np.float64(low)) / (high - low) * 255)
        np.testing.assert_array_equal(found.train.inputs[0, :, :, 0], expected)
        assert "2 images of more than 8 bits were scaled to 8 bits" in " ".join(found.notes)
        with pytest.raises(UserError, match="outside data.range"):
            data.load("folder", root, range=f"{(low + high) / 2},{high}")

    @pytest.mark.parametrize("ending", ["png", "tif"])
    def test_twelve_bits_in_a_format_of_sixteen_are_refused_unless_the_range_is_set(self, ending, own):
        values = RNG.integers(0, 4096, (6, 6)).astype(np.uint16)
        root = self.write(own, values, ending)
        with pytest.raises(UserError, match="data.range: images such as .* would be nearly black; .* such as 0,4095"):
            data.load("folder", root)
        found = loaded(root, range="0,4095")
        np.testing.assert_array_equal(found.train.inputs[0, :, :, 0], np.rint(values / 4095 * 255))

    def test_a_range_that_leaves_images_nearly_black_is_refused(self, own):
        root = self.write(own, RNG.random((6, 6)).astype(np.float32), "tif")
        with pytest.raises(UserError, match="data.range: images such as .* would be nearly black"):
            data.load("folder", root, range="0,65535")

    def test_some_dark_images_among_others_are_doubted(self, own):
        root = self.write(own, RNG.integers(0, 65536, (6, 6)).astype(np.uint16), "png")
        synthetic.save(root / "a" / "1.png", np.full((6, 6), 4000, np.uint16))
        with pytest.warns(UserWarning, match="1 image of more than 8 bits is nearly black"):
            found = data.load("folder", root)
        assert "nearly black" in " ".join(found.notes)

    def test_white_may_be_zero(self, own):
        values = RNG.integers(0, 65536, (6, 6)).astype(np.uint16)
        found = loaded(two_classes(own / "mine", "0.tif", picture=values, tiffinfo={262: 0}))
        with Image.open(own / "mine" / "a" / "0.tif") as image:
            stored = image.tag_v2[262]
        expected = values >> 8 if stored else 255 - (values >> 8)
        np.testing.assert_array_equal(found.train.inputs[0, :, :, 0], expected)

    def test_a_transparent_value_shows_the_background(self, own):
        values = np.arange(1, 37, dtype=np.uint16).reshape(6, 6) * 1800
        found = loaded(two_classes(own / "mine", "0.png", picture=values, transparency=1800))
        assert found.train.inputs[0, 0, :2, 0].tolist() == [255, 3600 >> 8]
        assert "2 images with transparency were put on a white background (data.background)" in found.notes

    def test_a_range_is_two_numbers(self, own):
        for wrong in ("1", "1,0", "a,b", "0,1,2", "0,inf"):
            with pytest.raises(UserError, match="data.range: .*such as 0,1 or 0,4095"):
                data.load("folder", two_classes(own / "mine", "0.png"), range=wrong)


def transparent(mode):
    """Red, but transparent, around an opaque blue center."""
    pixels = np.zeros((6, 6, 4), np.uint8)
    pixels[..., 0] = 255
    pixels[2:4, 2:4] = (0, 0, 255, 255)
    image = Image.fromarray(pixels)
    if mode == "key":  # one color is transparent
        image = image.convert("RGB")
        image.info["transparency"] = (255, 0, 0)
    return image.quantize(4) if mode == "P" else image.convert(mode) if mode in ("LA", "PA") else image


@pytest.mark.parametrize(
    "mode, ending",
    [("RGBA", "png"), ("RGBA", "webp"), ("RGBA", "tif"), ("RGBA", "gif"), ("LA", "png"), ("P", "png"), ("key", "png")],
)
def test_transparent_pixels_show_the_background(mode, ending, own):
    for label in "ab":
        path = own / "mine" / label / f"0.{ending}"
        path.parent.mkdir(parents=True)
        transparent(mode).save(path, **({"lossless": True} if ending == "webp" else {}))
    found = loaded(own / "mine")
    assert (found.train.inputs[0, 0, 0] == 255).all()
    assert found.train.inputs[0, 3, 3].tolist() in ([0, 0, 255], [29])
    assert "2 images with transparency were put on a white background (data.background)" in found.notes
    black = loaded(own / "mine", background="black")
    assert (black.train.inputs[0, 0, 0] == 0).all()
    with Image.open(path) as image:
        again = np.asarray(image.convert("RGBA"))[None]
    with pytest.warns(UserWarning, match="with transparency was put on a black background"):
        new = black.prepare(again)
    np.testing.assert_array_equal(new[0], black.train.inputs[0])
    with pytest.raises(UserError, match="data.background: 'no color' is not a color"):
        data.load("folder", own / "mine", background="no color")


def test_color_models_frames_and_gray_images_are_said(own):
    root = two_classes(own / "mine", "0.png")
    Image.fromarray(WIDE).convert("CMYK").save(root / "a" / "1.jpg")
    frames = [Image.fromarray(WIDE), Image.fromarray(WIDE // 2)]
    for name in ("2.gif", "3.webp", "4.tif", "5.png"):
        frames[0].save(root / "a" / name, save_all=True, append_images=frames[1:])
    synthetic.save(root / "b" / "6.png", WIDE[..., 0])
    synthetic.save(root / "b" / "7.png", WIDE[:5, :5])
    found = loaded(root, size=8)
    for said in (
        "1 image was converted from CMYK to RGB",
        "4 images have several frames",
        "1 image is gray and got three equal channels",
        "9 images were resized to 8 x 8",
        "9 image files in folders of 2 classes",
    ):
        assert said in " ".join(found.notes)


def test_hidden_files_and_those_of_operating_systems_are_left_out_at_every_level(own):
    root = two_classes(own / "mine", "x.png", "deep/x.png")
    for name in (
        "a/.ipynb_checkpoints/x.png",
        "a/deep/.hidden.png",
        "b/._x.png",
        "b/@eaDir/x.png",
        "b/deep/__MACOSX/x.png",
        "__MACOSX/a/x.png",
        ".git/x.png",
        "$RECYCLE.BIN/x.png",
        "System Volume Information/x.png",
    ):
        synthetic.save(root / name, WIDE)
    (root / "a" / "Thumbs.db").write_bytes(b"x")
    found = loaded(root)
    assert found.class_names == ("a", "b")
    assert [found.origin(row) for row in range(4)] == ["a/deep/x.png", "a/x.png", "b/deep/x.png", "b/x.png"]
    assert "files and folders that are hidden or of the operating system were not read: 6" in found.notes
    assert "images in folders inside the folder of a class are of this class: 2" in found.notes


def test_files_are_images_by_their_content(own):
    root = own / "mine"
    for name, kind in (
        ("0.jfif", "JPEG"),
        ("1.JPG", "JPEG"),
        ("2", "PNG"),
        ("3.dat", "BMP"),
        ("4.x", "GIF"),
        ("5.y", "TIFF"),
        ("6.z", "WEBP"),
        ("7.q", "PPM"),
        ("8.png", "JPEG"),
    ):
        two_classes(root, name, format=kind)
    (root / "a" / "notes.txt").write_text("BM is the start of a bitmap, P5 that of another image.")
    (root / "a" / "empty").touch()
    assert len(loaded(root).train.labels) == 18
    assert "files that are not images were not read: 1 .txt, 1 no ending" in loaded(root).notes
    Image.fromarray(WIDE).save(root / "a" / "9.jp2")
    with pytest.warns(UserWarning, match="images of kinds that jnl does not read were left out: .jp2; convert them"):
        data.load("folder", root)


def test_links_are_followed_but_not_in_circles(own):
    root = two_classes(own / "mine", "0.png")
    two_classes(own / "elsewhere", "1.png")
    os.symlink(own / "elsewhere" / "a", root / "a" / "more")
    os.symlink(own / "elsewhere" / "b", root / "c")
    os.symlink(root, root / "b" / "circle")
    os.symlink(own / "nothing", root / "b" / "lost")
    found = loaded(root)
    assert [found.origin(row) for row in range(4)] == ["a/0.png", "a/more/1.png", "b/0.png", "c/1.png"]
    assert "links to a folder above or to nothing were not read: 2" in found.notes


def test_a_class_of_images_that_cannot_be_read_says_which(own):
    root = two_classes(own / "mine", "0.png")
    (root / "c").mkdir()
    (root / "c" / "0.heic").write_bytes(b"heic")
    with pytest.raises(UserError, match="c holds no images, but 1 .heic; add some"):
        data.load("folder", root)


def layout(own, *paths):
    for path in paths:
        synthetic.save(own / "mine" / path / "0.png", WIDE)
    return own / "mine"


@pytest.mark.parametrize("train", ["train", "training", "Train", "train_set", "training data"])
@pytest.mark.parametrize("test", ["test", "testing", "val", "valid", "validation", "eval", "Test_Images"])
def test_the_usual_names_of_splits_are_known(train, test, own):
    for root in (
        layout(own / "1", *(f"{part}/{name}" for part in (train, test) for name in ("cat", "dog"))),
        layout(own / "2", *(f"{name}/{part}" for part in (train, test) for name in ("cat", "dog"))),
    ):
        found = data.load("folder", root)
        assert found.class_names == ("cat", "dog")
        assert len(found.train.labels) == len(found.test.labels) == 2


UNCLEAR = {
    "unknown splits": (
        ("part1/a", "part1/b", "part2/a", "part2/b"),
        "'part1' and 'part2', which hold the same folders",
    ),
    "no training set": (
        ("val/a", "val/b", "test/a", "test/b"),
        "'test' and 'val', which hold the same folders 'a', 'b'",
    ),
    "a test set without labels": (("train/a", "train/b", "test"), "but no folder for each class"),
    "two training sets": (("train/a", "train/b", "training/a"), "both name a training set"),
    "something beside": (("train/a", "train/b", "more/a"), "more holds images beside 'train'"),
    "a folder around one class": (("data/a",), "holds 1 folder;"),
    "two splits of one name": (("a/train", "b/train", "b/test", "b/Test_set"), "two folders of the split 'test'"),
    "splits beside other folders": (("a/train", "a/extra", "b/train", "b/test"), "but beside them is 'extra'"),
    "splits of some classes": (("a/train", "b/train", "c"), "hold folders of splits, but 'c' has none"),
    "a test set of classes beside the classes": (
        ("cat", "dog", "test/cat", "test/dog"),
        "data.dir: 'test' beside 'cat', 'dog' may be a split or a class; put the classes into train/ and test/, or "
        "rename it",
    ),
    "a validation set without labels beside the classes": (("cat", "dog", "val"), "'val' beside 'cat', 'dog' may be"),
    "a competition": (("train", "test"), "'test' beside 'train' may be a split or a class"),
    "splits with numbers": (("train1", "test1"), "'test1', 'train1' may be splits or classes"),
    "splits of a year": (("train2017/cat", "train2017/dog", "val2017/cat"), "'train2017', 'val2017' may be splits"),
    "a split among the classes of a split": (("train/cat", "train/dog", "train/val"), "'val' beside 'cat', 'dog'"),
    "another class in the test set": (("train/a", "train/b", "test/A"), "class 'A' that the training set lacks"),
}


@pytest.mark.parametrize("case", UNCLEAR)
def test_an_unclear_layout_is_refused(case, own):
    paths, said = UNCLEAR[case]
    with pytest.raises(UserError, match=said):
        data.load("folder", layout(own, *paths))


def test_what_is_beside_the_classes_is_said(own):
    found = data.load("folder", layout(own, "x/train/a", "x/train/b", "x/val/a", "x/test/b", "x/train", "x"))
    for said in (
        "the images are in the folder 'x' in 'mine'",
        "'val' were not read, because 'test' is the test set",
        "1 image beside the folders in 'train' not read",
        "1 image beside the folders in 'x' not read",
    ):
        assert said in " ".join(found.notes)


def test_what_is_not_read_in_a_folder_and_what_the_test_set_lacks_is_said(own):
    root = layout(own, "train/a", "train/b", "train/.c", "train/.c/deep", "test/a", "test/.d")
    for name in ("labels.csv", "train/readme.txt", "train/more.txt", "test/readme.txt", "train/.DS_Store"):
        (root / name).write_text("text")
    (root / "train" / ".empty").mkdir()
    found = data.load("folder", root)
    for said in (
        "1 other file beside the folders in 'mine' not read",
        "2 other files beside the folders in 'train' not read",
        "1 other file beside the folders in 'test' not read",
        "hidden folders of images in 'train' were not read: '.c'",
        "hidden folders of images in 'test' were not read: '.d'",
        "classes that the test set lacks: 'b'",
    ):
        assert said in found.notes


def test_classes_of_almost_the_same_name_are_doubted(own):
    with pytest.warns(UserWarning, match="'Cat', 'cat' have almost the same name"):
        data.load("folder", layout(own, "Cat", "cat"))
