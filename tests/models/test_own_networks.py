"""Networks of the caller: linen and nnx modules train as they are, and what cannot work is one clear line."""

import pickle
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from conftest import quick
from flax import linen as nn
from flax import nnx
from helpers import of_others
from jax import lax

import jnl
from jnl.models import wrap
from jnl.models._network import convolution

IMAGES = jnp.ones((4, 8, 8, 1))


class Linen(nn.Module):
    """A network as people write it in linen, with every kind of layer that behaves differently in training."""

    rate: float = 0.5

    @nn.compact
    def __call__(self, x, train):
        x = nn.relu(nn.Conv(4, (3, 3))(x))
        x = nn.BatchNorm(use_running_average=not train)(x)
        x = nn.Dropout(self.rate, deterministic=not train)(x.reshape(len(x), -1))
        return nn.Dense(10)(x)


class Nnx(nnx.Module):
    """The same in nnx."""

    def __init__(self, rngs):
        self.conv = nnx.Conv(1, 4, (3, 3), rngs=rngs)
        self.norm = nnx.BatchNorm(4, rngs=rngs)
        self.drop = nnx.Dropout(0.5, rngs=rngs)
        self.out = nnx.Linear(8 * 8 * 4, 10, rngs=rngs)

    def __call__(self, x):
        x = self.norm(nnx.relu(self.conv(x)))
        return self.out(self.drop(x.reshape(len(x), -1)))


def slow_but_first(values, number):
    """Parameters that are marked slow, except the first ones."""
    return [pytest.param(value, marks=[] if place < number else pytest.mark.slow) for place, value in enumerate(values)]


NETWORKS = {"linen": Linen(), "nnx class": Nnx, "nnx function": lambda rngs: Nnx(rngs)}


@pytest.mark.parametrize("model", slow_but_first(NETWORKS.values(), 2), ids=NETWORKS)
def test_it_trains_with_dropout_and_batch_statistics(model):
    network = wrap(model)
    params, batch_stats = network.init(jax.random.key(0), IMAGES)
    one, features, new = network.apply(params, batch_stats, IMAGES, True, jax.random.key(1))
    other, _, _ = network.apply(params, batch_stats, IMAGES, True, jax.random.key(2))
    assert one.shape == (4, 10) and features is None
    assert not np.array_equal(one, other)  # dropout
    assert not all(map(np.array_equal, jax.tree.leaves(new), jax.tree.leaves(batch_stats)))
    seen = [network.apply(params, batch_stats, IMAGES, False, jax.random.key(number)) for number in (1, 2)]
    np.testing.assert_array_equal(seen[0][0], seen[1][0])
    for kept, before in zip(jax.tree.leaves(seen[0][2]), jax.tree.leaves(batch_stats), strict=True):
        np.testing.assert_array_equal(kept, before)


def test_a_network_of_a_named_class_can_be_pickled():
    """So can a classifier with it, which other processes may train."""
    for network in (wrap(Linen()), wrap(Nnx)):
        again = pickle.loads(pickle.dumps(network))
        assert again == network
        for one, other in zip(
            *(jax.tree.leaves(each.init(jax.random.key(0), IMAGES)) for each in (again, network)), strict=True
        ):
            np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_a_training_with_it_goes_on_where_it_stopped(tmp_path, capsys):
    config, model = quick("jocor"), NETWORKS["nnx class"]
    whole = jnl.run(config, tmp_path / "whole", model=model)
    part = jnl.run(config, tmp_path / "part", model=model, on_epoch_end=lambda epoch, metrics: epoch == 1)
    assert part.metrics["test_accuracy"].shape[1] == 2
    assert not (tmp_path / "part" / "summary.json").exists()
    again = jnl.run(config, tmp_path / "part", model=model)
    assert "continues after" in capsys.readouterr().err
    for one, other in zip(*map(jax.tree.leaves, (again.state.params, whole.state.params)), strict=True):
        np.testing.assert_array_equal(one, other)


class Scaled(nn.Module):
    """Its parameters have the same shapes whatever the scale is."""

    scale: float = 1.0

    @nn.compact
    def __call__(self, x):
        return self.scale * nn.Dense(10)(x.reshape(len(x), -1))


def test_a_training_does_not_go_on_with_another_network(tmp_path, caplog):
    """And its weights are not loaded into another one without a word."""
    config = quick("standard")
    jnl.run(config, tmp_path, model=Scaled(), on_epoch_end=lambda epoch, metrics: epoch == 0)
    with pytest.raises(jnl.UserError, match="has another network than `model`; give that one"):
        jnl.run(config, tmp_path, model=Scaled(2.0))
    assert jnl.run(config, tmp_path, model=Scaled()).metrics["test_accuracy"].shape[1] == config.epochs
    jnl.load(tmp_path, model=Scaled())
    assert "another network" not in caplog.text
    jnl.load(tmp_path, model=Scaled(2.0))
    assert "this is another network than the one that was trained" in caplog.text


