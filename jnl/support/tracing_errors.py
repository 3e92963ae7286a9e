"""What an error of JAX says to the author of a method or metric that cannot be compiled."""

import jax

# TracerBoolConversionError is one of the first kind
TRACING_ERRORS = (
    jax.errors.ConcretizationTypeError,
    jax.errors.NonConcreteBooleanIndexError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
)


def explained(error: Exception) -> str:
    """Return what in a method or metric causes one of the `TRACING_ERRORS`, and what to do."""
    if isinstance(error, jax.errors.NonConcreteBooleanIndexError):
        return (
            "an array is indexed with a mask, such as loss[loss > 0], whose size the compiled program does not know; "
            "use jnp.where, or masked_mean with this mask"
        )
    if isinstance(error, jax.errors.TracerArrayConversionError):
        return "NumPy gets an array whose values are not known yet; use jax.numpy"
    return (
        "an `if`, float(), int() or the size of an array, as of jnp.nonzero, depends on a loss, a logit, a label "
        "or a hyperparameter, whose values the compiled program does not know yet; use jnp.where"
    )
