"""What evidence is made of: the data, features of the examples, and trainings that several kinds of evidence share."""

import hashlib
import io
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from zipfile import BadZipFile

import jax
import numpy as np

from jnl.data.dataset import Dataset
from jnl.experiment.fold_predictions import Learned, Plan, train
from jnl.label_audit.features import features_of, has_patches
from jnl.label_audit.neighborhood import Neighbors, nearest
from jnl.ops.augment import to_float
from jnl.support.errors import UserError
from jnl.support.signals import Stopped
from jnl.support.text import number
from jnl.support.version import VERSION
from jnl.support.warn import warn

_NEIGHBORS = 30  # of each example


class Source:
    """The data of an audit, and what was computed from them so far."""

    def __init__(
        self, dataset: Dataset, features: np.ndarray | None, plan: Plan | None, folder: Path | None = None
    ) -> None:
        """Describe the data.

        Args:
          dataset: the data set, whose training labels may be wrong.
          features: f32[N, D] embeddings of the examples; None takes the inputs.
          plan: how networks are trained; None trains none.
          folder: where finished trainings are kept, so that an interrupted audit continues with the next one.
        """
        self.dataset, self.plan, self._folder = dataset, plan, folder
        self.labels = np.asarray(dataset.train.labels)
        self._embeddings = features
        self._trained: dict[tuple[str, float], Learned] = {}
        self._files: list[Path] = []  # of trainings that have begun

    @property
    def num_classes(self) -> int:
        """The number of classes."""
        return len(self.dataset.class_names)

    @cached_property
    def features(self) -> np.ndarray:
        """The embeddings of the examples, or else features of their inputs, f32[N, D]."""
        return features_of(self.dataset) if self._embeddings is None else self._embeddings

    @property
    def images(self) -> np.ndarray | None:
        """The images, u8[N, H, W, channels]. None if the features do not describe patches of images."""
        inputs = np.asarray(self.dataset.train.inputs)
        return inputs if self._embeddings is None and has_patches(inputs) else None

    @cached_property
    def neighbors(self) -> Neighbors:
        """The nearest neighbors of each example."""
        return nearest(self.features, _NEIGHBORS)

    def learned(self, strategy: str, rate: float) -> Learned:
        """Return what networks learned by a method that takes this share of the labels to be wrong."""
        assert self.plan is not None
        if (strategy, rate) not in self._trained:
            file = self._file(strategy, rate)
            self._files += [file] if file else []
            found = _read(file) if file else None
            if found is None:
                found = train(self.dataset, strategy, rate, self.plan)
                if file:
                    _write(file, found)
            self._trained[strategy, rate] = found
        return self._trained[strategy, rate]

    @contextmanager
    def says_what_is_kept(self) -> Iterator[None]:
        """If a signal ends the block, raise `Stopped`, which says how many trainings are finished."""
        try:
            yield
        except KeyboardInterrupt as stop:  # Python's own, if no epoch is under way
            heard = stop.number if isinstance(stop, Stopped) else signal.SIGINT
            finished = sum(file.exists() for file in self._files)
            kept = f"{self._folder} has {number(finished, 'finished training')}, which the same command uses again"
            raise Stopped(heard, f"stopped the audit; {kept if finished else 'no training is finished'}") from stop

    @cached_property
    def _content(self) -> "hashlib._Hash":
        """The digest of the data, and of how networks train on them."""
        assert self.plan is not None
        inputs, network = self.dataset.train.inputs, self.plan.model
        content = hashlib.sha256(np.ascontiguousarray(inputs).tobytes())
        content.update(np.ascontiguousarray(self.labels).tobytes())
        content.update(repr((VERSION, self.num_classes, self.plan._replace(model=None))).encode())
        if network is not None:  # `repr` would show addresses in memory, and would not show changed code
            batch = jax.ShapeDtypeStruct((2, *inputs.shape[1:]), inputs.dtype)
            content.update(network.text(jax.eval_shape(to_float, batch)).encode())
        return content

    def _file(self, strategy: str, rate: float) -> Path | None:
        """Return the file of a training. Its name depends on the data, and on how the networks train."""
        if self._folder is None:
            return None
        content = self._content.copy()
        content.update(repr((strategy, rate)).encode())
        return self._folder / "trainings" / f"{strategy}-{content.hexdigest()[:16]}.npz"


def check_writable(folder: Path) -> None:
    """Raise `UserError` if a folder cannot be written, which is better known before hours of training.

    A folder that is not there yet is not made, because an empty folder among classes of images looks like a class.
    """
    try:
        with TemporaryFile(dir=next(place for place in (folder, *folder.absolute().parents) if place.exists())):
            pass
    except OSError as error:
        raise UserError(f"folder (--out): cannot write {folder} ({error.strerror}); give another one") from error


def read_trainings(folder: Path) -> dict[str, Learned]:
    """Return the finished trainings of an audit, by the name of the method."""
    files = sorted((folder / "trainings").glob("*.npz"))
    found = {file.stem.rpartition("-")[0]: _read(file) for file in files}
    return {name: learned for name, learned in found.items() if learned is not None}


def _read(file: Path) -> Learned | None:
    """Return a finished training, or None if the file is missing or damaged."""
    try:
        stored = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"folder: cannot read {file} ({error.strerror}); make it readable") from error
    try:
        with np.load(io.BytesIO(stored), allow_pickle=False) as arrays:
            return Learned(**{name: arrays[name] for name in arrays.files})
    except (OSError, ValueError, TypeError, EOFError, RuntimeError, BadZipFile):  # all of these were seen
        warn(f"{file} is damaged, so its training is made again")
        return None


def _write(file: Path, learned: Learned) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part.npz")
        np.savez(part, **{name: values for name, values in learned._asdict().items() if values is not None})
        part.replace(file)
    except OSError as error:
        raise UserError(f"folder: cannot write {file} ({error.strerror}); give another one") from error
