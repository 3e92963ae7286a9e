"""Convolution that is fast under vmap over networks and inside loops.

Under vmap, XLA turns its native convolution into a grouped one; inside a loop on CPU, it runs without threads. So there
are three methods:
- `winograd`, on CPU: minimal filtering F(4x4, 3x3) (Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural
  Networks") with 4 times fewer multiplications. It filters a few images at a time, so that their tiles stay in the
  cache. Its own gradient transforms the tiles again instead of storing them. Its rounding error is about 1e-5 of the
  largest value, ten times the error of direct sums.
- `native`, on a GPU if there are many channels: XLA's convolution. On an H200, an epoch of JoCoR with the 7-layer CNN
  took 1.38 s with `native` and 1.73 s with `shifted` for one run, and 1.43 s and 1.92 s for each of 4 runs. With few
  channels `native` was slower: the small CNN took 0.074 s and 0.063 s. From 64 channels on, each network has its own
  convolution there: on an H100 an epoch took 1.64 s with grouped convolutions, and 1.44 s one network after the other.
- `shifted`, in all other cases: shifted images side by side and one matrix product.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.custom_batching import sequential_vmap

from jnl.ops.each_alone import each_alone

# Lavin & Gray, section 4.3: a tile of 6x6 inputs gives 4x4 outputs, y = A [(G k G') * (B x B')] A'. The matrices below
# are B, G and A.
_INPUT = np.array(
    [[4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
     [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1]], np.float32
)  # fmt: skip
_KERNEL = np.array(
    [[1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
     [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1]], np.float32
)  # fmt: skip
_OUTPUT = np.array(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]], np.float32
)  # fmt: skip
_TILE = 4
_TILES_AT_ONCE = 128  # number of tiles that fit in the cache of a core, from measurement
_portable = ContextVar("portable", default=False)
_FEW_CHANNELS = 8  # images have few channels, and nine shifted copies of few channels are small
_MANY_CHANNELS = 64  # one network with so many channels keeps a device busy


@contextmanager
def portable() -> Iterator[None]:
    """Convolve by `native` inside the block, for programs that run elsewhere and on batches of any size."""
    token = _portable.set(True)
    try:
        yield
    finally:
        _portable.reset(token)


def convolve(x: Array, kernel: Array, padding: int, stride: int) -> Array:
    """Convolve images with a kernel, by the fastest method for the device and the shapes.

    Args:
      x: f32[B, H, W, c] images.
      kernel: f32[k, k, c, features].
      padding: number of zeros on each side of an image.
      stride: pixels from one output to the next.

    Returns:
      f32[B, H', W', features] with H' = (H + 2 padding - k) // stride + 1, and W' in the same way.
    """
    if _portable.get():
        return native(x, kernel, padding, stride)
    few, backend = x.shape[-1] <= _FEW_CHANNELS, jax.default_backend()
    if backend == "cpu" and x.dtype == jnp.bfloat16:  # a CPU has no fast products of bfloat16
        x, kernel = x.astype(jnp.float32), kernel.astype(jnp.float32)
        return convolve(x, kernel, padding, stride).astype(jnp.bfloat16)
    if backend == "cpu" and not few and stride == 1 and kernel.shape[0] == 3:
        return winograd(x, kernel, padding)
    if backend == "gpu" and not few:
        return by_itself(partial(native, padding=padding, stride=stride), x.shape[-1])(x, kernel)
    return shifted(x, kernel, padding, stride)


def by_itself(convolution: Callable[[Array, Array], Array], channels: int) -> Callable[[Array, Array], Array]:
    """Return a convolution of so many channels such that each network has its own under vmap, where this is faster."""
    alone = jax.default_backend() == "gpu" and fills_gpu(channels) and not _portable.get()
    return each_alone(convolution) if alone else convolution


def fills_gpu(channels: int) -> bool:
    """Return whether a convolution of so many channels keeps a GPU busy by itself."""
    return channels >= _MANY_CHANNELS


def native(x: Array, kernel: Array, padding: int, stride: int = 1) -> Array:
    """Convolve as `convolve` does, by XLA's own convolution."""
    edge, layout = (padding, padding), ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, kernel, (stride, stride), (edge, edge), dimension_numbers=layout)


def shifted(x: Array, kernel: Array, padding: int, stride: int = 1) -> Array:
    """Convolve as `convolve` does, for any kernel size, by shifted images and one matrix product."""
    size, features = kernel.shape[0], kernel.shape[-1]
    x = jnp.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    height, width = x.shape[1] - size + 1, x.shape[2] - size + 1
    # Columns come first, then rows: the copies of the few channels of single pixels take most of the time on CPU.
    x = jnp.concatenate([x[:, :, j : j + width : stride] for j in range(size)], -1)
    patches = jnp.concatenate([x[:, i : i + height : stride] for i in range(size)], -1)
    product = _product if jax.default_backend() == "cpu" and features >= _MANY_CHANNELS else jnp.matmul
    return product(patches, kernel.reshape(-1, features))


@jax.custom_vjp
def _product(patches: Array, kernel: Array) -> Array:
    """Multiply f32[B, H, W, p] and f32[p, features] without a transposed copy of the result or its gradient.

    Under vmap, one network at a time. In a step of the 7-layer CNN on a CPU, the copies took 130 of 1,990 ms. With few
    features this way is slower: the small CNN, which has 6, took 1.7 times as long.
    """
    return sequential_vmap(jnp.matmul)(patches, kernel)


def _gradient_of_product(saved: tuple[Array, Array], gradient: Array) -> tuple[Array, Array]:
    """Return the gradients of both factors."""

    @sequential_vmap
    def one(patches: Array, kernel: Array, gradient: Array) -> tuple[Array, Array]:
        return gradient @ kernel.T, jnp.tensordot(patches, gradient, ((0, 1, 2), (0, 1, 2)))

    return one(*saved, gradient)


