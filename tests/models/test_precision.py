"""The setting `precision`: which arrays have which type, and what a training in bfloat16 gives."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from conftest import quick
from flax import linen as nn
from flax import nnx
from jax.extend.core import ClosedJaxpr, Jaxpr

import jnl
from jnl import models
from jnl.core.train_state import forward, init
from jnl.parallel.layout import fills_device
from jnl.support.errors import UserError


class ConvolutionAndNorm(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        x = nn.relu(nn.BatchNorm(use_running_average=not train)(nn.Conv(4, (3, 3))(x)))
        self.sow("intermediates", "features", x := x.mean((1, 2)))
        return nn.Dense(3)(x)


class WideConvolutions(nn.Module):
    """Convolutions that `ops.convolution` does not have: with dilation, and with 64 and more channels."""

    @nn.compact
    def __call__(self, x):
        for features in (64, 80, 64):
            x = nn.relu(nn.Conv(features, (3, 3), kernel_dilation=2)(x))
        return nn.Dense(3)(x.mean((1, 2)))


class OfNnx(nnx.Module):
    def __init__(self, rngs):
        self.dense = nnx.Linear(3, 3, rngs=rngs)

    def __call__(self, x):
        return self.dense(x.mean((1, 2)))


def products(network, inputs):
    """Return (type of the result, precision that is asked for) of each matrix product and convolution of a network."""
    params, stats = network.init(jax.random.key(0), inputs)
    program = jax.make_jaxpr(lambda *args: network.apply(*args, True, jax.random.key(0)))(params, stats, inputs)
    return list(products_of(program.jaxpr))


def products_of(program):
    for equation in program.eqns:
        if equation.primitive.name in ("dot_general", "conv_general_dilated"):
            yield str(equation.outvars[0].aval.dtype), str(equation.params["precision"])
        for inner in jax.tree.leaves(list(equation.params.values()), is_leaf=lambda leaf: hasattr(leaf, "eqns")):
            if isinstance(inner, ClosedJaxpr | Jaxpr):
                yield from products_of(getattr(inner, "jaxpr", inner))


IMAGES = jnp.asarray(np.random.default_rng(0).normal(size=(5, 8, 8, 3)), jnp.float32)


@pytest.mark.parametrize(
    "module",
    [
        pytest.param(ConvolutionAndNorm(), id="linen"),
        pytest.param(OfNnx, id="nnx"),
        pytest.param(models.make("cnn_small", 3), id="jnl", marks=pytest.mark.slow),
    ],
)
def test_bfloat16_multiplies_in_bfloat16_and_returns_float32(module):
    images = jnp.zeros((2, 32, 32, 3)) if isinstance(module, nn.Module) else IMAGES
    network = models.wrap(module, "bfloat16")
    params, stats = network.init(jax.random.key(0), images)
    returned = network.apply(params, stats, images, True, jax.random.key(0))
    gradient = jax.grad(lambda params: network.apply(params, stats, images, True, jax.random.key(0))[0].sum())(params)
    for leaf in jax.tree.leaves((params, stats, returned, gradient)):
        assert leaf.dtype == jnp.float32
    found = products(network, images)
    assert found[-1][0] == "bfloat16"  # the last layer; on a CPU convolutions compute in float32


@pytest.mark.parametrize(
    ("precision", "expected"),
    [("float32", "HIGHEST, Precision.HIGHEST"), ("tf32", "HIGH, Precision.HIGH)"), ("auto", "None")],
)
def test_products_of_float32_ask_for_their_precision(precision, expected):
    found = products(models.wrap(ConvolutionAndNorm(), precision), IMAGES)
    assert len(found) == 2
    for kind, asked in found:
        assert kind == "float32" and expected in asked


def test_batch_statistics_do_not_lose_digits():
    """A running mean in bfloat16 would stop after a few steps: 256 + 0.1 is 256."""
    network = models.wrap(ConvolutionAndNorm(), "bfloat16")
    params, stats = network.init(jax.random.key(0), IMAGES)
    far = jax.tree.map(lambda leaf: leaf + 256, stats)
    new = network.apply(params, far, IMAGES, True, jax.random.key(0))[2]
    moved = jax.tree.leaves(jax.tree.map(lambda before, after: (after / before - 0.99).max(), far, new))
    assert max(map(abs, moved)) < 0.01 and all(value != 0 for value in moved)


@pytest.mark.slow
def test_a_short_training_agrees_with_float32_within_the_deviation_over_runs():
    config = quick("jocor", epochs=8, seeds=5)
    exact = jnl.run(config).metrics["test_accuracy"][:, -1].mean(-1)
    config.precision = "bfloat16"
    rounded = jnl.run(config).metrics["test_accuracy"][:, -1].mean(-1)
    assert (rounded != exact).any()
    assert abs(rounded.mean() - exact.mean()) <= exact.std()


@pytest.mark.slow
def test_the_precision_belongs_to_the_training_and_to_its_model(tmp_path):
    config = quick("standard", epochs=1, seeds=1, precision="bfloat16")
    history = jnl.run(config, tmp_path)
    digits = jnl.data.load("digits").test.inputs
    loaded = jnl.load(tmp_path)
    assert loaded.programs[0].network.precision == "bfloat16"
    np.testing.assert_array_equal(loaded.predict_proba(digits), history.predict_proba(digits))
    config.precision = "float32"
    with pytest.raises(UserError, match="precision: 'bfloat16' there, 'float32' here"):
        jnl.run(config, tmp_path)


def test_unknown_precision_is_told():
    with pytest.raises(UserError, match="did you mean 'bfloat16'"):
        jnl.run(quick(precision="bfloat"))


@pytest.mark.parametrize("own", [models.make("cnn7", 3), WideConvolutions()], ids=["cnn7", "others"])
def test_on_a_gpu_networks_have_separate_convolutions(monkeypatch, own):
    """There a grouped convolution of wide networks is slow. The program is compiled for a CPU here."""
    network = models.wrap(own)
    state = init(network, 2, optax.sgd(0.1), jax.random.key(0), IMAGES[:1], 5)

    def gradient(params):
        def loss(params):
            return (forward(network, params, state.batch_stats, IMAGES, jax.random.key(1))[0] ** 2).sum()

        return jax.value_and_grad(loss)(params)

    expected = jax.jit(gradient)(state.params)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    program = jax.jit(lambda params: gradient(params)).lower(state.params)  # a new function, which is traced again
    groups = re.findall(r"feature_group_count = (\d+)|batch_group_count = (\d+)", program.as_text())
    assert len(groups) > 10
    assert {number for pair in groups for number in pair} <= {"", "1"}
    for mine, right in zip(*map(jax.tree.leaves, (program.compile()(state.params), expected)), strict=True):
        np.testing.assert_allclose(mine, right, atol=2e-4 * np.abs(right).max() + 1e-5)


@pytest.mark.parametrize(
    ("name", "expected"), [("mlp", False), ("cnn_small", False), ("cnn7", True), ("resnet18", True)]
)
def test_wide_convolutions_fill_a_device(name, expected):
    network = models.wrap(models.make(name, 10))
    params, _ = jax.eval_shape(lambda: network.init(jax.random.key(0), jnp.zeros((1, 32, 32, 3))))
    assert (
        fills_device(jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((2, *leaf.shape), leaf.dtype), params)) == expected
    )
