"""Inputs that stay on the host. Grain reads them a few segments before the training needs them."""

from collections.abc import Iterator, Sequence

import numpy as np

from jnl.support.quiet import quiet

_AHEAD = 2  # number of segments that are read before they are needed
BYTES = 2**26  # approximate size of a segment, so large that the fixed cost of a segment does not matter


def cut(steps: int, segments: int) -> list[slice]:
    """Cut steps into segments of about equal length.

    A segment has at least two steps, unless `steps` is 1. For a segment of one step the compiler makes no loop, and the
    bits differ.

    Args:
      steps: number of steps.
      segments: number of segments that is wanted.

    Returns:
      The segments, of at most two different lengths. There is none if `steps` is 0.
    """
    if not steps:
        return []
    ends = np.linspace(0, steps, min(segments, max(1, steps // 2)) + 1).astype(int)
    return [slice(int(begin), int(end)) for begin, end in zip(ends[:-1], ends[1:], strict=True)]


def feed(inputs: np.ndarray, index: np.ndarray, segments: Sequence[slice]) -> Iterator[np.ndarray]:
    """Yield the inputs of one segment after the other.

    Args:
      inputs: [N, ...] inputs of all examples.
      index: i32[..., T, B] rows of the examples of T batches.
      segments: slices of the axis T. They may begin at any batch.

    Yields:
      [..., t, B, ...] inputs of the t batches of a segment.
    """
    with quiet():  # the import logs messages about versions of jaxlib
        import grain  # imported here, because most trainings do not stream and need not wait for this import

    def fetch(number: int) -> np.ndarray:
        return inputs[index[..., segments[number], :]]

    source = grain.MapDataset.range(len(segments)).map(fetch)
    options = grain.ReadOptions(num_threads=_AHEAD, prefetch_buffer_size=_AHEAD)
    return iter(source.to_iter_dataset(options))
