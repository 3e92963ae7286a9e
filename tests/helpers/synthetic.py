"""Small data sets in the form in which the real ones lie on a disk."""

import hashlib
import io
from pathlib import Path

import numpy as np
from PIL import Image

VERSIONS = {
    "cifar10": "3.0.2",
    "cifar100": "3.0.2",
    "svhn_cropped": "3.1.0",
    "cifar10_n": "1.0.4",
    "cifar100_n": "1.0.1",
}
CIFAR10N = ("label", "worse_label", "aggre_label", "random_label1", "random_label2", "random_label3")


def pictures(number, *shape, seed=0):
    """u8[number, *shape]."""
    return np.random.default_rng(seed).integers(0, 256, (number, *shape), np.uint8)


def save(path: Path, picture, **options):
    """An image file; u8[H, W] is gray, u8[H, W, 2 or 4] has transparency, u16[H, W] 16 bits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, **options)
    return path


def png(picture):
    """The bytes of a PNG, as TFDS takes them without TensorFlow."""
    file = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(file, "PNG")
    file.seek(0)
    return file


def prepared(dir, name, splits, labels=("label",), shape=(32, 32, 3), supervised=True, names=10, dtype=np.uint8):
    """A data set of TFDS as array_record files, written by TFDS itself; its images are PNG.

    `splits`: of each its images and its labels [N] by their names; records have an id such as train_00012.
    """
    import tensorflow_datasets as tfds

    classes = [f"class {number}" for number in range(names)]
    features = {label: tfds.features.ClassLabel(names=classes) for label in labels}
    features |= {"image": tfds.features.Image(shape=shape, dtype=dtype), "id": tfds.features.Text()}

    with tfds.core.registered.skip_registration():  # else this process could make one data set only

        class Made(tfds.core.GeneratorBasedBuilder):
            __module__ = "conftest"  # in a package, TFDS imports importlib_resources, which it does not require
            VERSION = tfds.core.Version(VERSIONS.get(name, "1.0.0"))

            def _info(self):
                keys = ("image", "label") if supervised else None
                return tfds.core.DatasetInfo(
                    builder=self, features=tfds.features.FeaturesDict(features), supervised_keys=keys
                )

            def _split_generators(self, manager):
                return {part: self._generate_examples(part) for part in splits}

            def _generate_examples(self, part):
                images, columns = splits[part]
                for row, image in enumerate(images):
                    numbers = {label: int(column[row]) for label, column in columns.items()}
                    yield row, {"image": png(image), "id": f"{part}_{row:05d}", **numbers}

    Made.name = name
    Made(data_dir=dir, file_format="array_record").download_and_prepare()
    return Path(dir)


def cifar(dir, name, number=40, names=10):
    """CIFAR-10 or CIFAR-100 of a few images, their labels in turn; the images in the original order."""
    images = pictures(number, 32, 32, 3, seed=names)
    labels = np.arange(number) % names
    prepared(
        dir, name, {"train": (images, {"label": labels}), "test": (images[:10], {"label": labels[:10]})}, names=names
    )
    return images


def class_folders(root: Path, number=3):
    """Images of three sizes and all modes in two classes."""
    gray, color = pictures(number, 9, 7), pictures(number, 12, 16, 3)
    for row in range(number):
        save(root / "cat" / f"{row}.png", gray[row])
        save(root / "dog" / "deep" / f"{row}.JPG", color[row], format="JPEG")
    save(root / "dog" / "alpha.png", pictures(1, 8, 8, 4)[0])
    (root / "dog" / ".hidden.png").write_text("no image")
    (root / "dog" / "notes.txt").write_text("no image")
    return root


def lfw(root: Path):
    """Labeled Faces in the Wild with its table of first names; image number k is of the gray level 10 k."""
    table = [
        *(f"Man{number} male 1 1021" for number in range(4)),
        *(f"Woman{number} female 1 {number}" for number in range(3)),
        "Ashley female 0.95 80",
        "Jan male 0.91 80",
        "Robin male 0.9 55",
        "Kim female 0.5 12",
        "Hidetoshi None 0.0 0.0",
    ]
    people = [*(line.split()[0] for line in table), "Nameless"]
    for number, name in enumerate(people):
        save(root / f"{name}_Last_Name" / f"{name}_Last_Name_0001.jpg", np.full((25, 25, 3), 10 * number, np.uint8))
    (root / "gender.txt").write_text("\n".join(table) + "\n")
    return {name: 10 * number for number, name in enumerate(people)}


def tiny_imagenet(root: Path):
    """Tiny ImageNet: three classes, two training images of each (one gray), a validation image of each but one."""
    ids = ["n02124075", "n01443537", "n04067472"]
    images = pictures(9, 64, 64, 3)
    for number, wnid in enumerate(ids):
        save(root / "train" / wnid / "images" / f"{wnid}_0.JPEG", images[number], quality=95)
        save(root / "train" / wnid / "images" / f"{wnid}_1.JPEG", images[number, :, :, 0], quality=95)
        (root / "train" / wnid / f"{wnid}_boxes.txt").write_text(f"{wnid}_0.JPEG\t0\t0\t62\t62\n")
    for number in range(2):
        save(root / "val" / "images" / f"val_{number}.JPEG", images[6 + number], quality=95)
    boxes = [f"val_{number}.JPEG\t{wnid}\t0\t32\t44\t62\n" for number, wnid in enumerate(ids[:2])]
    (root / "val" / "val_annotations.txt").write_text("".join(boxes))
    (root / "wnids.txt").write_text("\n".join(ids) + "\n")
    words = {"n00001740": "entity", ids[0]: "Egyptian cat", ids[1]: "goldfish, Carassius auratus", ids[2]: "reel"}
    (root / "words.txt").write_text("".join(f"{wnid}\t{name}\n" for wnid, name in words.items()))
    return root


def clothing1m(root: Path, lists: str = ""):
    """Clothing1M: three training and two test images of different sizes, in lists as its authors send them."""
    train = {"images/0/12/1234,5678.jpg": 5, "images/9/99/3,4.jpg": 13, "images/0/12/5,6.jpg": 0}
    test = {"images/1/00/7,8.jpg": 2, "images/1/01/9,10.jpg": 5}
    for number, key in enumerate([*train, *test]):
        save(root / key, pictures(1, 20 + number, 30, 3, seed=number)[0])
    where = root / lists
    where.mkdir(exist_ok=True)
    for part, labels, listed in (("noisy", train, "noisy_train"), ("clean", test, "clean_test")):
        more = {**labels, "images/5/55/not,listed.jpg": 1}
        (where / f"{part}_label_kv.txt").write_text("".join(f"{key} {label}\n" for key, label in more.items()))
        (where / f"{listed}_key_list.txt").write_text("".join(f"{key}\n" for key in labels))
    names = ["T-Shirt", "Shirt", "Knitwear", *"defghijklmn"]
    (where / "category_names_eng.txt").write_text("\n".join(names) + "\n")
    return root


def imagenet32(folder: Path, batches=2, number=20):
    """Batches of downsampled ImageNet: rows of 3,072 numbers, channel after channel; returns u8[N, 32, 32, 3]."""
    folder.mkdir(parents=True, exist_ok=True)
    images = pictures(batches * number, 32, 32, 3, seed=32)
    rows = images.transpose(0, 3, 1, 2).reshape(batches, number, 3072)
    for batch in range(batches):
        labels = np.arange(number) + 1  # from 1
        np.savez(
            folder / f"train_data_batch_{batch + 1}.npz", data=rows[batch], labels=labels, mean=rows[batch].mean(0)
        )
    return images


def glove(path: Path, words, width=300):
    """Word vectors in the text form of GloVe; returns them."""
    vectors = np.random.default_rng(3).normal(size=(len(words), width)).round(5).astype(np.float32)
    lines = [f"{word} {' '.join(str(number) for number in row)}\n" for word, row in zip(words, vectors, strict=True)]
    path.write_text("".join(lines), encoding="utf-8")
    return dict(zip(words, vectors, strict=True))


def scikit_learn_news(home: Path, parts):
    """20 Newsgroups as scikit-learn keeps them once it has fetched them: of each part, texts and groups."""
    import codecs
    import pickle

    from sklearn.utils import Bunch

    def bunch(texts, groups):
        files = [f"{number}" for number in range(len(texts))]
        return Bunch(
            data=texts, target=np.array(groups), target_names=list("abcdefghijklmnopqrst"), filenames=np.array(files)
        )

    home.mkdir(exist_ok=True)
    content = pickle.dumps({part: bunch(*given) for part, given in parts.items()})
    (home / "20news-bydate_py3.pkz").write_bytes(codecs.encode(content, "zlib_codec"))


def same(one, other):
    """Two loads have the same bits."""
    for first, second in zip((one.train, one.test or ()), (other.train, other.test or ()), strict=True):
        for left, right in zip(first, second, strict=True):
            assert left.dtype == right.dtype
            np.testing.assert_array_equal(left, right)
    assert one.class_names == other.class_names


def sha(array):
    """SHA-256 of the bytes, first 16."""
    return hashlib.sha256(np.ascontiguousarray(array)).hexdigest()[:16]