class Call(nn.Module):
    """A network whose call has one more argument, which its name explains."""

    def apply_to(self, x, trains):
        return nn.Dropout(0.5, deterministic=not trains)(nn.Dense(10)(x))


class Training(Call):
    @nn.compact
    def __call__(self, x, training):
        return self.apply_to(x, training)


class Deterministic(Call):
    @nn.compact
    def __call__(self, x, deterministic=True):
        return self.apply_to(x, not deterministic)


class Plain(Call):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(10)(x)


@pytest.mark.parametrize("model", [Training(), Deterministic(), Plain()], ids=lambda model: type(model).__name__)
def test_the_argument_that_switches_training_on_may_have_any_usual_name(model):
    network, x = wrap(model), jnp.ones((4, 3))
    params, batch_stats = network.init(jax.random.key(0), x)
    trained, _, _ = network.apply(params, batch_stats, x, True, jax.random.key(0))
    evaluated, _, _ = network.apply(params, batch_stats, x, False, jax.random.key(0))
    assert (np.asarray(trained) == 0).any() == (not isinstance(model, Plain))
    assert not (np.asarray(evaluated) == 0).any()


class Forwards(Call):
    @nn.compact
    def __call__(self, x, **options):
        return self.apply_to(x, options.get("train", False))


def test_a_call_that_hides_its_switch_is_warned_of():
    with pytest.warns(UserWarning, match="the call of Forwards takes .*keywords, .* dropout may stay off"):
        wrap(Forwards())
    wrap(nn.Sequential([nn.Dense(10)]))  # its keywords go to its first layer


class Activated(nn.Module):
    activation: Callable[[jax.Array], jax.Array] = nn.relu

    @nn.compact
    def __call__(self, x):
        return nn.Dense(10)(self.activation(x))


def test_its_text_says_what_it_computes():
    """Its name would not: it stays when the code of the module or a function in its fields changes."""
    text = wrap(Activated()).text(IMAGES)
    assert text == wrap(Activated(nn.relu)).text(IMAGES) != wrap(Activated(nn.gelu)).text(IMAGES)
    one, other = (wrap(Activated(lambda x, factor=factor: factor * x)).text(IMAGES) for factor in (1.5, 2.5))
    assert one != other
    assert wrap(Linen(0.5)).text(IMAGES) != wrap(Linen(0.25)).text(IMAGES)


@pytest.mark.parametrize("precision", ["auto", "bfloat16"])
def test_its_text_is_the_same_on_every_device(precision, monkeypatch):
    """Convolutions choose another method on a GPU."""
    texts = []
    for backend in ("cpu", "gpu"):
        monkeypatch.setattr("jax.default_backend", lambda backend=backend: backend)
        texts.append(wrap(Linen(), precision).text(IMAGES))
    assert texts[0] == texts[1]


class Remembers(nn.Module):
    @nn.compact
    def __call__(self, x):
        self.variable("cache", "seen", jnp.zeros, ())
        return nn.Dense(10)(x)


class Wrong(nn.Module):
    """Logits that are not of 10 classes."""

    @nn.compact
    def __call__(self, x):
        return nn.Dense(3)(x.reshape(len(x), -1))


