"""Runs whose loss is not finite."""

import json

import jax
import numpy as np
import pytest
from conftest import ROOT, quick
from helpers.faults import rows

import jnl
from jnl import cli


class TestFailedRuns:
    """A run whose loss is not finite stops changing; the others do not notice."""

    def both(self, **fields):
        both = quick("jocor", runs_axis="map", **fields)
        both.sweep = (("optim.learning_rate", (1e-3, 1e38)), ("seeds", (3, 4)))
        return both

    def test_the_others_go_on_unharmed(self, tmp_path):
        history = jnl.run(self.both(), tmp_path)
        alone = jnl.run(quick("jocor", runs_axis="map", seeds=(3, 4)))
        for name, curve in alone.metrics.items():
            np.testing.assert_array_equal(history.metrics[name][:2], curve, err_msg=name)
            assert np.isnan(history.metrics[name][2:]).all(), name
        good, bad = history.summary["points"]
        assert (history.summary["failed_runs"], bad["failed_runs"], bad["failed_epochs"]) == ([2, 3], [2, 3], [0, 0])
        assert good["test_accuracy"] == alone.summary["points"][0]["test_accuracy"]
        assert history.summary["test_accuracy"]["last"]["mean"]["mean"] == good["test_accuracy"]["last"]["mean"]["mean"]
        assert bad["test_accuracy"]["best"]["net1"] == {"mean": None, "std": None, "per_run": [None, None]}
        found = [json.loads(row) for row in (tmp_path / "metrics.jsonl").read_text().splitlines()]
        assert [row["failed"] for row in found] == [False, False, True, True] * 3
        assert all(row["test_accuracy"] == [None, None] for row in found if row["failed"])

    @pytest.mark.slow
    def test_it_stays_as_it_is(self):
        three, five = (jnl.run(self.both(epochs=epochs)).state for epochs in (3, 5))
        for mine, theirs in zip(*map(jax.tree.leaves, (three[:3], five[:3])), strict=True):
            np.testing.assert_array_equal(mine[2:], theirs[2:])
        assert any((a[:2] != b[:2]).any() for a, b in zip(*map(jax.tree.leaves, (three[:3], five[:3])), strict=True))
        assert list(five.failed) == [False, False, True, True]

    @pytest.mark.slow
    def test_work_on_the_host_leaves_it_out(self):
        sweep = quick("iterative_open_set", epochs=5)
        sweep.sweep = (("optim.learning_rate", (1e-3, 1e38)), ("seeds", 1))
        assert jnl.run(sweep).summary["failed_runs"] == [1]

    @pytest.mark.slow
    def test_folds_that_fail_fail_their_run(self):
        sweep = quick("confident_filter", strategy__folds=2, strategy__fold_epochs=1)
        sweep.sweep = (("optim.learning_rate", (1e-3, 1e38)), ("seeds", 1))
        assert jnl.run(sweep).summary["failed_runs"] == [1]

    @pytest.mark.slow
    def test_all_failed_before_the_networks_start_afresh(self, capsys, monkeypatch):
        monkeypatch.chdir(ROOT)
        arguments = ["--config=configs/forward_correction.py:quick", "--config.optim.learning_rate=1e30"]
        assert cli.main(["train", *arguments]) == 1
        assert "all runs have failed" in capsys.readouterr().err

    @pytest.mark.slow
    def test_the_first_epoch_without_a_loss_may_precede_the_restart(self):
        config = quick("forward_correction", optim__learning_rate=1e30, strategy__estimation_epochs=2, seeds=1)
        assert jnl.run(config).summary["points"][0]["failed_epochs"] == [0]

    @pytest.mark.slow
    def test_all_failed_is_exit_code_1(self, tmp_path, capsys):
        arguments = [f"--config={ROOT}/configs/jocor.py:quick", "--config.optim.learning_rate=1e38"]
        assert cli.main(["train", *arguments, "--config.epochs=50", f"--workdir={tmp_path}"]) == 1
        output = capsys.readouterr()
        assert output.err == "all runs have failed, the first in epoch 0: try a smaller optim.learning_rate\n"
        assert "runs [0, 1] have failed, their loss is not finite from epoch [0, 0] on" in output.out
        assert rows(tmp_path) == 2  # there is nothing to go on with
        assert cli.main(["train", *arguments, "--config.epochs=50", f"--workdir={tmp_path}"]) == 1
