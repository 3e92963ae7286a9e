"""Fields that have no effect, or are published for another noise, are said before the training begins."""

import json

import pytest
from ml_collections import ConfigDict

import jnl
from jnl.settings.config import complete
from jnl.settings.doubtful_fields import doubtful
from jnl.settings.published import names


def lines(name, arg, swept=(), **fields):
    config = jnl.get_config(name, arg)
    for field, value in fields.items():
        section, _, leaf = field.partition("__")
        config[section][leaf] = value
    return list(doubtful(complete(config), dict(swept)))


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("arg", [None, "data=cifar10,noise=asymmetric", "data=cifar10,rate=0.9,reference"])
def test_no_published_config_has_any(name, arg):
    try:
        config = jnl.get_config(name, arg)
    except jnl.UserError:  # it has no such argument
        return
    for point in jnl.sweep.points(config):
        read_back = complete(ConfigDict(json.loads(json.dumps(point.config.to_dict()))))
        for each in (point.config, read_back):
            assert list(doubtful(each, point.swept)) == []


@pytest.mark.parametrize(
    ("name", "arg", "fields", "said"),
    [
        ("dividemix", "data=cifar10", {"noise__rate": 0.5},
         ["strategy.unlabeled_weight is 0.0, as published for another noise; for symmetric noise of 50 % it is 25.0. "
          "Set it, or name the noise in the argument of the config: dividemix:data=cifar10,noise=symmetric,rate=0.5"]),
        ("jocor", "data=mnist", {"noise__kind": "asymmetric_mnist", "noise__rate": 0.4},
         ["strategy.forget_rate is not set, as published for another noise; for asymmetric_mnist noise of 40 % it is "
          "0.2. Set it, or name the noise in the argument of the config: "
          "jocor:data=mnist,noise=asymmetric_mnist,rate=0.4"]),
        ("standard", None, {"optim__milestones": (1, 2)},
         ["optim.milestones: (1, 2) has no effect, because optim.schedule is linear; only staircase uses it"]),
        ("standard", None, {"optim__schedule": "staircase", "optim__milestones": (1, 2), "optim__cycle": 3},
         ["optim.cycle: 3 has no effect, because optim.schedule is staircase; only cosine uses it"]),
    ],
)  # fmt: skip
def test_what_is_said(name, arg, fields, said):
    assert lines(name, arg, **fields) == said


def test_a_value_that_is_set_or_swept_is_no_mistake():
    wanted = {"noise__rate": 0.5, "strategy__unlabeled_weight": 30.0}
    assert lines("dividemix", "data=cifar10", **wanted) == []
    swept = {"strategy": {"unlabeled_weight": 0.0}}
    assert lines("dividemix", "data=cifar10", swept, noise__rate=0.5) == []
