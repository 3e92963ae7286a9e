"""A rate that says `auto` is estimated from the noisy labels before the training."""

import logging
import re

import pytest
from conftest import quick

import jnl
from jnl.core.errors import UserError
from jnl.experiment.auto_rate import rated
from jnl.experiment.run import run


def auto(strategy="coteaching", field="forget_rate", **fields):
    config = quick(strategy, epochs=1, seeds=1, **fields)
    config.strategy[field] = "auto"
    return config


@pytest.mark.slow
def test_it_is_near_the_truth():
    config = auto("cdr", "noise_rate", noise__rate=0.4)
    assert rated(config).config.strategy.noise_rate == pytest.approx(0.4, abs=0.05)
    assert config.strategy.noise_rate == "auto"  # that of the caller stays


@pytest.mark.slow
def test_it_is_said(caplog, tmp_path):
    config = auto(noise__rate=0.4)
    with caplog.at_level(logging.INFO, "jnl"):
        history = run(config, tmp_path)
    found = re.search(r"strategy.forget_rate: (0\.\d+), estimated from the labels \(95 % interval", caplog.text)
    assert found and float(found[1]) == pytest.approx(0.4, abs=0.05)
    assert run(config, tmp_path).summary == history.summary  # it is finished, and read


def test_what_is_a_number_stays():
    config = quick("coteaching")
    assert rated(config) == (config, None)


@pytest.mark.parametrize("value", ["Auto", "0.3", True, (0.3,)])
def test_what_is_no_rate_is_refused(value):
    config = quick("coteaching", epochs=1)
    config.strategy.forget_rate = value
    with pytest.raises(UserError, match="strategy.forget_rate: .*give the share of wrong labels"):
        jnl.run(config)


def test_a_sweep_over_noises_is_refused():
    config = auto()
    config.sweep = (("noise.rate", (0.2, 0.4)),)
    with pytest.raises(UserError, match="strategy.forget_rate: auto, but the sweep over noise.rate"):
        run(config)
