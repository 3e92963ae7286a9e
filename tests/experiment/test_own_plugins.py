"""Plug-ins of other packages, by name or as functions: trained, swept, resumed, reported like those of jnl."""

import json
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT, quick
from flax import nnx
from helpers import of_others
from helpers.faults import QUICK

import jnl
from jnl import cli
from jnl.support.errors import UserError
from jnl.training import metrics

OURS = "helpers.of_others"
ALL = (
    f"--config={OURS}:weighted:data={OURS}:few_digits,noise={OURS}:next_even,model={OURS}:OfLinen,quick",
    f"--config.metrics=('{OURS}:confidence',)",
    "--config.strategy.weight=0.5",
    "--config.model.width=24",
)


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    """A training in which everything comes from another package."""
    path = tmp_path_factory.mktemp("own")
    assert cli.main(["train", *ALL, f"--workdir={path}"]) == 0
    return path


def test_everything_may_come_from_another_package(workdir):
    config = json.loads((workdir / "config.json").read_text())
    assert config["config"]["strategy"]["weight"] == 0.5 and config["config"]["strategy"]["both"] is True
    assert config["config"]["model"] == {"name": f"{OURS}:OfLinen", "width": 24}
    assert {name for name in config["fingerprint"]["code"] if name.startswith(OURS)}
    row = json.loads((workdir / "metrics.jsonl").read_text().splitlines()[-1])
    assert len(row["confidence"]) == 2 and all(0.1 < value < 1 for value in row["confidence"])
    assert config["metrics"] == {"confidence": {"caption": "Mean probability of the predicted class", "is_share": True}}
    assert metrics.make(f"{OURS}:test_accuracy").caption == "Accuracy of others"  # its own goes before the docstring
    point = json.loads((workdir / "summary.json").read_text())["points"][0]
    assert point["strategy"] == f"{OURS}:weighted"


