"""Functions that `vmap` calls once for each entry."""

import jax
import numpy as np
import pytest

from jnl.ops.each_alone import each_alone
from jnl.parallel import flops


def product(x, kernel):
    return x @ kernel


def example(*lead):
    return jax.random.normal(jax.random.key(0), (*lead, 4, 3)), jax.random.normal(jax.random.key(1), (*lead, 3, 2))


@pytest.mark.parametrize("axes", [(0, 0), (None, 0), (0, None)])
def test_value_and_gradient_are_those_of_vmap(axes):
    arguments = tuple(array[0] if axis is None else array for array, axis in zip(example(5), axes, strict=True))

    def results(function):
        together = jax.vmap(function, axes)
        return together(*arguments), jax.grad(lambda *both: (together(*both) ** 2).sum(), (0, 1))(*arguments)

    alone, batched = results(each_alone(product)), results(product)
    jax.tree.map(lambda mine, theirs: np.testing.assert_allclose(mine, theirs, rtol=1e-5), alone, batched)


def test_no_operation_is_batched():
    def loss(x, kernel):
        return each_alone(product)(x, kernel).sum()

    program = str(jax.make_jaxpr(jax.vmap(jax.vmap(jax.grad(loss, (0, 1)))))(*example(2, 3)))
    of_runs_and_networks = [line for line in program.splitlines() if "dot_general" in line]
    assert of_runs_and_networks
    assert not [line for line in of_runs_and_networks if "[2,3," in line or "[3,4," in line]


def test_the_gradient_needs_no_more_operations():
    def operations(function):
        gradient = jax.vmap(jax.grad(lambda x, kernel: function(x, kernel).sum(), (0, 1)))
        return flops.count(gradient, *example(5))

    of_one_product = 2 * 4 * 3 * 2
    assert operations(product) == 5 * 3 * of_one_product  # the value and two gradients
    assert operations(each_alone(product)) <= operations(product)
