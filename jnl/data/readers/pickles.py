"""Read arrays from pickles without running any code that a pickle names.

A pickle can name any function and call it. The reader here looks up names in a fixed table and nowhere else, so nothing
is imported and nothing foreign is called. The entries of the table are functions of this file, which accept arrays,
numbers, text, lists and dicts. Such files are what `numpy.save` writes for a dict of arrays, and `torch.save` for a
dict of arrays or tensors.
"""

import io
import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np

_KINDS = "biufUS"  # of the numbers and texts in an array, without Python objects
_STORAGES = {
    "Double": "<f8", "Float": "<f4", "Half": "<f2", "Long": "<i8", "Int": "<i4", "Short": "<i2", "Char": "<i1",
    "Byte": "<u1", "Bool": "?",
}  # fmt: skip
_OLD_TORCH = 0x1950A86A20F9469CFC6C  # the first pickle in a file of `torch.save` before PyTorch 1.6
_NUMPY = ("numpy.core", "numpy._core")  # the second since NumPy 2


class _Dtype:
    """The dtype of an array in a pickle. NumPy's own class takes its state from a pickle without all checks."""

    def __init__(self, name: str, *_: object) -> None:
        self.name, self.order = str(name), "="

    def __setstate__(self, state: tuple[object, ...]) -> None:
        self.order = str(state[1])
        if state[2:5] != (None, None, None):
            raise pickle.UnpicklingError("it has an array with fields")

    def numpy(self) -> np.dtype:
        """Return the dtype. Raise an error for Python objects and other kinds."""
        found = np.dtype(self.name)
        if found.kind not in _KINDS:
            raise pickle.UnpicklingError(f"it has an array of the type {found}")
        return found.newbyteorder(">") if self.order == ">" else found


class _Array:
    """An array in a pickle, which becomes a NumPy array when all of the pickle is read."""

    def __init__(self, *_: object) -> None:
        self.made: np.ndarray = np.zeros(0)

    def __setstate__(self, state: tuple[int, tuple[int, ...], _Dtype, bool, bytes | list[object]]) -> None:
        _, shape, dtype, by_column, content = state
        if isinstance(content, list):  # of Python objects, which the reader has admitted one by one
            flat = np.empty(len(content), object)
            flat[:] = [one if isinstance(one, str | int | float | None) else _plain(one) for one in content]
        else:
            flat = np.frombuffer(content, dtype.numpy())
        self.made = flat.reshape(shape, order="F" if by_column else "C")


def _scalar(dtype: _Dtype, content: bytes) -> np.generic:
    return np.frombuffer(content, dtype.numpy())[0]


def _from_buffer(content: bytes, dtype: _Dtype, shape: tuple[int, ...], order: str) -> np.ndarray:
    return np.frombuffer(content, dtype.numpy()).reshape(shape, order="F" if order == "F" else "C")


def _encoded(text: str, encoding: str = "latin1") -> bytes:
    return text.encode("latin1" if encoding == "latin1" else "utf-8")


def _tensor(storage: np.ndarray, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object) -> np.ndarray:
    """Return the tensor that PyTorch describes by a storage, its first place, and a step along each axis."""
    if math.prod(size) > storage.size:
        raise pickle.UnpicklingError(f"it has a tensor of shape {size} with {storage.size} numbers")
    place = np.full((), offset)
    for axis, (length, step) in enumerate(zip(size, stride, strict=True)):
        place = place[..., None] + step * np.arange(length).reshape(-1)[(None,) * axis]
    return storage[place]


_TABLE: dict[tuple[str, str], Callable[..., object] | str] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encoded,
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    **{(f"{package}.multiarray", "_reconstruct"): _Array for package in _NUMPY},
    **{(f"{package}.multiarray", "scalar"): _scalar for package in _NUMPY},
    **{(f"{package}.numeric", "_frombuffer"): _from_buffer for package in _NUMPY},
    **{("torch", f"{name}Storage"): dtype for name, dtype in _STORAGES.items()},
}


class _Reader(pickle._Unpickler):
    """A reader of pickles that knows no names but those in the table, and changes no object but arrays and dtypes."""

    def __init__(self, content: IO[bytes], storages: Callable[[str], bytes] | None = None) -> None:
        super().__init__(content, encoding="latin1")
        self.storages = storages

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _TABLE:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is neither an array nor a number")
        return _TABLE[module, name]

    def load_build(self) -> None:
        if not isinstance(self.stack[-2], _Array | _Dtype):  # type: ignore[attr-defined]
            raise pickle.UnpicklingError("it changes an object that is not an array")
        super().load_build()  # type: ignore[misc]

    dispatch = {**pickle._Unpickler.dispatch, pickle.BUILD[0]: load_build}  # type: ignore[dict-item]

    def persistent_load(self, pid: tuple[str, str, str, str, int]) -> np.ndarray:
        _, dtype, key, *_ = pid
        if self.storages is None:
            raise pickle.UnpicklingError("it has tensors in the old form of torch.save; save it again")
        return np.frombuffer(self.storages(key), dtype)


def arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays by name in a pickled dict: an .npy file, a file of `torch.save`, or a plain pickle.

    Raises:
      Exception: of many types, if the file holds anything but a dict of arrays and numbers.
    """
    with path.open("rb") as file:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as parts:
                (inside,) = (name for name in parts.namelist() if name.endswith("/data.pkl"))
                home = inside.removesuffix("data.pkl")
                content = _Reader(io.BytesIO(parts.read(inside)), lambda key: parts.read(f"{home}data/{key}")).load()
        else:
            file.seek(0)
            if file.read(6) == np.lib.format.MAGIC_PREFIX:
                return _named(array(file))
            file.seek(0)
            content = _Reader(file).load()
            if content == _OLD_TORCH:  # two more pickles, about the version and the machine, come before the content
                content = [_Reader(file).load() for _ in range(3)][-1]
    return _named(content)


def array(file: IO[bytes]) -> np.ndarray:
    """Return the array in an .npy file of Python objects. Raise an error of any type if it holds anything else."""
    file.seek(0)
    version = np.lib.format.read_magic(file)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    header(file)
    found = _plain(_Reader(file).load())
    if not isinstance(found, np.ndarray):
        raise pickle.UnpicklingError("it is not an array")
    return found


def _named(content: object) -> dict[str, np.ndarray]:
    """Return a dict of arrays from what a pickle holds."""
    found = _plain(content)
    if isinstance(found, np.ndarray) and found.dtype == object and found.size == 1:
        found = found.item()
    if not isinstance(found, dict):
        raise pickle.UnpicklingError("it is not a dict of arrays")
    return {str(name): np.asarray(_plain(value)) for name, value in found.items()}


def _plain(content: object) -> object:
    """Return arrays as NumPy's, and dicts, lists, numbers and texts as they are. Raise an error for anything else."""
    if isinstance(content, _Array):
        return content.made
    if isinstance(content, bytes | str | bool | int | float | np.generic | np.ndarray | dict | list):
        return content
    raise pickle.UnpicklingError(f"it holds something of the type {type(content).__name__}")
