"""The settings of a study, its data set and config, and the record of its result."""

from typing import NamedTuple

from ml_collections import ConfigDict

from jnl import data
from jnl.data.dataset import Dataset
from jnl.settings.published import get_config
from jnl.studies import synthetic_images
from jnl.support.errors import UserError, within
from jnl.support.json_values import Json
from jnl.support.matplotlib_parts import Figure
from jnl.support.registry import Value

Rows = list[dict[str, Value]]  # rows of a table; all have the same columns


class Settings(NamedTuple):
    """The settings that all studies share. Each study has its own defaults, `USUAL`."""

    data: str = "mnist"
    data_dir: str | None = None
    model: str = "auto"
    examples: int = 2000
    tests: int = 1000
    epochs: int = 64
    seeds: int = 2
    batch_size: int = 32
    learning_rate: float = 0.001
    strengths: int = 0
    radius: float = 0.01


MEANINGS = {
    "data": "the data set, of images",
    "data_dir": "the folder of prepared data sets; None is the folder of TFDS",
    "model": "the network; auto is mlp for gray images and cnn_small for color images",
    "examples": "the number of training images, drawn at random; 0 means all",
    "tests": "the number of test images, drawn at random; 0 means all",
    "epochs": "the number of epochs of each training",
    "seeds": "the number of runs of each kind",
    "batch_size": "the number of images in a batch",
    "learning_rate": "the learning rate of Adam, the same in all epochs",
    "strengths": "the number of levels of what fitting and regularization vary; 0 means all; other studies ignore it",
    "radius": "the radius of the box that critical_samples searches, for inputs in [0, 1]; other studies ignore it",
}


def quick(usual: Settings) -> Settings:
    """Return settings with which a study takes less than a minute, on the data set digits."""
    epochs = min(usual.epochs, 4)
    return usual._replace(data="digits", examples=512, tests=128, epochs=epochs, seeds=2, batch_size=128, strengths=1)


class StudyResult(NamedTuple):
    """The result of a study."""

    summary: dict[str, Json]
    tables: dict[str, Rows]  # name of the CSV file, without .csv -> rows
    figure: Figure


def load(settings: Settings) -> Dataset:
    """Return the images of a study: random examples of the data set.

    Raises:
      UserError: a setting is out of range, `jnl.data.load` fails, or the data are not images or have no test set.
    """
    for field in ("examples", "tests", "strengths"):
        within(f"--{field}", getattr(settings, field), 0, 2**31, "0 means all")
    for field in ("epochs", "seeds", "batch_size"):
        within(f"--{field}", getattr(settings, field), 1, 2**16 - 1, "give a number in this range")
    within("--learning_rate", settings.learning_rate, 1e-12, 1e38, f"the default is {Settings().learning_rate}")
    within("--radius", settings.radius, 0, 1, "inputs are in [0, 1]")
    dataset = data.load(settings.data, settings.data_dir)
    if dataset.test is None:
        raise UserError(f"--data: {settings.data!r} has no test set, which the studies need; use mnist or cifar10")
    synthetic_images.check(dataset)
    chosen = synthetic_images.subset(dataset, settings.examples, settings.tests)
    number = len(chosen.train.labels)
    within("--batch_size", settings.batch_size, 1, number, f"there are {number:,} training images")
    return chosen


def config(settings: Settings, dataset: Dataset) -> ConfigDict:
    """Return the config of ordinary training without label noise; each image is normalized to mean 0 and variance 1.

    A study may set `noise.rate`. This share of the labels is then replaced by uniformly random classes, which may be
    the true class, as in both papers. A rate of 1 means random labels.
    """
    color = dataset.train.inputs.shape[-1] == 3
    model = ("cnn_small" if color else "mlp") if settings.model == "auto" else settings.model
    chosen = get_config("standard", f"data={settings.data},noise=symmetric_inclusive,rate=0,model={model}")
    chosen.epochs, chosen.seeds, chosen.batch_size = settings.epochs, settings.seeds, settings.batch_size
    chosen.optim.update(learning_rate=settings.learning_rate, schedule="staircase")
    chosen.augment.normalize = "image"
    return chosen
