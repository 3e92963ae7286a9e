"""A real training end to end, and what it leaves behind."""

import json
import re
import subprocess
import sys
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from conftest import ROOT, quick
from ml_collections import ConfigDict

import jnl
from jnl import data
from jnl.experiment.build import build
from jnl.results.summary import best_last, last10
from jnl.results.table import table
from jnl.settings import config as settings
from jnl.settings import sweep
from jnl.settings.published import get_config
from jnl.support.errors import UserError

BOOTSTRAP = {"soft_beta": 0.95, "hard_beta": 0.8}
COLUMNS = {
    "epoch", "run", "seed", "noise_seed", "train_loss", "train_accuracy", "test_accuracy", "label_precision",
    "label_recall", "selected_fraction", "disagreement", "divergence", "epoch_seconds", "balanced_accuracy",
    "class_accuracy", "changed_predictions", "failed",
}  # fmt: skip


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    path = tmp_path_factory.mktemp("work") / "deep" / "run"
    jnl.run(quick("coteaching", noise__seed="per_run", data__validation=0.1), path)
    return path


def rows(path):
    return [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]


def test_metrics_have_one_row_per_run_and_epoch(workdir):
    found = rows(workdir)
    assert [(row["epoch"], row["run"]) for row in found] == [(e, r) for e in range(3) for r in range(2)]
    for row in found:
        assert row.keys() == COLUMNS | {"validation_accuracy", "validation_loss", "ensemble_accuracy"}
        assert row["seed"] == row["noise_seed"] == row["run"] + 1
        assert len(row["test_accuracy"]) == len(row["validation_accuracy"]) == len(row["validation_loss"]) == 2
        for name in (
            "train_accuracy",
            "label_precision",
            "label_recall",
            "selected_fraction",
            "disagreement",
            "divergence",
        ):
            assert 0 <= row[name] <= 1, name
        assert (row["changed_predictions"] is None) == (row["epoch"] == 0)


def test_the_variables_of_jax_change_no_bit(jocor_history):
    """Such as `JAX_ENABLE_X64` and `JAX_DEBUG_NANS`: the accuracy of a class without test examples is NaN."""
    flags = {
        "jax_enable_x64": True, "jax_debug_nans": True, "jax_threefry_partitionable": False, "jax_disable_jit": True,
        "jax_default_prng_impl": "rbg", "jax_numpy_dtype_promotion": "strict", "jax_transfer_guard": "disallow",
    }  # fmt: skip
    before = {flag: jax.config.values[flag] for flag in flags}
    try:
        for flag, value in flags.items():
            jax.config.update(flag, value)
        again = jnl.run(quick("jocor"))
        predicted = again.predict_proba(data.load("digits").test.inputs)
    finally:
        for flag, value in before.items():
            jax.config.update(flag, value)
    assert predicted.dtype == np.float32
    for one, other in zip(jax.tree.leaves(again.state), jax.tree.leaves(jocor_history.state), strict=True):
        np.testing.assert_array_equal(one, other)
    for name, curve in jocor_history.metrics.items():
        np.testing.assert_array_equal(again.metrics[name], curve)


def test_what_a_callback_does_to_its_metrics_changes_nothing(jocor_history):
    def spoil(epoch, metrics):
        metrics["test_accuracy"] *= 100
        metrics.pop("train_loss")

    history = jnl.run(quick("jocor"), on_epoch_end=spoil)
    np.testing.assert_array_equal(history.metrics["test_accuracy"], jocor_history.metrics["test_accuracy"])


def test_a_caller_may_stop_before_the_networks_start_again(tmp_path):
    config = jnl.get_config("forward_correction", "data=digits,rate=0.4,quick")
    history = jnl.run(config, tmp_path, on_epoch_end=lambda epoch, metrics: True)
    assert history.metrics["test_accuracy"].shape[1] == 1
    assert not (tmp_path / "summary.json").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"config": "jocor"}, "config: 'jocor' is no config; give one, such as jnl.get_config"),
        ({"config": {"epochs": 1}}, "config: .* is no config"),
        ({"dataset": [1, 2]}, "dataset: list is no data set"),
        ({"on_epoch_end": 3}, "on_epoch_end: 3 is no function"),
        ({"on_epoch_end": lambda epoch: None}, r"on_epoch_end: .* cannot be called with \(epoch, metrics\)"),
        ({"workdir": 3}, "workdir: 3 is no path"),
        ({"workdir": ""}, "workdir: '' is not a valid folder name"),
        ({"strategy": partial(jnl.strategies.make, "jocor")}, "partial.* cannot be found again .*config.strategy sets"),
    ],
)
def test_arguments_of_another_kind_are_refused(given, message):
    with pytest.raises(UserError, match=message):
        jnl.run(**{"config": quick("standard"), **given})