_product.defvjp(lambda *factors: (_product(*factors), factors), _gradient_of_product)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def winograd(x: Array, kernel: Array, padding: int) -> Array:
    """Convolve as `convolve` does, for 3x3 kernels, padding 0 to 2 and stride 1; under vmap, one network at a time."""

    @sequential_vmap
    def one(x: Array, kernel: Array) -> Array:
        transformed = _transform(kernel)
        output = (len(x), *_lengths(x, padding), kernel.shape[-1])
        return lax.map(lambda chunk: _filter(chunk, transformed, padding), _split(x, output)).reshape(output)

    return one(x, kernel)


def _forward(x: Array, kernel: Array, padding: int) -> tuple[Array, tuple[Array, Array]]:
    """Return the result of `winograd`, and what `_backward` needs."""
    return winograd(x, kernel, padding), (x, kernel)


def _backward(padding: int, saved: tuple[Array, Array], gradient: Array) -> tuple[Array, Array]:
    """Return the gradients f32[B, H, W, c] and f32[3, 3, c, features] for the gradient f32[B, H', W', features]."""

    @sequential_vmap
    def one(x: Array, kernel: Array, gradient: Array) -> tuple[Array, Array]:
        turned = _transform(kernel[::-1, ::-1].swapaxes(2, 3))

        def chunk(total: Array, both: tuple[Array, Array]) -> tuple[Array, Array]:
            x, gradient = both
            outputs = jnp.asarray(np.kron(_OUTPUT, _OUTPUT).T) @ _cut_outputs(gradient)
            outputs = outputs.reshape(36, -1, gradient.shape[-1])
            total += jnp.einsum("ptc,ptf->pcf", _tiles(x, padding), outputs)
            return total, _filter(gradient, turned, 2 - padding)

        chunks = (_split(x, gradient.shape), _split(gradient, gradient.shape))
        transformed, of_x = lax.scan(chunk, jnp.zeros((36, *kernel.shape[2:])), chunks)
        transformed = transformed.reshape(6, 6, *kernel.shape[2:])
        return of_x.reshape(x.shape), jnp.einsum("ia,jb,ijcf->abcf", _KERNEL, _KERNEL, transformed)

    return one(*saved, gradient)


winograd.defvjp(_forward, _backward)


def _filter(x: Array, transformed: Array, padding: int) -> Array:
    """Convolve images with a transformed kernel: f32[n, H, W, c], f32[36, c, features] -> f32[n, H', W', features]."""
    height, width = _lengths(x, padding)
    products = jnp.einsum("ptc,pcf->ptf", _tiles(x, padding), transformed)
    outputs = jnp.asarray(np.kron(_OUTPUT, _OUTPUT)) @ products.reshape(36, -1)
    rows, columns = _number(height), _number(width)
    tiles = outputs.reshape(_TILE, _TILE, len(x), rows, columns, -1).transpose(2, 3, 0, 4, 1, 5)
    return tiles.reshape(len(x), rows * _TILE, columns * _TILE, -1)[:, :height, :width]


def _transform(kernel: Array) -> Array:
    """Transform a kernel: f32[3, 3, c, features] -> f32[36, c, features]."""
    return jnp.einsum("ia,jb,abcf->ijcf", _KERNEL, _KERNEL, kernel).reshape(36, *kernel.shape[2:])


def _tiles(x: Array, padding: int) -> Array:
    """Pad images, cut them into 6x6 tiles 4 pixels apart and transform these: f32[n, H, W, c] -> f32[36, tiles, c]."""
    rows, columns = map(_number, _lengths(x, padding))
    below, right = rows * _TILE + 2 - padding - x.shape[1], columns * _TILE + 2 - padding - x.shape[2]
    x = jnp.pad(x, ((0, 0), (padding, below), (padding, right), (0, 0)))
    tiles = jnp.stack([x[:, i : i + rows * _TILE - 3 : _TILE] for i in range(6)])
    tiles = jnp.stack([tiles[:, :, :, j : j + columns * _TILE - 3 : _TILE] for j in range(6)], 1)
    return (jnp.asarray(np.kron(_INPUT, _INPUT)) @ tiles.reshape(36, -1)).reshape(36, -1, x.shape[-1])


def _cut_outputs(gradient: Array) -> Array:
    """Cut the gradient of the outputs into 4x4 tiles: f32[n, H', W', features] -> f32[16, tiles features]."""
    images, height, width, features = gradient.shape
    rows, columns = _number(height), _number(width)
    gradient = jnp.pad(gradient, ((0, 0), (0, rows * _TILE - height), (0, columns * _TILE - width), (0, 0)))
    return gradient.reshape(images, rows, _TILE, columns, _TILE, features).transpose(2, 4, 0, 1, 3, 5).reshape(16, -1)


def _lengths(x: Array, padding: int) -> tuple[int, int]:
    """Return the height and width of the result for a 3x3 kernel."""
    return x.shape[1] + 2 * padding - 2, x.shape[2] + 2 * padding - 2


def _number(length: int) -> int:
    """Return the number of tiles that cover `length` outputs."""
    return -(-length // _TILE)


def _split(x: Array, output: tuple[int, ...]) -> Array:
    """Split a batch into chunks whose tiles fit in the cache: f32[B, ...] -> f32[chunks, n, ...]."""
    most = max(1, _TILES_AT_ONCE // (_number(output[1]) * _number(output[2])))
    at_once = max(number for number in range(1, min(most, len(x)) + 1) if len(x) % number == 0)
    return x.reshape(len(x) // at_once, at_once, *x.shape[1:])
