"""How new inputs become the stored inputs of a data set. A trained model does it before it predicts."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self, TypeAlias

import numpy as np
from jax import Array
from numpy.typing import ArrayLike

from jnl.data import convert
from jnl.data.readers import words
from jnl.support.errors import UserError, reason
from jnl.support.json_values import Json, as_integer, as_list, as_number, as_object, as_text
from jnl.support.text import number
from jnl.support.warn import warn

if TYPE_CHECKING:  # these packages take part of a second to import, and most trainings do not need them
    import pyarrow as pa

    from jnl.data.readers.tables import Table

Inputs: TypeAlias = "ArrayLike | pa.Table | Table | Mapping[str, ArrayLike] | Sequence[str] | Path"


class Preparation(NamedTuple):
    """The form of stored inputs, and what was measured on the training set to make them."""

    shape: tuple[int, ...]  # of one stored input
    dtype: str  # "uint8" images, "float32" features or "int32" tokens
    mean: tuple[float, ...] = ()  # of each feature, if features are standardized
    std: tuple[float, ...] = ()
    columns: Mapping[str, Sequence[str]] = {}  # of a table: name -> its words, or nothing for numbers and for texts
    fills: Mapping[str, float] = {}  # of columns of numbers in which some are missing: what is there instead
    decimal: str = "."  # the decimal sign in texts of a table
    signs: Mapping[str, str] = {}  # of columns of numbers: the sign of money or percent
    thousands: Sequence[str] = ()  # columns with separators of thousands besides spaces
    separator: str = ""  # between the values of a text file of a table; "" guesses it
    encoding: str = ""  # of a text file of a table; "" guesses it
    words: tuple[str, ...] = ()  # of texts: the words with the ids from 2
    range: tuple[float, ...] = ()  # of images: the values of black and white that are scaled to 0 and 255
    background: str = "white"  # of images: the color under transparent pixels

    def __call__(self, inputs: Inputs) -> np.ndarray:
        """Return new inputs as the data set stores them.

        Args:
          inputs: for images, arrays [N, H, W] or [N, H, W, channels] of any size; for features, numbers [N, D] before
            they were standardized; for a table, a file (.csv or .parquet), an Arrow table, a pandas frame, a mapping of
            columns, or numbers [N, D]; for texts, strings or tokens [N, T].

        Returns:
          u8[N, H, W, channels], f32[N, D] or i32[N, T].

        Raises:
          UserError: if the inputs do not have this form.
        """
        if self.columns and (table := _table(inputs, self.separator, self.encoding)) is not None:
            from jnl.data.readers import texts
            from jnl.data.readers.columns import Columns
            from jnl.data.readers.features import features

            if self.words:
                (name,) = self.columns
                return self._tokens(texts.column(table, name, "inputs"))
            columns = Columns(self.columns, self.fills, self.decimal, self.signs, self.thousands)
            found, notes = features(table, columns, "inputs")
            for note in notes:
                warn(note)
            return self._checked(self._finite(found))
        array = convert.array(inputs, "inputs")  # type: ignore[arg-type]
        if self.words and (array.dtype.kind == "U" or array.shape == (0,)):  # an empty list is no text by its type
            if array.ndim != 1:
                raise UserError(f"inputs: texts of shape {list(array.shape)}; give a list of texts")
            return self._tokens(array.tolist())
        if array.dtype.kind not in "biuf":
            raise UserError(f"inputs: of type {array.dtype}; give {self.wanted()}")
        if self.dtype == "uint8" and array.shape == self.shape:
            raise UserError(f"inputs: one image of shape {list(array.shape)}; give several, such as inputs[None]")
        if self.dtype == "uint8" and array.ndim in (3, 4):
            array = self._resized(convert.images(array, "inputs", self.range, self.shape).images)
        elif self.dtype == "int32":
            array = convert.tokens(array, "inputs")
        elif self.dtype == "float32" and array.shape[1:] == self.shape:
            array = self._finite(array.astype(np.float64))
        return self._checked(array)

    def _checked(self, array: np.ndarray) -> np.ndarray:
        """Return inputs. Raise `UserError` if they are none, or have another shape."""
        if array.shape[:1] == (0,):
            raise UserError("inputs: there are none (no row, text or image); give at least one")
        if array.shape[1:] != self.shape:
            raise UserError(f"inputs: of shape {list(array.shape)}; give {self.wanted()}")
        return array

    def _tokens(self, texts: Sequence[str]) -> np.ndarray:
        """Return texts as i32[N, T], and warn of those without a known word.

        A user's table may have any alphabet, and 20 Newsgroups has a to z.
        """
        length = self.shape[0]
        each = [words.of_any_language(text)[:length] if self.columns else words.split(text, length) for text in texts]
        tokens = self._checked(words.tokens(each, self.words, length))
        unknown = (tokens < words.FIRST).all(1)
        if count := int(unknown.sum()):
            where = f"first in row {unknown.argmax()} (the first is 0)"
            warn(f"inputs: {number(count, 'text')} without a word that the model knows, {where}")
        return tokens

    def feature_names(self) -> list[str]:
        """Return what each feature of a table means, in their order; nothing if the inputs come from no table."""
        names = list[str]()
        for name, known in self.columns.items():
            names += [f"{name} = {word}" for word in known] or [name]
            names += [f"{name} is missing"] if name in self.fills else []
        return names

    def wanted(self) -> str:
        """Return the form of stored inputs in words."""
        return f"{self.dtype} inputs of shape {['N', *self.shape]}".replace("'", "")

    def single(self, inputs: np.ndarray) -> np.ndarray:
        """Return features f[N, D] as the data set stores them: f32[N, D], standardized if the data set is."""
        with np.errstate(all="ignore"):  # the caller reports values that are not finite
            if self.mean:
                inputs = (inputs - np.array(self.mean)[None]) / np.array(self.std)[None]
            return inputs.astype(np.float32, copy=False)

    def standardized(self, inputs: Array) -> Array:
        """Return features f32[N, D] as `single` does, within a compiled program.

        The mean is subtracted in two parts, because float32 holds too few digits of a mean that is large.
        """
        if not self.mean:
            return inputs
        mean = np.array(self.mean)
        first = mean.astype(np.float32)
        rest = (mean - first).astype(np.float32)
        return (inputs - first[None] - rest[None]) / np.array(self.std, np.float32)[None]

    def as_given(self, inputs: np.ndarray, most: int) -> list[dict[str, str]]:
        """Return stored features f32[N, D] as they were before: for each row, column -> number, word or `missing`.

        Args:
          inputs: the stored features.
          most: the number of columns after which a row ends.
        """
        values = inputs
        if self.mean:
            std = np.array(self.std)
            unit = 10 ** np.ceil(np.log10(np.abs(inputs) * std * 2**-22 + 1e-30))  # the rest comes from rounding to f32
            values = np.round((inputs * std + np.array(self.mean)) / unit) * unit + 0.0  # -0 becomes 0
        if not self.columns:
            return [{f"x{number}": _digits(value) for number, value in enumerate(row)} for row in values[:, :most]]
        rows: list[dict[str, str]] = [{} for _ in values]
        place = 0
        for name, known in islice(self.columns.items(), most):
            part = values[:, place : place + max(1, len(known))]
            place += part.shape[1]
            missing = np.zeros(len(values), bool)
            if name in self.fills:  # the next feature says where numbers are missing
                missing = values[:, place] > 0.5
                place += 1
            elif known:
                missing = part.max(1) < 0.5
            if known:
                words = [known[which] for which in part.argmax(1)]
            else:
                words = [self._number(value, name) for value in part[:, 0]]
            for row, word, is_missing in zip(rows, words, missing, strict=True):
                row[name] = "missing" if is_missing or not word else word
        return rows

    def _number(self, value: float, column: str) -> str:
        """Return a number with the decimal sign of the table, and the column's sign of money or percent."""
        text, sign = _digits(value).replace(".", self.decimal), self.signs.get(column, "")
        if sign == "%":
            return f"{text}%"
        return f"-{sign}{text[1:]}" if value < 0 else f"{sign}{text}"

    def _finite(self, given: np.ndarray) -> np.ndarray:
        """Return features as `single` does. Raise `UserError` if one is not finite, or too large or too small."""
        inputs = self.single(given)
        refuse_overflow(given, inputs, "inputs")
        wrong = ~np.isfinite(inputs)
        if wrong.any():
            row, column = np.argwhere(wrong)[0].tolist()
            raise UserError(
                f"inputs: some are not finite, first in row {row}, column {column} (the first is 0); remove or fill NaN"
                " and infinite values"
            )
        return inputs

    def _resized(self, inputs: np.ndarray) -> np.ndarray:
        """Return u8[N, H, W, channels] with the stored size and number of channels."""
        from PIL import Image

        from jnl.data.readers import images
        from jnl.data.readers.pixels import Rules

        form, rules, done = images.Form(*self.shape), Rules(background=self.background), list[str]()
        if inputs.shape[1:] == form or not len(inputs):
            return inputs
        if inputs.shape[-1] not in (1, 3, 4) or form.channels not in (1, 3):
            raise UserError(f"inputs: of shape {list(inputs.shape)}; give {self.wanted()}")
        each = (Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image) for image in inputs)
        fitted = np.stack([images.fit(image, form, rules, done) for image in each])
        notes = "; ".join(images.notes(Counter(done), form, rules))
        notes = notes or "all pixels are opaque, so the channel of their opacity was left out"
        warn(f"inputs: images {list(inputs.shape[1:])} were converted to {list(form)}: {notes}")
        return fitted

    def to_json(self) -> dict[str, Json]:
        """Return the record as JSON."""
        return {**self._asdict(), "columns": {name: list(known) for name, known in self.columns.items()}}

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Return the record from JSON. Raise `TypeError`, `KeyError` or `ValueError` if it is not one."""
        fields = as_object(value)
        made = cls(
            shape=tuple(as_integer(size) for size in as_list(fields["shape"])),
            dtype=as_text(fields["dtype"]),
            mean=tuple(as_number(number) for number in as_list(fields["mean"])),
            std=tuple(as_number(number) for number in as_list(fields["std"])),
            columns={
                name: [as_text(word) for word in as_list(known)] for name, known in as_object(fields["columns"]).items()
            },
            fills={name: as_number(value) for name, value in as_object(fields["fills"]).items()},
            decimal=as_text(fields["decimal"]),
            signs={name: as_text(sign) for name, sign in as_object(fields["signs"]).items()},
            thousands=tuple(as_text(name) for name in as_list(fields["thousands"])),
            separator=as_text(fields["separator"]),
            encoding=as_text(fields["encoding"]),
            words=tuple(as_text(word) for word in as_list(fields["words"])),
            range=tuple(as_number(number) for number in as_list(fields["range"])),
            background=as_text(fields["background"]),
        )
        sizes = {"uint8": 3, "float32": 1, "int32": 1}
        if len(made.shape) != sizes[made.dtype] or not 0 < math.prod(made.shape) < 2**40 or min(made.shape) < 1:
            raise ValueError(f"inputs {made.dtype} of shape {made.shape}")
        if made.decimal not in (".", ",") or not made.fills.keys() <= made.columns.keys():
            raise ValueError("columns do not fit")
        if not len(made.mean) == len(made.std) or len(made.mean) not in (0, made.shape[-1]) or 0 in made.std:
            raise ValueError("mean and std do not fit")
        if made.range and not (len(made.range) == 2 and made.range[0] < made.range[1]):
            raise ValueError(f"range {made.range}")
        return made


def refuse_overflow(given: np.ndarray, stored: np.ndarray, name: str) -> None:
    """Raise `UserError` if finite features f[N, D] are not finite as stored ones, f32[N, D].

    Args:
      given: the features before they were standardized and rounded.
      stored: the same features afterwards.
      name: what they are, for the message.
    """
    with np.errstate(invalid="ignore"):
        if np.isfinite(stored.sum(dtype=np.float64)):
            return
    wrong = np.isfinite(given) & ~np.isfinite(stored)
    if wrong.any():
        column = int(wrong.any(0).argmax())
        row = int(np.where(wrong, np.abs(given), -1)[:, column].argmax())
        raise UserError(
            f"{name}: column {column} has {given[row, column]:g} in row {row} (the first is 0), which is too large or "
            "too small for float32; multiply the column by a number, or correct or leave out such values"
        )


def _digits(value: float) -> str:
    """Return the six first digits of a number, or all digits before the point."""
    return f"{value:.6g}" if abs(value) < 1e5 else f"{value:.0f}"


def _table(inputs: Inputs, separator: str, encoding: str) -> "Table | None":
    """Return inputs that are a table as such, or None for others. A text file is read as `text_tables.read` does."""
    import pyarrow as pa

    from jnl.data.readers import tables

    if isinstance(inputs, tables.Table):
        return inputs
    if isinstance(inputs, pa.Table):
        return tables.Table(inputs)
    if isinstance(inputs, str | Path):
        return tables.read(Path(inputs), "inputs", separator, encoding)
    try:
        if isinstance(inputs, Mapping):
            return tables.Table(pa.table({name: np.asarray(values) for name, values in inputs.items()}))
        if hasattr(inputs, "iloc") and hasattr(inputs, "columns"):  # a pandas frame; jnl does not need pandas
            return tables.Table(pa.Table.from_pandas(inputs, preserve_index=False))
        if hasattr(inputs, "columns") and hasattr(inputs, "to_arrow"):  # a polars frame
            return tables.Table(inputs.to_arrow())
        if isinstance(inputs, pa.RecordBatch):
            return tables.Table(pa.Table.from_batches([inputs]))
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise UserError(f"inputs: not a table ({reason(error)}); give columns of numbers or words") from error
    return None
