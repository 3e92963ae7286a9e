"""Networks: sizes as published, PyTorch's defaults, and our layers against the compiler's own."""

import re
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from conftest import slow_but
from helpers.networks import KEY, abstract, maps, number
from jax import lax

from jnl import models
from jnl.data.readers import word_pooling
from jnl.models._layers import BatchNorm, Conv, Dense, max_pool, max_pool_overlapping
from jnl.models._residual import Block, Bottleneck, ImageNetResNet
from jnl.models.levi_hassner import local_response_normalization
from jnl.models.newsnet import PooledEmbedding
from jnl.ops.convolution import native, shifted, winograd
from jnl.support.errors import UserError

NAMES = models.names()
SHAPES = {name: (32, 32, 3) for name in NAMES} | {
    "mlp": (28, 28, 1),
    "lenet": (28, 28, 1),
    "cnn2": (28, 28, 1),
    "cnn_pair": (28, 28, 1),
    "cnn_faces": (16, 16, 1),
    "levi_hassner": (63, 63, 3),
    "newsnet": (1000,),
}
TOKENS = {"newsnet": {"vocabulary": 50}}  # networks whose inputs are tokens, and the option that this takes


def dtype(name):
    return jnp.int32 if name in TOKENS else jnp.float32


@cache
def initial(name):
    return abstract(name, 7, SHAPES[name], dtype(name), **TOKENS.get(name, {}))[1]


@cache
def traced(name, train, dropout=0.0):
    """The program of a network for 5 inputs and 7 classes, and the form of its result."""
    module = models.make(name, 7, dropout=dropout, **TOKENS.get(name, {}))
    x = jnp.zeros((5, *SHAPES[name]), dtype(name))

    def logits(variables):
        return module.apply(variables, x, train=train, mutable=["batch_stats"], rngs={"dropout": KEY})[0]

    program, form = jax.make_jaxpr(logits, return_shape=True)(initial(name))
    return re.sub("0x[0-9a-f]+", "", str(program)), form


