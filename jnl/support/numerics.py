"""Give the flags of JAX that change numbers, such as `JAX_ENABLE_X64`, the same values in every training."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import jax

if hasattr(jax, "enable_x64"):
    _enable_x64 = jax.enable_x64
else:  # before JAX 0.8
    from jax.experimental import enable_x64 as _enable_x64  # type: ignore[attr-defined, no-redef]

# The flag, its value inside, and what sets it.
_FIXED: tuple[tuple[str, bool | str | None, Callable[..., AbstractContextManager[None]]], ...] = (
    ("jax_enable_x64", False, _enable_x64),
    ("jax_numpy_dtype_promotion", "standard", jax.numpy_dtype_promotion),
    ("jax_threefry_partitionable", True, jax.threefry_partitionable),
    ("jax_default_prng_impl", "threefry2x32", jax.default_prng_impl),
    ("jax_default_matmul_precision", None, jax.default_matmul_precision),  # `config.precision` chooses it
    ("jax_debug_nans", False, jax.debug_nans),
    ("jax_debug_infs", False, jax.debug_infs),
    ("jax_disable_jit", False, jax.disable_jit),
    ("jax_transfer_guard_host_to_device", "allow", jax.transfer_guard_host_to_device),
    ("jax_transfer_guard_device_to_device", "allow", jax.transfer_guard_device_to_device),
    ("jax_transfer_guard_device_to_host", "allow", jax.transfer_guard_device_to_host),
)


@contextmanager
def fixed_numerics() -> Iterator[None]:
    """Compute with float32 arrays and default random numbers, and let undefined metrics be NaN.

    This is a context manager and a decorator.
    `JAX_ENABLE_X64` would make float64 of some arrays. The flags of random numbers would change every result, and a
    training that continues with other ones would mix two streams. The default precision of products would change
    results too; `config.precision` chooses it. `JAX_DEBUG_NANS` would end a training at an undefined metric, such as
    the accuracy of a class without test examples; trainings record by themselves which runs have diverged. With strict
    types, without compilation or without transfers between host and device, jnl cannot work.
    """
    flags = jax.config.values
    with ExitStack() as changed:
        for name, value, context in _FIXED:
            if flags[name] != value:  # the guards are None if nobody has set them, which is the same as "allow"
                changed.enter_context(context(value))
        yield