class Fails(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(10)(x.reshape(7, -1))


class Empty(nn.Module):
    def __call__(self, x):
        return x


class AlsoItsInput(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(10)(x.reshape(len(x), -1)), x


class NamedStrategy(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(10, name="strategy")(x.reshape(len(x), -1))


class ModeDecides(nnx.Module):
    """The convention of nnx's own layers."""

    def __init__(self, rngs):
        self.layer, self.dropout = nnx.Linear(64, 10, rngs=rngs), nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, x, deterministic=None):
        return self.dropout(self.layer(x.reshape(len(x), -1)), deterministic=deterministic)


def test_an_argument_that_lets_the_mode_decide_is_left_alone():
    network = wrap(ModeDecides)
    params, batch_stats = network.init(jax.random.key(0), IMAGES)
    logits = network.apply(params, batch_stats, IMAGES, True, jax.random.key(0))[0]
    assert (np.asarray(logits) == 0).any()


class Switched(nnx.Module):
    def __init__(self, rngs):
        self.layer = nnx.Linear(64, 10, rngs=rngs)

    def __call__(self, x, train=False):
        return self.layer(x.reshape(len(x), -1))


CANNOT = {
    "another random key": (of_others.Noisy(), "a random key that jnl does not give .*use self.make_rng..dropout"),
    "more than logits": (AlsoItsInput(), r"the network returns tuple; return logits f32\[B, C\] alone"),
    "a name of jnl": (NamedStrategy(), "a layer has the name 'strategy', which jnl needs for itself"),
    "a switch of nnx": (Switched, "the call of Switched takes 'train', but jnl switches modules of nnx by train()"),
    "a class": (Linen, r"Linen is a class; give a module, such as Linen\(\)"),
    "an nnx module": (Nnx(nnx.Rngs(0)), "nnx class, or a function"),
    "a number": (3, "is not a linen module"),
    "other variables": (Remembers(), "variables of the collection 'cache'"),
    "other classes": (Wrong(), r"for 2 inputs of 10 classes the network returns float32 \[2, 3\]"),
    "an error": (Fails(), r"the network fails on inputs float32 \[1, 8, 8, 1\]: TypeError"),
    "nothing to train": (Empty(), "no parameters"),
    "a function of something else": (lambda rngs: 3, "returns int, not an nnx module"),
}


@pytest.mark.parametrize("case", CANNOT)
def test_what_cannot_work_is_said(case):
    model, said = CANNOT[case]
    with pytest.raises(jnl.UserError, match=said):
        jnl.run(quick("standard"), model=model)


class SowsTwice(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = x.reshape(len(x), -1)
        for _ in range(2):
            x = nn.Dense(8)(x)
            self.sow("intermediates", "features", x)
        return nn.Dense(10)(x)


def test_of_several_features_the_last_ones_count():
    network = wrap(SowsTwice())
    params, batch_stats = network.init(jax.random.key(0), IMAGES)
    logits, features, _ = network.apply(params, batch_stats, IMAGES, False, jax.random.key(0))
    last = jax.tree.map(np.asarray, params["Dense_2"])
    by_hand = np.asarray(features) @ last["kernel"] + last["bias"]
    np.testing.assert_allclose(by_hand, logits, rtol=1e-5, atol=1e-6)


def test_a_precision_that_does_not_exist_is_told():
    with pytest.raises(jnl.UserError, match="precision: unknown name 'bf16'.*bfloat16"):
        wrap(Linen(), "bf16")


def test_only_a_method_that_needs_features_asks_for_them():
    with pytest.raises(jnl.UserError, match="does not record its features"):
        jnl.run(quick("iterative_open_set"), model=Linen())


def test_a_model_without_a_caller_is_refused():
    assert "own" not in jnl.models.names()
    with pytest.raises(jnl.UserError, match="'own' means a network in memory; give it with jnl.run"):
        jnl.run(quick("standard", model__name="own"))


CONVOLUTIONS = [
    {}, {"strides": 2}, {"padding": "VALID"}, {"padding": 2}, {"padding": ((0, 1), (2, 0))}, {"kernel_size": (5, 5)},
    {"kernel_size": (3, 1)}, {"kernel_size": (1, 1), "strides": 2}, {"kernel_dilation": 2}, {"feature_group_count": 2},
    {"padding": "CIRCULAR"}, {"padding": 4}, {"strides": (2, 1)},
]  # fmt: skip


@pytest.mark.parametrize("options", slow_but_first(CONVOLUTIONS, 4), ids=str)
def test_an_ordinary_convolution_computes_the_same(options):
    """`nn.Conv` inside a network of jnl against `nn.Conv` alone."""
    x = jax.random.normal(jax.random.key(0), (3, 9, 10, 12))
    layer = nn.Conv(**{"features": 8, "kernel_size": (3, 3), **options})
    params = layer.init(jax.random.key(1), x)["params"]
    found, _, _ = wrap(layer).apply(params, {}, x, True, jax.random.key(2))
    np.testing.assert_allclose(found, layer.apply({"params": params}, x), rtol=2e-4, atol=2e-5)


def test_both_kinds_of_modules_convolve_by_the_fast_method(monkeypatch):
    """No convolution of XLA is left in the program."""
    for model in (Linen(), Nnx):
        network = wrap(model)
        params, batch_stats = network.init(jax.random.key(0), IMAGES)
        program = jax.make_jaxpr(lambda p, b, n=network: n.apply(p, b, IMAGES, False, jax.random.key(0))[0])
        assert "conv_general_dilated" not in str(program(params, batch_stats))


def test_other_arguments_of_a_convolution_go_to_jax():
    x, kernel = jnp.ones((1, 4, 4, 1)), jnp.ones((3, 3, 1, 2))
    layout = ("NHWC", "HWIO", "NHWC")
    wanted = lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=layout)
    for options in ({"precision": "highest"}, {"preferred_element_type": jnp.float32}):
        found = convolution(x, kernel, (1, 1), "SAME", dimension_numbers=layout, **options)
        np.testing.assert_allclose(found, wanted, rtol=1e-6)