@pytest.mark.parametrize(
    ("name", "shape", "classes", "parameters"),
    [
        ("mlp", (28, 28, 1), 10, 203_530),
        ("newsnet", (4800,), 7, 6_126_607),
        ("levi_hassner", (227, 227, 3), 2, 8_856_066),
        ("cnn_faces", (32, 32, 1), 2, 23_538),
        ("resnet18", (224, 224, 3), 1000, 11_689_512),
        ("resnet50", (224, 224, 3), 1000, 25_557_032),
        ("cnn7", (32, 32, 3), 10, 518_150),
        ("cnn7", (32, 32, 3), 100, 541_280),
        ("cnn9", (28, 28, 1), 10, 4_432_266),
        ("cnn9", (32, 32, 3), 10, 4_434_570),
        ("cnn9", (32, 32, 3), 100, 4_446_180),
        ("cnn_small", (32, 32, 3), 10, 62_006),
        ("cnn_open_set", (32, 32, 3), 10, 1_641_852 - 2_570),
        ("lenet", (28, 28, 1), 10, 61_706),
        ("cnn2", (28, 28, 1), 10, 422_090),
        ("cnn_pair", (28, 28, 1), 10, 18_378),
        ("cnn6", (32, 32, 3), 10, 1_639_794),
        ("preact_resnet", (32, 32, 3), 10, 175_626),
        ("preact_resnet18", (32, 32, 3), 10, 11_171_274),
        ("resnet34", (32, 32, 3), 10, 21_282_122),
        ("resnet34", (32, 32, 3), 100, 21_328_292),
    ],
)
def test_parameter_counts(name, shape, classes, parameters):
    _, variables = abstract(name, classes, shape)
    assert number(variables) == parameters


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if "resnet" in name else []) for name in NAMES],
)
def test_every_network_gives_logits_of_any_batch(name):
    for train in (False, True):
        _, form = traced(name, train)
        assert (form.shape, form.dtype) == ((5, 7), jnp.float32)


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

    def native(variables, x):
        kernel, bias = variables["params"]["kernel"], variables["params"]["bias"]
        window = [(padding, padding)] * 2
        y = lax.conv_general_dilated(x, kernel, (stride, stride), window, dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return y + bias.reshape(1, 1, 1, -1)

    @jax.jit
    def both(x):
        v = layer.init(KEY, x)
        return [(f(v, x), jax.grad(lambda v, f=f: (f(v, x) ** 2).sum())(v)) for f in (layer.apply, native)]

    (value, gradient), (expected, expected_gradient) = both(x)
    np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-5)
    for ours, theirs in zip(*map(jax.tree.leaves, (gradient, expected_gradient)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("shape", [(2, 8, 8, 3), (2, 7, 9, 3)])
@pytest.mark.parametrize(
    ("pool", "size", "padding"),
    [(max_pool, 2, 0), (max_pool_overlapping, 3, 0), (partial(max_pool_overlapping, padding=1), 3, 1)],
)
def test_max_pool_is_the_compilers(pool, size, padding, shape):
    @jax.jit
    def both(x):
        edges = ((0, 0), (padding, padding), (padding, padding), (0, 0))
        native = lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (1, size, size, 1), (1, 2, 2, 1), edges)  # noqa: E731
        return [(f(x), jax.grad(lambda x, f=f: jnp.sin(f(x)).sum())(x)) for f in (pool, native)]

    for ours, theirs in zip(*both(jax.random.normal(KEY, shape)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_batch_norm_has_pytorchs_momentum_and_epsilon():
    x = jax.random.normal(KEY, (64, 2)) * jnp.array([[1e-3, 5.0]])
    layer = BatchNorm()
    y, new = jax.jit(lambda x: layer.apply(layer.init(KEY, x, False), x, train=True, mutable=["batch_stats"]))(x)
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
        variables = jax.jit(lambda layer=layer: layer.init(KEY, jnp.zeros((1, 1000)), train=False))()
        scales.append(np.asarray(variables["params"]["BatchNorm_0"]["scale"]))
    assert (scales[0] == 1).all()
    assert 0 <= scales[1].min() < 0.05
    assert 0.95 < scales[1].max() < 1
    assert "params" in ones


def test_the_network_of_coteaching_plus_has_no_norm_after_its_stem():
    _, variables = abstract("preact_resnet18", 200, (56, 56, 3), stem_norm=False)
    assert number(variables) == 11_268_616


@pytest.mark.slow
def test_a_residual_network_sees_the_whole_of_a_larger_image():
    network = models.wrap(models.make("preact_resnet18", 3))
    images = jax.random.uniform(jax.random.key(0), (1, 96, 96, 3))
    params, statistics = network.init(jax.random.key(1), images)
    one, other = (
        network.apply(params, statistics, each, False, jax.random.key(0))[0]
        for each in (images, images.at[:, 72:, 72:].set(0))
    )
    assert np.abs(one - other).max() > 1e-4


@pytest.mark.parametrize("name", slow_but("mlp cnn7 newsnet", NAMES))
def test_dropout_is_an_option_of_every_network(name):
    with pytest.raises(UserError, match="model.dropout: 1.5"):
        abstract(name, 3, SHAPES[name], dtype(name), dropout=1.5, **TOKENS.get(name, {}))
    assert "random_bits" in traced(name, True, 0.5)[0]
    assert "random_bits" not in traced(name, True)[0]
    assert traced(name, False, 0.5)[0] == traced(name, False)[0]


def test_wrong_networks_are_told():
    with pytest.raises(UserError, match="did you mean 'cnn_small'"):
        models.make("cnn_smal", 10)
    with pytest.raises(UserError, match="model.widht.*did you mean 'width'"):
        models.make("mlp", 10, widht=3)
    with pytest.raises(UserError, match="model.width: 2.5; give a whole number of at least 1"):
        models.make("mlp", 10, width=2.5)
    with pytest.raises(UserError, match="model.width: 0"):
        models.make("mlp", 10, width=0)
    with pytest.raises(UserError, match="model.layers: 0"):
        models.make("mlp", 10, layers=0)
    for name, shape in (("cnn9", (8, 8, 1)), ("cnn_faces", (7, 16, 1)), ("levi_hassner", (63, 62, 3))):
        with pytest.raises(UserError, match="too small for this network"):
            abstract(name, 10, shape)
    with pytest.raises(UserError, match="model.vocabulary: 0"):
        abstract("newsnet", 7, (1000,), jnp.int32)
    with pytest.raises(UserError, match="a multiple of 5 tokens, not 999"):
        abstract("newsnet", 7, (999,), jnp.int32, vocabulary=9)
    for depth in (2, 18):
        with pytest.raises(UserError, match=f"model.depth: {depth}; give 6 n"):
            models.make("preact_resnet", 10, depth=depth)
    with pytest.raises(UserError, match="bn_scale_init"):
        abstract("cnn7", 10, (32, 32, 3), bn_scale_init="one")


def test_more_layers_of_an_mlp_are_as_wide():
    _, variables = abstract("mlp", 10, (28, 28, 1), layers=3)
    assert number(variables) == 203_530 + 2 * (256 * 256 + 256)
    _, published = abstract("mlp", 10, (28, 28, 1))
    assert list(published["params"]) == ["Dense_0", "Dense_1"]


@pytest.mark.slow
def test_residual_networks_for_large_images_shrink_where_torchvision_does():
    small, large = maps("resnet18", (224, 224, 3)), maps("resnet50", (224, 224, 3))
    for layers, block, last, expansion in ((small, "Block", (1, 3, 5, 7), 1), (large, "Bottleneck", (2, 6, 12, 15), 4)):
        assert layers["Conv_0"]["__call__"] == ((112, 112, 64),)
        for stage, position in enumerate(last):
            side = 56 // 2**stage
            assert layers[f"{block}_{position}"]["__call__"] == ((side, side, 64 * 2**stage * expansion),)
    sides = [large["Bottleneck_3"][f"Conv_{i}"]["__call__"][0][0] for i in range(4)]
    assert sides == [56, 28, 28, 28]


@pytest.mark.slow
def test_the_resnet50_for_small_images_starts_without_padding_or_pool():
    _, variables = abstract("resnet50", 10, (32, 32, 3), small_images=True)
    assert number(variables) == 25_557_032 - 990 * 2049 - (7 * 7 - 3 * 3) * 3 * 64
    layers = maps("resnet50", (32, 32, 3), small_images=True)
    assert layers["Conv_0"]["__call__"] == ((30, 30, 64),)
    sides = [layers[f"Bottleneck_{position}"]["__call__"][0] for position in (2, 6, 12, 15)]
    assert sides == [(30, 30, 256), (15, 15, 512), (8, 8, 1024), (4, 4, 2048)]  # of which all is pooled


@pytest.mark.parametrize("block", [Block, Bottleneck])
def test_convolutions_of_torchvision_start_by_their_outputs(block):
    module = ImageNetResNet(10, block, (1, 0, 0, 0), 0.0)
    params = jax.jit(lambda: module.init(KEY, jnp.zeros((1, 32, 32, 3)), train=False)["params"])()
    kernels = params["Conv_0"]["kernel"], params[f"{block.__name__}_0"]["Conv_1"]["kernel"]
    for kernel, size in zip(kernels, (7, 3), strict=True):
        assert abs(np.std(kernel) / np.sqrt(2 / (size * size * 64)) - 1) < 0.05


@pytest.mark.slow
def test_the_face_network_starts_as_published():
    module = models.make("levi_hassner", 2)
    params = jax.jit(lambda: module.init(KEY, jnp.zeros((1, 63, 63, 3)), train=False)["params"])()
    starts = {"Conv_0": (0.01, 0), "Conv_1": (0.01, 1), "Conv_2": (0.01, 0)}
    starts |= {"Dense_0": (0.005, 1), "Dense_1": (0.005, 1), "Dense_2": (0.01, 0)}
    assert params.keys() == starts.keys()
    for layer, (deviation, bias) in starts.items():
        assert abs(np.std(params[layer]["kernel"]) / deviation - 1) < 0.1
        assert (params[layer]["bias"] == bias).all()


def test_local_response_normalization_divides_by_near_channels():
    x = 100 * np.random.default_rng(0).normal(size=(2, 3, 1, 16))
    expected = np.empty_like(x)
    for channel in range(16):
        near = x[..., max(0, channel - 5) : channel + 6]
        expected[..., channel] = x[..., channel] / (1 + 1e-4 * (near**2).sum(-1)) ** 0.75
    np.testing.assert_allclose(local_response_normalization(jnp.float32(x)), expected, rtol=1e-5)


def test_tokens_are_pooled_as_their_vectors_one_after_the_other():
    tokens = np.random.default_rng(0).integers(0, 40, (3, 10), np.int32)
    layer = PooledEmbedding(40)
    vectors = jax.random.normal(KEY, (40, 300))

    def plain(vectors):
        flat = vectors[tokens].reshape(3, 3000)
        ends = [(int(np.floor(62.5 * j)), int(np.ceil(62.5 * (j + 1)))) for j in range(48)]
        return jnp.stack([flat[:, start:stop].mean(1) for start, stop in ends], 1)

    @jax.jit
    def both(vectors):
        mine = lambda vectors: layer.apply({"params": {"embedding": vectors}}, tokens)  # noqa: E731
        return [(f(vectors), jax.grad(lambda v, f=f: jnp.sin(9 * f(v)).sum())(vectors)) for f in (mine, plain)]

    (mine, gradient), (expected, expected_gradient) = both(vectors)
    np.testing.assert_allclose(mine, expected, atol=1e-6)
    np.testing.assert_allclose(word_pooling.pool(np.asarray(vectors), tokens), expected, atol=1e-6)
    np.testing.assert_allclose(gradient, expected_gradient, atol=1e-5)
    assert np.abs(expected_gradient).max() > 0.1


def test_windows_of_adaptive_pooling_overlap_where_they_do_not_divide():
    start, stop = word_pooling.windows(300_000, 4800)
    assert (stop - start == 63).all()
    assert (start[:3].tolist(), stop[-1]) == ([0, 62, 125], 300_000)
    start, stop = word_pooling.windows(7, 3)
    assert (start.tolist(), stop.tolist()) == ([0, 2, 4], [3, 5, 7])


@pytest.mark.parametrize("lowering", [winograd, shifted])
@pytest.mark.parametrize(
    ("batch", "height", "width", "padding"), [(4, 16, 16, 1), (3, 8, 8, 0), (5, 7, 10, 1), (2, 3, 3, 0), (6, 5, 8, 2)]
)
def test_a_convolution_equals_the_native_one_in_value_and_gradient(lowering, batch, height, width, padding):
    random = np.random.default_rng(0)
    x = jnp.asarray(random.normal(size=(batch, height, width, 9)), jnp.float32)
    kernel = jnp.asarray(random.normal(size=(3, 3, 9, 4)), jnp.float32)

    @partial(jax.jit, static_argnums=0)
    def all_of(convolution, x, kernel):
        value, pull = jax.vjp(lambda x, kernel: convolution(x, kernel, padding), x, kernel)
        return value, *pull(jnp.asarray(np.sin(np.arange(value.size, dtype=np.float32)).reshape(value.shape)))

    for mine, expected in zip(all_of(lowering, x, kernel), all_of(native, x, kernel), strict=True):
        # Winograd's own rounding: 1.3e-5 of the largest value was the most seen against float64.
        np.testing.assert_allclose(mine, expected, atol=3e-5 * np.abs(expected).max())


@pytest.mark.parametrize("lowering", [winograd, native])
def test_a_convolution_under_vmap_is_that_of_each_network(lowering):
    random = np.random.default_rng(0)
    x = jnp.asarray(random.normal(size=(8, 8, 8, 9)), jnp.float32)
    kernels = jnp.asarray(random.normal(size=(2, 3, 3, 9, 4)), jnp.float32)

    @jax.jit
    def gradients(kernel):
        return jax.value_and_grad(lambda x, kernel: jnp.sin(lowering(x, kernel, 1)).sum(), (0, 1))(x, kernel)

    together = jax.jit(jax.vmap(gradients))(kernels)
    for network in range(2):
        for mine, alone in zip(*map(jax.tree.leaves, (together, gradients(kernels[network]))), strict=True):
            np.testing.assert_allclose(mine[network], alone, atol=1e-6 * np.abs(alone).max())
