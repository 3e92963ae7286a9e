"""Networks: sizes as published, PyTorch's defaults, and our layers against the compiler's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from jnl import models
from jnl.errors import UserError
from jnl.models._convolution import shifted, winograd
from jnl.models._layers import BatchNorm, Conv, Dense, max_pool

KEY = jax.random.key(0)
SHAPES = {name: (28, 28, 1) if name == "mlp" else (32, 32, 3) for name in models.names()}


def abstract(name, classes, shape, **options):
    module = models.make(name, classes, **options)
    return module, jax.eval_shape(lambda: module.init(KEY, jnp.zeros((1, *shape)), train=False))


@pytest.mark.parametrize(
    ("name", "shape", "classes", "parameters"),
    [
        ("mlp", (28, 28, 1), 10, 203_530),
        ("cnn7", (32, 32, 3), 10, 518_150),
        ("cnn7", (32, 32, 3), 100, 541_280),
        ("cnn9", (28, 28, 1), 10, 4_432_266),
        ("cnn9", (32, 32, 3), 10, 4_434_570),
        ("cnn9", (32, 32, 3), 100, 4_446_180),
        ("cnn_small", (32, 32, 3), 10, 62_006),
        ("cnn_open_set", (32, 32, 3), 10, 1_641_852 - 2_570),
        ("preact_resnet18", (32, 32, 3), 10, 11_171_274),
        ("resnet34", (32, 32, 3), 10, 21_282_122),
        ("resnet34", (32, 32, 3), 100, 21_328_292),
    ],
)
def test_parameter_counts(name, shape, classes, parameters):
    _, variables = abstract(name, classes, shape)
    assert sum(leaf.size for leaf in jax.tree.leaves(variables["params"])) == parameters


@pytest.mark.parametrize("name", models.names())
def test_every_network_gives_logits_of_any_batch(name):
    module, variables = abstract(name, 7, SHAPES[name])
    for train in (False, True):
        logits, _ = jax.eval_shape(
            lambda v, train=train: module.apply(
                v, jnp.zeros((5, *SHAPES[name])), train=train, mutable=["batch_stats"], rngs={"dropout": KEY}
            ),
            variables,
        )
        assert (logits.shape, logits.dtype) == ((5, 7), jnp.float32)


@pytest.mark.parametrize("layer", [Dense(64), Conv(64, size=3)])
def test_weights_and_biases_start_as_in_pytorch(layer):
    x = jnp.zeros((1, 9, 9, 16)) if isinstance(layer, Conv) else jnp.zeros((1, 144))
    limit = 1 / np.sqrt(144)
    leaves = jax.tree.leaves(jax.jit(layer.init)(KEY, x))
    assert len(leaves) == 2
    for leaf in map(np.asarray, leaves):
        assert np.abs(leaf).max() <= limit
        assert np.abs(leaf).max() > 0.9 * limit
        assert abs(leaf.std() - limit / np.sqrt(3)) < 0.15 * limit


@pytest.mark.parametrize(("size", "padding", "stride"), [(3, 1, 1), (3, 0, 1), (5, 0, 1), (3, 1, 2), (1, 0, 2)])
def test_convolution_is_the_compilers(size, padding, stride):
    x = jax.random.normal(KEY, (2, 9, 8, 3))
    layer = Conv(4, size, padding, stride)
    variables = layer.init(KEY, x)
    kernel, bias = variables["params"]["kernel"], variables["params"]["bias"]

    def native(x, kernel):
        window = [(padding, padding)] * 2
        return lax.conv_general_dilated(x, kernel, (stride, stride), window, dimension_numbers=("NHWC", "HWIO", "NHWC"))

    expected = native(x, kernel) + bias.reshape(1, 1, 1, -1)
    np.testing.assert_allclose(layer.apply(variables, x), expected, rtol=1e-4, atol=1e-5)
    ours = jax.grad(lambda k: (layer.apply({"params": {"kernel": k, "bias": bias}}, x) ** 2).sum())(kernel)
    theirs = jax.grad(lambda k: ((native(x, k) + bias.reshape(1, 1, 1, -1)) ** 2).sum())(kernel)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("shape", [(2, 8, 8, 3), (2, 7, 9, 3)])
def test_max_pool_is_the_compilers(shape):
    x = jax.random.normal(KEY, shape)
    expected = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    np.testing.assert_array_equal(max_pool(x), expected)


def test_batch_norm_has_pytorchs_momentum_and_epsilon():
    x = jax.random.normal(KEY, (64, 2)) * jnp.array([[1e-3, 5.0]])
    layer = BatchNorm()
    variables = layer.init(KEY, x, train=False)
    y, new = layer.apply(variables, x, train=True, mutable=["batch_stats"])
    mean, variance = np.asarray(x, np.float64).mean(0), np.asarray(x, np.float64).var(0)
    np.testing.assert_allclose(y, (x - mean[None]) / np.sqrt(variance + 1e-5)[None], rtol=1e-3, atol=1e-4)
    statistics = new["batch_stats"]["BatchNorm_0"]
    np.testing.assert_allclose(statistics["mean"], 0.1 * mean, rtol=1e-4)
    np.testing.assert_allclose(statistics["var"], 0.9 + 0.1 * variance, rtol=1e-3)


def test_batch_norm_scale_of_the_published_runs():
    _, ones = abstract("cnn7", 10, (32, 32, 3))
    scales = []
    for option in ("ones", "uniform"):
        layer = BatchNorm(option)
        variables = layer.init(KEY, jnp.zeros((1, 1000)), train=False)
        scales.append(np.asarray(variables["params"]["BatchNorm_0"]["scale"]))
    assert (scales[0] == 1).all()
    assert 0 <= scales[1].min() < 0.05
    assert 0.95 < scales[1].max() < 1
    assert "params" in ones


def test_the_network_of_coteaching_plus_has_no_norm_after_its_stem():
    _, variables = abstract("preact_resnet18", 200, (56, 56, 3), stem_norm=False)
    assert sum(leaf.size for leaf in jax.tree.leaves(variables["params"])) == 11_268_616


@pytest.mark.parametrize("name", models.names())
def test_dropout_is_an_option_of_every_network(name):
    x = jnp.ones((4, *SHAPES[name]))
    with pytest.raises(UserError, match="model.dropout: 1.5"):
        jax.eval_shape(lambda: models.make(name, 3, dropout=1.5).init(KEY, x, train=False))
    module = models.make(name, 3, dropout=0.5)
    variables = jax.eval_shape(lambda: module.init(KEY, x, train=False))
    text = str(jax.make_jaxpr(lambda v: module.apply(v, x, True, mutable=True, rngs={"dropout": KEY}))(variables))
    assert "random_bits" in text


def test_dropout_of_the_9_layer_network_is_off_unless_asked():
    x = jax.random.uniform(KEY, (2, 28, 28, 1))
    plain, dropped = models.make("cnn9", 3), models.make("cnn9", 3, dropout=0.5)
    variables = jax.jit(lambda: plain.init(KEY, x, train=False))()

    @jax.jit
    def outputs(key):
        def train(module):
            return module.apply(variables, x, train=True, mutable=["batch_stats"], rngs={"dropout": key})[0]

        return (
            train(plain),
            train(dropped),
            dropped.apply(variables, x, train=False),
            plain.apply(variables, x, train=False),
        )

    first, second = outputs(jax.random.key(1)), outputs(jax.random.key(2))
    np.testing.assert_array_equal(first[0], second[0])
    assert not np.array_equal(first[1], second[1])
    np.testing.assert_array_equal(first[2], first[3])


def test_wrong_networks_are_told():
    with pytest.raises(UserError, match="did you mean 'cnn_small'"):
        models.make("cnn_smal", 10)
    with pytest.raises(UserError, match="model.widht.*did you mean 'width'"):
        models.make("mlp", 10, widht=3)
    with pytest.raises(UserError, match="model.width: 0"):
        models.make("mlp", 10, width=0)
    with pytest.raises(UserError, match="too small for this network"):
        abstract("cnn9", 10, (8, 8, 1))
    with pytest.raises(UserError, match="bn_scale_init"):
        abstract("cnn7", 10, (32, 32, 3), bn_scale_init="one")


@pytest.mark.parametrize("lowering", [winograd, shifted])
@pytest.mark.parametrize(
    ("batch", "height", "width", "padding"), [(4, 16, 16, 1), (3, 8, 8, 0), (5, 7, 10, 1), (2, 3, 3, 0), (6, 5, 8, 2)]
)
def test_a_convolution_equals_the_native_one_in_value_and_gradient(lowering, batch, height, width, padding):
    random = np.random.default_rng(0)
    x = jnp.asarray(random.normal(size=(batch, height, width, 9)), jnp.float32)
    kernel = jnp.asarray(random.normal(size=(3, 3, 9, 4)), jnp.float32)

    def native(x, kernel, padding):
        edge = (padding, padding)
        return lax.conv_general_dilated(x, kernel, (1, 1), (edge, edge), dimension_numbers=("NHWC", "HWIO", "NHWC"))

    def all_of(convolution):
        value, pull = jax.vjp(lambda x, kernel: convolution(x, kernel, padding), x, kernel)
        return value, *pull(jnp.asarray(np.sin(np.arange(value.size, dtype=np.float32)).reshape(value.shape)))

    for mine, expected in zip(all_of(lowering), all_of(native), strict=True):
        # Winograd's own rounding: 1.3e-5 of the largest value was the most seen against float64.
        np.testing.assert_allclose(mine, expected, atol=3e-5 * np.abs(expected).max())


def test_a_convolution_under_vmap_is_that_of_each_network():
    random = np.random.default_rng(0)
    x = jnp.asarray(random.normal(size=(8, 8, 8, 9)), jnp.float32)
    kernels = jnp.asarray(random.normal(size=(2, 3, 3, 9, 4)), jnp.float32)

    def gradients(kernel):
        return jax.value_and_grad(lambda x, kernel: jnp.sin(winograd(x, kernel, 1)).sum(), (0, 1))(x, kernel)

    together = jax.vmap(gradients)(kernels)
    for network in range(2):
        for mine, alone in zip(*map(jax.tree.leaves, (together, gradients(kernels[network]))), strict=True):
            np.testing.assert_allclose(mine[network], alone, atol=1e-6 * np.abs(alone).max())
