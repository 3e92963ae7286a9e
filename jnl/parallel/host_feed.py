"""Inputs that stay on the host, fetched a few batches ahead of the training, by Grain."""

from collections.abc import Iterator, Sequence

import numpy as np

from jnl.data.readers.quiet import quiet

_AHEAD = 2  # pieces that wait to be used
BYTES = 2**26  # of a piece, about: large enough that what happens once a piece does not matter


def cut(steps: int, pieces: int) -> list[slice]:
    """`steps` in about equal pieces, of at most two lengths; none of nothing.

    Of two steps at least: of one the compiler makes no loop, and other bits.
    """
    if not steps:
        return []
    ends = np.linspace(0, steps, min(pieces, max(1, steps // 2)) + 1).astype(int)
    return [slice(int(begin), int(end)) for begin, end in zip(ends[:-1], ends[1:], strict=True)]


def feed(inputs: np.ndarray, index: np.ndarray, pieces: Sequence[slice]) -> Iterator[np.ndarray]:
    """The rows of inputs [N, ...] at index i32[..., T, B], a piece of the T axis after the other: [..., t, B, ...].

    A stream may begin at any batch, as pieces may be any slices and the order is that of the index.
    """
    with quiet():  # about versions of jaxlib
        import grain  # here, because most trainings do not stream and need not wait for it

    def fetch(number: int) -> np.ndarray:
        return inputs[index[..., pieces[number], :]]

    source = grain.MapDataset.range(len(pieces)).map(fetch)
    options = grain.ReadOptions(num_threads=_AHEAD, prefetch_buffer_size=_AHEAD)
    return iter(source.to_iter_dataset(options))
