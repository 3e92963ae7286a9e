"""Inputs that stay on the host, fetched a few batches ahead of the training, by Grain."""

from collections.abc import Iterator, Sequence

import numpy as np

from jnl.core.quiet import quiet

_AHEAD = 2  # segments that are read before they are needed
BYTES = 2**26  # of a segment, about; large enough that the work once per segment does not matter


def cut(steps: int, segments: int) -> list[slice]:
    """Cut `steps` into about equal segments of at most two lengths; 0 steps give no segment.

    Of two steps at least: of one the compiler makes no loop, and other bits.
    """
    if not steps:
        return []
    ends = np.linspace(0, steps, min(segments, max(1, steps // 2)) + 1).astype(int)
    return [slice(int(begin), int(end)) for begin, end in zip(ends[:-1], ends[1:], strict=True)]


def feed(inputs: np.ndarray, index: np.ndarray, segments: Sequence[slice]) -> Iterator[np.ndarray]:
    """Yield the rows of inputs [N, ...] at index i32[..., T, B], segment by segment of the axis T: [..., t, B, ...].

    The segments may be any slices, so a stream can begin at any batch.
    """
    with quiet():  # about versions of jaxlib
        import grain  # here, because most trainings do not stream and need not wait for it

    def fetch(number: int) -> np.ndarray:
        return inputs[index[..., segments[number], :]]

    source = grain.MapDataset.range(len(segments)).map(fetch)
    options = grain.ReadOptions(num_threads=_AHEAD, prefetch_buffer_size=_AHEAD)
    return iter(source.to_iter_dataset(options))