@pytest.mark.slow
def test_the_log_of_the_program_stays_its_own(tmp_path):
    code = """
import logging, sys, jnl
jnl.run(jnl.get_config("standard", "quick"), sys.argv[1])
logging.basicConfig(level=logging.INFO, format="MINE %(message)s")
logging.getLogger("my").info("hello")
"""
    command = [sys.executable, "-W", "ignore", "-c", code, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "MINE hello" in done.stderr


def test_summary_follows_from_the_metrics(workdir):
    summary = json.loads((workdir / "summary.json").read_text())
    curves = np.array([[row["test_accuracy"] for row in rows(workdir) if row["run"] == run] for run in (0, 1)])
    accuracy = summary["test_accuracy"]
    np.testing.assert_allclose(accuracy["best"]["net1"]["per_run"], curves[:, :, 0].max(1))
    np.testing.assert_allclose(accuracy["last"]["net2"]["per_run"], curves[:, -1, 1])
    np.testing.assert_allclose(accuracy["last10"]["mean"]["mean"], curves.mean())
    np.testing.assert_allclose(accuracy["last10"]["mean"]["std"], curves.mean((1, 2)).std())
    assert summary["compilations"] == 1
    assert summary["failed_runs"] == []
    assert summary["seconds"] > summary["programs"][0]["compile_seconds"] > 0
    assert all(0.1 < rate < 0.3 for rate in summary["points"][0]["noise"]["realized"])
    assert summary["points"][0]["noise"]["realized"][0] != summary["points"][0]["noise"]["realized"][1]


def test_config_says_what_made_the_result(workdir):
    record = json.loads((workdir / "config.json").read_text())
    assert record["config"]["strategy"]["name"] == "coteaching"
    assert record["config"]["noise"] == {"kind": "symmetric", "rate": 0.2, "seed": "per_run", "file": None}
    assert record["models"] == ["mlp"]
    assert record["versions"]["jax"] == jax.__version__
    assert "cpu" in record["device"]
    assert re.fullmatch(r"[0-9a-f]{40}(\+changes)?", record["git_revision"] or "0" * 40)
    assert record["data_notes"] == []  # digits come with scikit-learn
    assert sorted(path.name for path in workdir.iterdir()) == [
        "checkpoints", "config.json", "left_out", "metrics.jsonl", "model.json", "summary.json",
    ]  # fmt: skip


def test_a_recorded_config_runs_again(workdir, tmp_path):
    recorded = json.loads((workdir / "config.json").read_text())["config"]
    jnl.run(ConfigDict(recorded), tmp_path / "again")

    def bits(path):
        return [{name: value for name, value in row.items() if "seconds" not in name} for row in rows(path)]

    assert bits(tmp_path / "again") == bits(workdir)  # the same command on the same device: the same bits


def test_a_workdir_is_never_overwritten(workdir):
    before = (workdir / "metrics.jsonl").read_bytes()
    with pytest.raises(UserError, match="strategy.name: 'coteaching' there, 'jocor' here"):
        jnl.run(quick(), workdir)
    assert (workdir / "metrics.jsonl").read_bytes() == before


def test_history_holds_the_same_numbers(jocor_history):
    assert jocor_history.metrics["test_accuracy"].shape == (2, 3, 2)
    assert jocor_history.metrics["train_loss"].shape == (2, 3)
    of_rows = {"epoch", "run", "seed", "noise_seed", "epoch_seconds", "failed"}
    assert jocor_history.metrics.keys() == COLUMNS - of_rows | {"ensemble_accuracy"}
    assert jax.tree.leaves(jocor_history.state.params)[0].shape[:2] == (2, 2)


def test_jocor_learns_and_rejects_wrong_labels():
    history = jnl.run(quick("jocor", epochs=30, strategy__co_lambda=0.7, seeds=1))
    accuracy, precision = history.metrics["test_accuracy"][0], history.metrics["label_precision"][0]
    assert accuracy[-1].mean() > 0.85
    assert precision[-1] > precision[0] + 0.08


def test_selection_follows_the_forget_schedule():
    history = jnl.run(quick("small_loss", epochs=12, noise__rate=0.4, seeds=1))
    kept = [int((1 - 0.4 * min(epoch / 10, 1)) * 128) / 128 for epoch in range(12)]
    np.testing.assert_allclose(history.metrics["selected_fraction"][0], kept, rtol=1e-6)


def test_single_network_has_no_second_and_no_disagreement(tmp_path):
    history = jnl.run(quick("standard"), tmp_path / "run")
    assert history.summary["test_accuracy"]["best"]["net2"] is None
    assert history.summary["test_accuracy"]["last"]["net1"] == history.summary["test_accuracy"]["last"]["mean"]
    assert all(row["disagreement"] is row["divergence"] is None for row in rows(tmp_path / "run"))


@pytest.mark.slow
def test_without_noise_every_selected_label_is_right():
    history = jnl.run(quick("small_loss", noise__kind="none", epochs=1))
    assert (history.metrics["label_precision"] == 1).all()
    assert history.summary["points"][0]["noise"]["realized"] == [0.0, 0.0]


@pytest.mark.slow
def test_reference_protocol():
    config = get_config("jocor", "reference")
    config.epochs, config.seeds, config.protocol.max_steps, config.batch_size = 3, 1, 4, 100
    (program_spec,) = build(config)
    assert program_spec.train_spec.steps == 4
    assert list(program_spec.epochs) == [1, 2]  # epoch 0 only evaluates random weights in the published code
    assert len(program_spec.dataset.test.labels) == 300
    assert float(program_spec.runs[0].keep_counts[1, -1]) == int((1 - 0.2 / 9) * 100)
    assert jnl.run(config).metrics["test_accuracy"].shape == (1, 2, 2)


def test_a_run_that_fails_is_named():
    history = jnl.run(quick("standard", optim__learning_rate=1e38, epochs=3))
    assert history.summary["failed_runs"] == [0, 1]
    assert "runs [0, 1] have failed" in table(history.summary["points"])


@pytest.mark.parametrize("strategy", ["decoupling", "coteaching_plus"])
@pytest.mark.slow
def test_networks_that_agree_on_nothing_finite_have_failed(strategy):
    history = jnl.run(quick(strategy, optim__learning_rate=1e30))
    assert history.summary["failed_runs"] == [0, 1]


def test_the_mean_of_the_last_ten():
    curve = np.arange(24, dtype=float).reshape(1, 12, 2)
    result = best_last(curve, {})
    assert result["last10"]["net1"]["mean"] == curve[0, 2:, 0].mean()
    assert result["best"]["mean"]["per_run"] == [22.5]
    gaps = np.array([[0.0, np.nan, 0.5, 1.0]])
    np.testing.assert_array_equal(last10(gaps), [0.5])
    np.testing.assert_array_equal(last10(np.full((1, 3), np.nan)), [np.nan])


def test_the_table_shows_what_the_summary_holds(jocor_history):
    text = table(jocor_history.summary["points"])
    for column in ("best", "last", "last10"):
        for net in ("net1", "net2", "mean"):
            cell = jocor_history.summary["test_accuracy"][column][net]
            assert f"{100 * cell['mean']:.2f} ± {100 * cell['std']:.2f}" in text
    assert "network 2" in text


def test_sweep_points_are_the_product():
    config = quick(strategy__co_lambda=0.7)
    config.sweep = (("noise.rate", (0.2, 0.5)), ("strategy.name", ("jocor", "standard")))
    with pytest.raises(UserError, match="co_lambda"):  # a field of jocor's that standard lacks
        list(sweep.points(config))
    config = settings.default()
    config.sweep = (("noise.rate", (0.2, 0.5)), ("strategy.name", ("jocor", "standard")))
    points = list(sweep.points(config))
    assert [point.title for point in points] == [
        "noise.rate=0.2,jocor", "noise.rate=0.2,standard", "noise.rate=0.5,jocor", "noise.rate=0.5,standard",
    ]  # fmt: skip
    assert points[1].swept == {"noise.rate": 0.2, "strategy.name": "standard"}
    assert (points[2].config.noise.rate, points[2].config.strategy.co_lambda) == (0.5, 0.95)


def test_a_sweep_of_a_section_leaves_its_other_fields():
    config = get_config("coteaching", None)
    config.augment.flip, config.strategy.exponent, config.optim.name = True, 2.0, "sgd"
    methods = ({"ramp_epochs": 1}, {"name": "bootstrap", "kind": "hard"})
    config.sweep = (("augment", ({"pad": 0}, {"pad": 1})), ("optim", ({"learning_rate": 0.01},)))
    for number, point in enumerate(sweep.points(config)):
        assert (point.config.augment.flip, point.config.augment.pad) == (True, number)
        assert (point.config.optim.name, point.config.optim.learning_rate) == ("sgd", 0.01)
        assert point.config.strategy.exponent == 2
    config.strategy.exponent = 1.0
    config.sweep = (("strategy", methods), ("model", ({"name": "mlp", "width": 64}, {"name": "cnn_faces"})))
    points = list(sweep.points(config))
    assert [point.title for point in points] == [
        f"{method},{model}"
        for method in ("ramp_epochs=1", "bootstrap,kind=hard")
        for model in ("mlp,width=64", "cnn_faces")
    ]
    assert (points[0].config.strategy.ramp_epochs, points[0].config.strategy.name) == (1, "coteaching")
    assert points[3].config.strategy.to_dict() == {"name": "bootstrap", "kind": "hard", **BOOTSTRAP}
    assert points[0].config.model.width == 64


@pytest.mark.parametrize("noise_seed", [0, 5])
def test_one_noise_seed_is_one_noise_for_all_runs(noise_seed):
    (program_spec,) = build(quick(seeds=(2, 9), noise__seed=noise_seed))
    np.testing.assert_array_equal(program_spec.runs[0].labels, program_spec.runs[1].labels)
    assert [run_info.noise_seed for run_info in program_spec.run_infos] == [noise_seed] * 2


def test_test_labels_are_never_touched():
    (program_spec,) = build(quick(noise__rate=1.0))
    np.testing.assert_array_equal(program_spec.dataset.test.labels, program_spec.dataset.test.clean)
    np.testing.assert_array_equal(program_spec.dataset.test.labels, jnl.data.load("digits").test.labels)
    assert (np.asarray(program_spec.runs[0].labels) != np.asarray(program_spec.dataset.train.clean)).all()


@pytest.mark.slow
def test_labels_that_are_noisy_already_stay(monkeypatch):
    digits = jnl.data.load("digits")
    noisy = (digits.train.labels + 1) % 10
    unknown = digits._replace(train=digits.train._replace(labels=noisy, clean=jnp.full_like(noisy, -1)))
    monkeypatch.setattr("jnl.data.sources.digits.load", lambda dir=None: unknown)
    (program_spec,) = build(quick(noise__kind="none"))
    np.testing.assert_array_equal(program_spec.runs[0].labels, noisy)
    assert all(np.isnan(run_info.realized_rate) for run_info in program_spec.run_infos)
    history = jnl.run(quick("small_loss", noise__kind="none", epochs=1))
    assert np.isnan(history.metrics["label_precision"]).all()
    assert history.summary["points"][0]["label_precision"] is None


def test_labels_whose_truth_is_unknown_do_not_count():
    """The others are all right or all wrong here."""
    digits = jnl.data.load("digits")
    labels = np.asarray(digits.train.labels)
    for clean, share in ((labels, 1), ((labels + 1) % 10, 0)):
        known = jnp.asarray(np.where(np.arange(len(labels)) % 3 == 0, -1, clean))
        dataset = digits._replace(train=digits.train._replace(clean=known))
        config = quick("jocor", noise__kind="none", noise__rate=0.2, epochs=1, seeds=1, data__name="own")
        np.testing.assert_allclose(jnl.run(config, dataset=dataset).metrics["label_precision"], share, atol=1e-6)


@pytest.mark.parametrize("section", ["strategy", "model", "data", "augment", "noise"])
def test_a_section_that_is_no_section(section):
    with pytest.raises(UserError, match=f"config.{section}: expected fields"):
        jnl.run(ConfigDict({section: "mlp"}))


def test_a_few_fields_are_enough():
    history = jnl.run(ConfigDict({"strategy": {"name": "small_loss"}, "epochs": 1, "seeds": 1}))
    assert history.metrics["test_accuracy"].shape == (1, 1, 1)


def test_a_history_shows_its_table(jocor_history):
    assert repr(jocor_history) == table(jocor_history.summary["points"])
