"""Networks whose published code is written in Keras: sizes, starts, norms and padding as it has them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers.networks import KEY, abstract, maps, number
from jax import lax

from jnl import models
from jnl.models._keras import KerasBatchNorm, pad_same
from jnl.models._layers import Conv


@pytest.mark.parametrize(
    ("name", "classes", "options", "parameters"),
    [
        ("preact_resnet", 10, {"depth": 32}, 175_626 + 3 * 97_440),  # another block in each stage has 97,440
        ("preact_resnet", 100, {"depth": 44}, 175_626 + 5 * 97_440 + 90 * 65),
        ("mlp", 10, {"width": 128, "layers": 2, "he_normal": True}, 118_282),
    ],
)
def test_parameter_counts_with_options(name, classes, options, parameters):
    shape = (28, 28, 1) if name == "mlp" else (32, 32, 3)
    assert number(abstract(name, classes, shape, **options)[1]) == parameters


def test_batch_norm_of_keras_has_its_own_momentum_and_epsilon():
    x = jax.random.normal(KEY, (64, 1)) * 1e-2
    layer = KerasBatchNorm()
    y, new = jax.jit(lambda x: layer.apply(layer.init(KEY, x, False), x, train=True, mutable=["batch_stats"]))(x)
    mean, variance = np.asarray(x, np.float64).mean(), np.asarray(x, np.float64).var()
    np.testing.assert_allclose(y, (x - mean) / np.sqrt(variance + 1e-3), rtol=1e-3, atol=1e-4)
    statistics = new["batch_stats"]["BatchNorm_0"]
    np.testing.assert_allclose(statistics["mean"], [0.01 * mean], rtol=1e-4)
    np.testing.assert_allclose(statistics["var"], [0.99 + 0.01 * variance], rtol=1e-6)


def test_networks_of_keras_start_by_he_normal_with_zero_biases():
    sizes = {"Conv_0": 9 * 3, "Conv_3": 9 * 128, "Dense_0": 3136, "Dense_1": 256}  # inputs of each unit
    module = models.make("cnn6", 10)
    params = jax.jit(lambda: module.init(KEY, jnp.zeros((1, 32, 32, 3)), train=False)["params"])()
    for name, inputs in sizes.items():
        deviation = np.sqrt(2 / inputs)
        assert abs(np.std(params[name]["kernel"]) / deviation - 1) < 0.05
        assert np.abs(params[name]["kernel"]).max() < 2 * deviation / 0.8796 * 1.001  # truncated at twice its own
        assert (params[name]["bias"] == 0).all()


@pytest.mark.parametrize(("size", "side"), [(3, 8), (3, 7), (1, 8), (1, 7)])
@pytest.mark.parametrize("stride", [1, 2])
def test_padding_is_that_of_the_compiler(size, side, stride):
    """Which has TensorFlow's: where one pixel is missing, it is below and right."""
    x = jax.random.normal(KEY, (2, side, side, 3))
    layer = Conv(4, size, 0, stride, bias=False)
    variables = layer.init(KEY, x)
    kernel, axes = variables["params"]["kernel"], ("NHWC", "HWIO", "NHWC")
    expected = lax.conv_general_dilated(x, kernel, (stride, stride), "SAME", dimension_numbers=axes)
    np.testing.assert_allclose(layer.apply(variables, pad_same(x, size, stride)), expected, rtol=1e-4, atol=1e-5)


def test_blocks_with_pre_activation_norm_what_published_code_norms():
    _, variables = abstract("preact_resnet", 10, (32, 32, 3))
    params = variables["params"]
    blocks = [params[f"PreActivatedBlock_{number}"] for number in range(6)]
    assert params.keys() == {"Conv_0", "BatchNorm_0", "BatchNorm_1", "Dense_0"} | {
        f"PreActivatedBlock_{number}" for number in range(6)
    }
    assert blocks[0].keys() == {"Conv_0", "BatchNorm_0", "Conv_1"}  # the norm of the first layer is before it
    assert blocks[1].keys() == {"BatchNorm_0", "Conv_0", "BatchNorm_1", "Conv_1"}
    assert blocks[2].keys() == blocks[1].keys() | {"Conv_2"}
    assert blocks[2]["Conv_2"]["kernel"].shape == (1, 1, 16, 32)
    sides = maps("preact_resnet", (32, 32, 3))
    assert [sides[f"PreActivatedBlock_{number}"]["__call__"] for number in (1, 3, 5)] == [
        ((32, 32, 16),), ((16, 16, 32),), ((8, 8, 64),),
    ]  # fmt: skip


@pytest.mark.parametrize("every", [False, True])
def test_dropout_of_an_mlp_acts_on_its_last_layer_or_on_every_one(every):
    module = models.make("mlp", 10, layers=3, dropout=0.2, dropout_every_layer=every)
    x = jax.random.normal(KEY, (50, 64))

    @jax.jit
    def layers(x):
        variables = module.init(KEY, x, train=False)
        return module.apply(variables, x, train=True, rngs={"dropout": KEY}, capture_intermediates=True)[1]

    seen = layers(x)["intermediates"]
    hidden = range(3) if every else [2]
    assert sum(name.startswith("Dropout") for name in seen) == len(hidden)
    for dropout, layer in enumerate(hidden):
        (before,), (after,) = seen[f"Dense_{layer}"]["__call__"], seen[f"Dropout_{dropout}"]["__call__"]
        active = np.asarray(before) > 0
        assert abs((np.asarray(after)[active] == 0).mean() - 0.2) < 0.02
        kept = active & (np.asarray(after) != 0)
        np.testing.assert_allclose(after[kept], before[kept] / 0.8, rtol=1e-6)
