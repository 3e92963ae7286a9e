"""Compute in float32 and allow NaN, whatever `JAX_ENABLE_X64` and `JAX_DEBUG_NANS` say."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import jax

if hasattr(jax, "enable_x64"):
    _enable_x64 = jax.enable_x64
else:  # before JAX 0.8
    from jax.experimental import enable_x64 as _enable_x64  # type: ignore[attr-defined, no-redef]


@contextmanager
def fixed_numerics() -> Iterator[None]:
    """Compute in float32, and let undefined metrics be NaN: a context manager and a decorator.

    `JAX_ENABLE_X64` would make float64 of some arrays. `JAX_DEBUG_NANS` would end a training at an undefined metric,
    such as the accuracy of a class without test examples; trainings record by themselves which runs have diverged.
    """
    flags = jax.config.values
    with ExitStack() as changed:
        if flags["jax_enable_x64"]:
            changed.enter_context(_enable_x64(False))
        if flags["jax_debug_nans"] or flags["jax_debug_infs"]:
            changed.enter_context(jax.debug_nans(False))
            changed.enter_context(jax.debug_infs(False))
        yield
