"""The flags of JAX that change numbers have fixed values inside jnl."""

import jax
import pytest

from jnl.support.numerics import fixed_numerics


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "tensorfloat32"])
def test_the_default_precision_of_products_is_that_of_the_device(precision):
    with jax.default_matmul_precision(precision):
        with fixed_numerics():
            assert jax.config.values["jax_default_matmul_precision"] is None
            with jax.default_matmul_precision("highest"):  # as `config.precision` does
                assert jax.config.values["jax_default_matmul_precision"] == "highest"
        assert jax.config.values["jax_default_matmul_precision"] == precision
