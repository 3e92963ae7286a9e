"""Configs in Python take what people have in their hands, and hold plain values."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import jnl
from jnl.settings.config import complete
from jnl.settings.parse import parse


@pytest.mark.parametrize(
    "field, given, stored",
    [
        ("epochs", np.int64(5), 5),
        ("noise.rate", np.float32(0.4), 0.4),
        ("noise.rate", np.array(0.4), 0.4),
        ("noise.rate", jnp.float32(0.4), 0.4),
        ("noise.kind", np.str_("pair"), "pair"),
        ("noise.seed", np.uint8(3), 3),
        ("data.balanced", np.bool_(True), True),
        ("data.dir", Path("photos"), "photos"),
        ("seeds", range(3), (0, 1, 2)),
        ("seeds", np.arange(3), (0, 1, 2)),
        ("seeds", [np.int32(4)], (4,)),
        ("optim.milestones", range(1, 3), (1, 2)),
        ("strategy.forget_rate", np.float32(0.3), 0.3),
        ("strategy.forget_rate", None, None),
        ("sweep", [("noise.rate", np.array([0.2, 0.5]))], (("noise.rate", (0.2, 0.5)),)),
        ("sweep", (("noise.seed", range(2)),), (("noise.seed", (0, 1)),)),
    ],
)
def test_a_field_holds_a_plain_value(field, given, stored):
    config = jnl.get_config("jocor", "quick")
    section, _, name = field.rpartition(".")
    fields = config[section] if section else config
    fields[name] = given
    found = complete(config)[section][name] if section else complete(config)[name]
    assert repr(found) == repr(stored) or repr(found) == repr(list(stored))


@pytest.mark.parametrize(
    ("field", "given", "said"),
    [
        ("epochs", "3", "config: epochs is '3'; give a whole number"),
        ("optim.learning_rate", "fast", "config: learning_rate is 'fast'; give a number"),
        ("noise.kind", 3, "config: kind is 3; give a text"),
    ],
)
def test_a_value_of_another_type_is_refused(field, given, said):
    config = jnl.get_config("jocor", "quick")
    section, _, name = field.rpartition(".")
    with pytest.raises(jnl.UserError, match=said):
        (config[section] if section else config)[name] = given


def test_a_field_that_followed_another_follows_it_again_after_none():
    config = jnl.get_config("jocor", "quick")
    config.strategy.forget_rate = 0.1
    config.strategy.forget_rate = None
    config.noise.rate, config.epochs = 0.5, 20
    plan = parse(config).plan
    assert int(plan.keep_counts[-1, -1]) == config.batch_size // 2


def test_several_fields_at_once_and_a_section_from_a_dict():
    config = jnl.get_config("jocor", "data=mnist")
    config.update({"epochs": np.int64(7), "optim": {"learning_rate": np.float32(0.5)}})
    config.model = {"name": "cnn7"}
    config.model.name = np.str_("cnn9")
    assert (config.epochs, config.optim.learning_rate, config.model.name) == (7, 0.5, "cnn9")


def test_options_of_the_network_before_are_replaced_by_the_argument():
    config = jnl.get_config("standard", "data=digits")
    config.model.name = "lenet"
    with pytest.raises(jnl.UserError, match="for another network: give the config's argument model=lenet"):
        complete(config)
    assert complete(jnl.get_config("standard", "data=digits,model=lenet")).model.name == "lenet"
    published = jnl.get_config("elr", "data=cifar10n")
    published.model.name = "mlp"
    with pytest.raises(
        jnl.UserError, match="if you did not set it, the config has it for another network: .*model=mlp"
    ):
        complete(published)