@pytest.mark.slow
def test_files_of_a_workdir_import_nothing(workdir, tmp_path):
    """Another process reads the workdir, and finds the module, but does not import it unless it is allowed."""
    program = f"""
import sys, jnl
from jnl import cli
assert cli.main(["report", {str(workdir)!r}, "--out", {str(tmp_path / "report")!r}]) == 0
for command in (["predict", {str(workdir)!r}, "x.npy"], ["export", {str(workdir)!r}]):
    assert cli.main(command) == 2
assert {OURS!r} not in sys.modules
model = jnl.load({str(workdir)!r}, model={OURS + ":OfLinen"!r})
print(model.predict_proba(jnl.data.load("digits").test.inputs).shape)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "tests", env=QUICK | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert "(355, 10)" in done.stdout, done.stderr
    assert f"--model={OURS}:OfLinen, if you trust this code" in done.stderr
    assert "weighted" in (tmp_path / "report" / "index.html").read_text()


def test_functions_are_the_same_as_their_names(workdir):
    """`jnl.run` takes the functions themselves, and gives the same bits."""
    config = quick("standard", noise__rate=0.2, noise__kind="symmetric", strategy__weight=0.5)
    config.data.name, config.epochs, config.seeds, config.protocol.max_steps = f"{OURS}:few_digits", 3, 2, 20
    history = jnl.run(
        config, model=of_others.OfLinen(10, 24), strategy=of_others.weighted, noise=of_others.next_even,
        metrics=[of_others.confidence],
    )  # fmt: skip
    rows = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    by_name = np.array([row["confidence"] for row in rows if row["run"] == 0], np.float32)
    np.testing.assert_array_equal(history.metrics["confidence"][0], by_name)


@pytest.mark.slow
def test_a_sweep_compares_it_with_methods_of_jnl():
    config = quick("standard", epochs=1, seeds=1)
    config.sweep = (("strategy.name", ("coteaching", f"{OURS}:weighted")),)
    own, other = (jnl.run(point.config) for point in jnl.sweep.points(config))
    np.testing.assert_array_equal(own.metrics["test_accuracy"], other.metrics["test_accuracy"])


@pytest.mark.slow
def test_killed_and_resumed_gives_the_same_bits(tmp_path):
    options = [f"--config={OURS}:weighted:quick,model={OURS}:OfNnx", "--config.checkpoint.every_epochs=1"]
    environment = QUICK | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}

    def train(*program, to):
        command = [sys.executable, *program, *options, f"--workdir={tmp_path / to}"]
        return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)

    assert train("-m", "jnl", "train", to="whole").returncode == 0
    assert train("tests/helpers/dying.py", "2", to="part").returncode == -9
    assert train("-m", "jnl", "train", to="part").returncode == 0
    whole, part = (
        [json.loads(line) for line in (tmp_path / name / "metrics.jsonl").read_text().splitlines()]
        for name in ("whole", "part")
    )
    for one, other in zip(whole, part, strict=True):
        assert {**one, "epoch_seconds": 0} == {**other, "epoch_seconds": 0}
    assert cli.main(["report", str(tmp_path), "--out", str(tmp_path / "report")]) == 0


@pytest.mark.slow
def test_changed_code_is_refused(tmp_path, monkeypatch):
    code = "from helpers.of_others import weighted\n\ndef method(weight: float = 1.0):\n    return weighted(weight)\n"
    (tmp_path / "changing.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    config = quick("changing:method", epochs=2)
    jnl.run(config, tmp_path / "work", on_epoch_end=lambda epoch, metrics: epoch == 0)
    with (tmp_path / "changing.py").open("a") as file:
        file.write("# another line\n")
    with pytest.raises(UserError, match="the code that it runs has changed.*changing.method"):
        jnl.run(config, tmp_path / "work")


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("takes_weights_for_a_mask", "masked_mean: the mask must be bool, not float32; multiply the loss by the"),
        (
            "returns_the_loss",
            "select must return a Selection, such as masked_mean(loss, mask); it returned an array of",
        ),
        ("returns_a_mean", "select returned a loss of shape [128], a mask of shape [1, 128] and a denominator of"),
        ("changes_a_type", "select returned the memory {'seen': 'float32 [3]'}, but before it was {'seen': 'float16"),
        ("loses_an_array", "return every array that `Memory.init` returns, with the same type and shape"),
    ],
)
def test_what_select_returns_wrongly_is_said_in_one_line(method, message, capsys):
    assert cli.main(["train", f"--config={OURS}:{method}:quick", "--config.epochs=1", "--config.seeds=1"]) == 2
    printed = capsys.readouterr().err
    assert message in printed and printed.count("\n") == 1


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("asks_a_hyperparameter", "an `if`, float(), int() or the size of an array"),
        ("indexes_with_a_mask", "an array is indexed with a mask, such as loss[loss > 0]"),
        ("converts_a_loss", "an `if`, float(), int() or the size of an array"),
    ],
)
def test_what_cannot_be_compiled_is_said_as_in_the_checks_of_a_method(method, message, capsys):
    assert cli.main(["train", f"--config={OURS}:{method}:quick"]) == 2
    printed = capsys.readouterr().err
    assert f"strategy.name: '{OURS}:{method}' cannot be compiled: {message}" in printed
    assert "; jnl.testing.check_strategy checks a method" in printed and printed.count("\n") == 1


def test_each_run_of_a_sweep_has_its_own_filter():
    config = quick(f"{OURS}:keeps_a_share", epochs=1, seeds=1)
    config.sweep = (("strategy.share", (1.0, 0.25)),)
    kept = jnl.run(config).metrics["selected_fraction"][:, 0]
    assert kept[0] == 1 and kept[1] == pytest.approx(0.25, abs=0.1)


def test_a_metric_may_count():
    """Bool and whole numbers become float32."""
    config = quick("standard", epochs=1, seeds=1)
    measured = jnl.run(config, metrics=[of_others.right, f"{OURS}:batches"]).metrics
    np.testing.assert_array_equal(measured["right"], measured["test_accuracy"])
    assert (measured["batches"] == 1).all()
    with pytest.raises(
        UserError, match=r"metrics: .*of_one_number' returns float32 \[\]; return float32 \[K, B\] or \[B\]"
    ):
        jnl.run(config, metrics=[of_others.of_one_number])


@pytest.mark.parametrize(
    "swept",
    [
        ("strategy.name", ("standard", "jocor")),
        ("strategy", ({"name": "bootstrap", "kind": "hard"}, {"name": "jocor"})),
    ],
)
def test_a_sweep_that_names_others_is_refused(swept):
    config = quick("standard")
    config.sweep = (swept,)
    with pytest.raises(UserError, match="config.sweep: it sweeps strategy.name, which the caller gives"):
        jnl.run(config, strategy=of_others.weighted)


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("standard", {"weigt": 2.0}, r"config.strategy.weigt \(of .*weighted'\): unknown name 'weigt'; did you mean"),
        ("standard", {"scale": 2.0}, "config.strategy.scale .* choose one of: both, exponent, "),
    ],
)
def test_a_field_that_no_method_has_is_refused(name, fields, message):
    config = quick(name)
    config.strategy.update(fields)
    with pytest.raises(UserError, match=message):
        jnl.run(config, strategy=of_others.weighted)


def test_values_that_belong_to_what_is_replaced_are_named():
    config = quick("standard", epochs=1, seeds=1)
    config.strategy.networks = 2
    config.model.width = 16
    with pytest.warns(UserWarning, match="has no effect") as said:
        jnl.run(config, strategy=of_others.normalized, model=of_others.OfLinen(10))
    assert [str(one.message).partition(", because")[0] for one in said] == [
        "config.model: width=16 has no effect", "config.strategy: networks=2 has no effect",
    ]  # fmt: skip


def local():
    def method():
        return of_others.weighted()

    return method


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strategy": {"name": "no_such_module:method"}}, "the module 'no_such_module' cannot be imported"),
        ({"strategy": {"name": f"{OURS}:weigted"}}, "did you mean 'weighted'"),
        ({"strategy": {"name": f"{OURS}:weighted", "wait": 1}}, "strategy.wait.*weight"),
        ({"metrics": (f"{OURS}:test_accuracy",)}, "there is a metric 'test_accuracy' already"),
        ({"metrics": (f"{OURS}:precision",)}, "'precision' is also a part of the config"),
        ({"metrics": (f"{OURS}:weighted",)}, "returns Strategy, not a Metric"),
        ({"metrics": (f"{OURS}:measures_nothing",)}, "computes nothing; give its Metric `per_batch` or `per_example`"),
        ({"metrics": (f"{OURS}:one_number_of_a_batch",)}, "per_batch of '.*' must return two numbers"),
        ({"metrics": (f"{OURS}:no_number",)}, "'no_number' returns NoneType; return an array"),
        ({"metrics": "label_precision"}, "give functions by name"),
        ({"noise": {"kind": f"{OURS}:nothing"}}, "noise.kind: helpers.of_others"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(change, message):
    config = quick()
    for name, value in change.items():
        config[name] = value
    with pytest.raises(UserError, match=message):
        jnl.run(config)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"strategy": of_others.weighted()}, "an object of the type Strategy is no function; give the function"),
        ({"metrics": [of_others.confidence()]}, "an object of the type Metric is no function; give the function"),
        ({"model": of_others.OfNnx(rngs=nnx.Rngs(0))}, "model: an object of the type OfNnx is not a linen module"),
        ({"metrics": of_others.confidence}, "metrics: .* is no list"),
        ({"metrics": f"{OURS}:confidence"}, "metrics: .* is no list"),
        ({"metrics": [of_others.takes_predictions]}, "metrics: .*takes_predictions' has arguments; give a function wi"),
        ({"metrics": [of_others.rounds_down]}, "'rounds_down' cannot be compiled: an `if`, .*int"),
        ({"metrics": [of_others.asks_a_batch]}, "metrics: 'asks_a_batch' cannot be compiled: an `if`, .*; use jn"),
        ({"metrics": [of_others.takes_logits_alone]}, r"per_example of .* must take \(logits, labels\)"),
        ({"strategy": of_others.confidence}, "strategy.name: .*confidence' returns Metric, not a Strategy"),
    ],
)
def test_what_is_given_wrongly_is_told(given, message):
    with pytest.raises(UserError, match=message):
        jnl.run(quick(), **given)


@pytest.mark.parametrize("function", [local(), lambda: None], ids=["inside a function", "lambda"])
def test_a_function_without_a_name_is_refused(function):
    with pytest.raises(UserError, match="define a function with `def`, outside of other functions"):
        jnl.run(quick(), strategy=function)
