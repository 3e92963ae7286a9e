"""The cells of published tables: each is the method's own config, and any part of them can be trained."""

import json

import pytest
from conftest import ROOT, quick
from helpers.configs import TABLES
from ml_collections import ConfigDict

import jnl
from jnl import cli
from jnl.experiment.build import build
from jnl.experiment.preview import estimate
from jnl.settings import sweep
from jnl.settings.config import CORE, complete
from jnl.settings.config_file import load
from jnl.settings.protocols import co_teaching
from jnl.support.errors import UserError

DATA = {"open_set": "cifar10_open_set", "cifar10": "cifar10,model=cnn7"}


@pytest.mark.parametrize("arg", ["", "reference", "quick"])
@pytest.mark.parametrize("name", TABLES)
def test_a_cell_is_the_methods_own_config(name, arg):
    points = list(sweep.points(load(f"{ROOT}/configs/bench_{name}.py:{arg}")))
    assert len(points) == TABLES[name] == len({point.title for point in points})
    for point in points:
        strategy, _, noise = point.title.partition(",")
        # F-correction has a code of its own; in these tables it has the protocol of the others.
        only_jnl_code = arg == "reference" and strategy not in CORE
        own = load(f"{ROOT}/configs/{strategy}.py:data={DATA.get(name, name)},{noise},{'' if only_jnl_code else arg}")
        if only_jnl_code:
            co_teaching(own)
        own.seeds = own.seeds if arg == "quick" else 8
        own.runs_at_once = 2 if name == "news" else 0
        assert point.config.to_dict() == complete(own).to_dict(), point.title


def test_a_sweep_over_strategies_takes_the_published_values_of_each():
    config = jnl.get_config("jocor", "data=cifar100,noise=asymmetric,rate=0.2")
    config.sweep = (("strategy.name", ("jocor", "dividemix", "elr")), ("noise.rate", (0.2, 0.5)))
    for point in sweep.points(config):
        method, rate = point.swept.values()
        own = jnl.get_config(method, f"data=cifar100,noise=asymmetric,rate={rate}")
        assert point.config.strategy.to_dict() == own.strategy.to_dict()
        assert point.config.epochs == config.epochs


def test_published_values_follow_a_sweep_over_the_noise():
    config = jnl.get_config("dividemix", "data=cifar10")
    config.sweep = (("noise.rate", (0.2, 0.5, 0.9)),)
    found = [
        (point.config.strategy.unlabeled_weight, point.config.strategy.threshold) for point in sweep.points(config)
    ]
    assert found == [(0.0, 0.5), (25.0, 0.5), (25.0, 0.6)]
    config.strategy.threshold = 0.7  # a value that is set stays
    assert {point.config.strategy.threshold for point in sweep.points(config)} == {0.7}
    config = jnl.get_config("jocor", "data=cifar10,noise=asymmetric")
    config.sweep = (("noise.kind", ("symmetric", "asymmetric_cifar10")), ("noise.rate", (0.4, 0.8)))
    found = [
        (strategy.forget_rate, strategy.co_lambda)
        for strategy in (point.config.strategy for point in sweep.points(config))
    ]
    assert found == [(None, 0.9), (None, 0.65), (0.2, 0.9), (0.4, 0.9)]


def test_a_value_that_is_set_stays_in_a_sweep_over_strategies():
    config = jnl.get_config("jocor", "data=mnist")
    config.strategy.ramp_epochs = 3
    config.sweep = (("strategy.name", ("jocor", "coteaching")),)
    for point in sweep.points(config):
        assert point.config.strategy.ramp_epochs == 3


def test_only_a_part():
    config = load(f"{ROOT}/configs/bench_mnist.py:quick")
    config.sweep_filter = "jocor, rate=0.8"
    titles = [point.title for point in sweep.points(config)]
    assert len(titles) == 4 + 5 and all("jocor" in title or "rate=0.8" in title for title in titles)
    config.sweep_filter = "jocor rate=0.8, standard asymmetric"
    titles = ["jocor,noise=symmetric,rate=0.8", "standard,noise=asymmetric,rate=0.4"]
    assert [point.title for point in sweep.points(config)] == titles
    config.sweep_filter = "coteaching rate=0.8"  # whole words: no coteaching_plus
    assert [point.title for point in sweep.points(config)] == ["coteaching,noise=symmetric,rate=0.8"]
    config.sweep_filter = "coteaching_plus symmetric"  # nor asymmetric
    assert [point.title[-3:] for point in sweep.points(config)] == ["0.2", "0.5", "0.8"]
    config.sweep_filter = "5"  # nor the end of a number
    with pytest.raises(UserError, match="is not part of any title"):
        list(sweep.points(config))
    config.sweep_filter = "jocr"
    with pytest.raises(
        UserError,
        match="config.sweep_filter: 'jocr' is not part of any title; the titles are: standard,noise=symmetric",
    ):
        list(sweep.points(config))
    with pytest.raises(UserError, match="every cell of this sweep sets its own model"):
        load(f"{ROOT}/configs/bench_mnist.py:model=mlp")


