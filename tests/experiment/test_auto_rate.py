"""A rate that says `auto` is estimated from the noisy labels before the training."""

import logging
import re

import numpy as np
import pytest
from conftest import quick
from sklearn.datasets import load_digits

import jnl
from jnl import noise
from jnl.experiment.auto_rate import rated
from jnl.experiment.build import build
from jnl.experiment.run import run
from jnl.support.errors import UserError


@pytest.mark.slow
def test_it_is_near_the_truth_and_said(caplog, tmp_path, monkeypatch):
    inputs, labels = load_digits(return_X_y=True)
    some = jnl.from_arrays(inputs[:600], noise.draw("symmetric", labels[:600], 10, 0.4, 0))
    config = jnl.get_config("coteaching", "data=own")
    config.epochs, config.seeds, config.strategy.forget_rate = 1, 1, "auto"
    with caplog.at_level(logging.INFO, "jnl"):
        history = run(config, tmp_path, dataset=some)
    found = re.search(r"strategy.forget_rate: (0\.\d+), estimated from the labels \(95 % interval", caplog.text)
    assert found and float(found[1]) == pytest.approx(0.4, abs=0.06)
    with monkeypatch.context() as patch:  # it is finished, and read
        patch.setattr("jnl.experiment.auto_rate.train", None)
        assert run(config, tmp_path, dataset=some).summary == history.summary
        config.noise.rate = 0.7
        with pytest.raises(UserError, match="holds another training"):  # before anything is estimated
            run(config, tmp_path, dataset=some)
    assert config.strategy.forget_rate == "auto"  # that of the caller stays


def test_what_is_a_number_stays():
    config = quick("coteaching")
    assert rated(config) == (config, None, None)


@pytest.mark.parametrize("value", ["Auto", "0.3", True, (0.3,)])
def test_what_is_no_rate_is_refused(value):
    config = quick("coteaching", epochs=1)
    config.strategy.forget_rate = value
    with pytest.raises(UserError, match="strategy.forget_rate: .*give the share of wrong labels"):
        jnl.run(config)


@pytest.mark.parametrize("swept", [("noise.rate", (0.2, 0.4)), ("noise", ({"rate": 0.2}, {"rate": 0.4}))])
def test_a_sweep_over_noises_is_refused(swept):
    config = quick("coteaching")
    config.strategy.forget_rate = "auto"
    config.sweep = (swept,)
    with pytest.raises(UserError, match="strategy.forget_rate: auto, but the sweep over noise.rate"):
        run(config)


def test_too_few_examples_of_each_class_are_told():
    inputs, labels = load_digits(return_X_y=True)
    few = np.concatenate([np.flatnonzero(labels == label)[:4] for label in range(10)])
    config = jnl.get_config("coteaching", "data=own")
    config.strategy.forget_rate = "auto"
    with pytest.raises(UserError, match="auto trains on 5 folds of the labels, but no class has more than 4 examples"):
        run(config, dataset=jnl.from_arrays(inputs[few], labels[few]))


def test_it_is_no_value_of_a_sweep():
    config = quick("coteaching")
    config.sweep = (("strategy.forget_rate", ("auto", 0.2)),)
    with pytest.raises(UserError, match="config.sweep: strategy.forget_rate cannot sweep 'auto'; set config.strategy"):
        run(config)


@pytest.mark.parametrize("swept", [False, True])
def test_it_looks_at_the_labels_of_the_first_run(swept, monkeypatch):
    config = quick("coteaching")
    config.noise.seed, config.strategy.forget_rate = "per_run", "auto"
    if swept:
        config.sweep, config.sweep_filter = (("optim.learning_rate", (0.1, 0.2)), ("seeds", (3, 7))), "0.1"
    else:
        config.seeds = (3, 7)
    seen = []

    def look(dataset, *arguments):
        seen.append(dataset.train.labels)
        raise UserError("seen")

    monkeypatch.setattr("jnl.experiment.auto_rate.train", look)
    with pytest.raises(UserError, match="seen"):
        rated(config)
    config.strategy.forget_rate = 0.2
    program_spec, *_ = build(config)
    labels = [np.asarray(run.labels) for run in program_spec.runs]
    np.testing.assert_array_equal(seen[0], labels[0])
    assert (labels[0] != labels[1]).any()
