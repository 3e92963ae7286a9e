"""What a study is run on, and what it gives."""

from typing import NamedTuple

from matplotlib.figure import Figure
from ml_collections import ConfigDict

from jnl import data
from jnl.core.errors import UserError, within
from jnl.core.json_values import Json
from jnl.core.registry import Value
from jnl.data.dataset import Dataset
from jnl.settings.config import published
from jnl.studies import synthetic_images

Rows = list[dict[str, Value]]  # of a table: all have the same columns


class Settings(NamedTuple):
    """What all studies have in common; each has its own values for what is not asked for."""

    data: str = "mnist"
    data_dir: str | None = None
    model: str = "auto"  # mlp for grey images, cnn_small for colour
    examples: int = 2000  # of the training set, drawn at random; 0: all
    tests: int = 1000  # of the test set; 0: all
    epochs: int = 64
    seeds: int = 2  # runs of each kind
    batch_size: int = 32
    learning_rate: float = 0.001  # of Adam, the same in all epochs
    strengths: int = 0  # levels of what a study varies; 0: all
    radius: float = 0.01  # of the box that is searched for critical samples, in units of inputs in [0, 1]


def quick(usual: Settings) -> Settings:
    """A run of seconds."""
    epochs = min(usual.epochs, 4)
    return usual._replace(data="digits", examples=512, tests=128, epochs=epochs, seeds=2, batch_size=128, strengths=1)


class StudyResult(NamedTuple):
    """What a study gives."""

    summary: dict[str, Json]
    tables: dict[str, Rows]  # by the name of their file
    figure: Figure


def load(settings: Settings) -> Dataset:
    """The images that a study looks at.

    Raises:
      UserError: of `jnl.data.load`, data without images or without a test set, or a setting out of range.
    """
    for field in ("examples", "tests", "strengths"):
        within(f"--{field}", getattr(settings, field), 0, 2**31, "0 is all")
    within("--radius", settings.radius, 0, 1, "it is of inputs in [0, 1]")
    dataset = data.load(settings.data, settings.data_dir)
    if dataset.test is None:
        raise UserError(f"--data: {settings.data!r} has no test set, which the studies look at; use mnist or cifar10")
    synthetic_images.check(dataset)
    return synthetic_images.subset(dataset, settings.examples, settings.tests)


def config(settings: Settings, dataset: Dataset) -> ConfigDict:
    """Plain training on images of mean 0 and variance 1 each, labels as they are.

    A share `noise.rate` of the labels can be replaced by uniform classes, their own among them, as in both papers:
    rate 1 is random labels.
    """
    colour = dataset.train.inputs.shape[-1] == 3
    model = ("cnn_small" if colour else "mlp") if settings.model == "auto" else settings.model
    chosen = published("standard", f"data={settings.data},noise=symmetric_inclusive,rate=0,model={model}")
    chosen.epochs, chosen.seeds, chosen.batch_size = settings.epochs, settings.seeds, settings.batch_size
    chosen.optim.update(learning_rate=settings.learning_rate, schedule="staircase")
    chosen.augment.normalize = "image"
    return chosen