@pytest.mark.parametrize("cells", [({"noise.rate": 0.1},), (3,), ({"title": 3},)])
def test_cells_have_titles(cells):
    with pytest.raises(UserError, match='every cell must be a dict with a "title"'):
        list(sweep.points(ConfigDict({"sweep": (("cells", cells),)})))


@pytest.mark.parametrize(
    ("swept", "message"),
    [
        ((("cells", ({"title": "x", "noise.rate": 0.1}, {"title": "x", "noise.rate": 0.5})),), "have the title 'x'"),
        ((("noise", ({"rate": 0.5},)), ("noise.rate", (0.1, 0.3))), "noise and noise.rate both set noise.rate"),
        ((("cells", ({"title": "a", "noise": {"rate": 0.5}},)), ("noise.rate", (0.1,))), "both set noise.rate"),
        ((("workdir", ("a", "b")),), "workdir changes no result, so it cannot be swept"),
        ((("minutes", (1, 2)),), "minutes changes no result"),
        ((("sweep_filter", ("a", "b")),), "sweep_filter changes no result"),
        ((("noise.rate", (0, 0.0)),), "has the same value twice"),
        ((("noise.kind", "pair"),), r"noise.kind has the text 'pair' as its values; give a list, \(\"pair\",\)"),
    ],
)
def test_sweeps_that_say_two_things_are_refused(swept, message):
    config = jnl.get_config("standard")
    config.sweep = swept
    with pytest.raises(UserError, match=message):
        list(sweep.points(config))


def test_a_dict_is_no_sweep():
    config = jnl.get_config("standard")
    with pytest.raises(UserError, match="config: sweep is a dict whose keys have dots; give pairs"):
        config.sweep = {"noise.rate": (0.1, 0.2)}


@pytest.mark.slow
def test_a_grid_trains_and_names_its_cells(tmp_path, monkeypatch, shared_data, capsys):
    monkeypatch.chdir(ROOT)
    only = "--config.sweep_filter=jocor rate=0.2, standard asymmetric, standard rate=0.8"
    arguments = [only, "--config.epochs=1", f"--config.data.dir={shared_data}"]
    arguments += ["--config=configs/bench_mnist.py:quick", f"--workdir={tmp_path}", "--config.protocol.max_steps=4"]
    assert cli.main(["train", *arguments]) == 0
    out = capsys.readouterr().out
    assert "standard,noise=asymmetric,rate=0.4" in out and "jocor,noise=symmetric,rate=0.2" in out
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert len(summary["points"]) == 3
    (one,) = [point for point in summary["points"] if point["title"] == "jocor,noise=symmetric,rate=0.2"]
    assert (one["noise"]["kind"], one["noise"]["rate"], one["strategy"]) == ("symmetric", 0.2, "jocor")


def test_the_time_is_estimated_from_operations(monkeypatch):
    programs = build(quick("jocor", epochs=7, seeds=3))
    monkeypatch.setattr("jnl.parallel.flops.per_second", lambda: 1e6)
    hidden, output, batch = 64 * 256, 256 * 10, 128
    step = 2 * 2 * batch * (2 * hidden + 3 * output)  # two networks; the images need no gradient
    number = 3 * 7 * programs[0].train_spec.steps * step
    assert estimate(programs).startswith(f"{number:.1e} floating-point operations in 1 program: about ")
    assert f"about {number / 0.5e6 / 3600:.0f} hours" in estimate(programs)
    unknown = "in 1 program; the first epochs show how long they take"
    monkeypatch.setattr("jnl.parallel.flops.per_second", lambda: 1e12)  # then a step would take 0.1 milliseconds
    assert estimate(programs).endswith(unknown)
    monkeypatch.setattr("jax.default_backend", lambda: "gpu")
    assert estimate(programs).endswith(unknown)
