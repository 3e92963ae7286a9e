"""The folder of a training: stopped and taken up again, in use, of another training, full, gone."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import jax
import numpy as np
import pytest
from conftest import ROOT, quick
from helpers.faults import rows, stop_when, wait_until

import jnl
from jnl import cli
from jnl.results.checkpoint import Checkpoint, Checkpoints
from jnl.results.recorded import finished
from jnl.settings.parse import all_fields
from jnl.support.errors import UserError
from jnl.support.signals import Stopped

EPOCHS = 12


def config(**fields):
    return quick("jocor", epochs=EPOCHS, **{"checkpoint__every_epochs": 1, **fields})


@pytest.fixture(scope="module")
def unbroken():
    return jnl.run(config())


@pytest.fixture(scope="module")
def stopped_once(tmp_path_factory):
    """A workdir whose training was stopped after some epochs."""
    path = tmp_path_factory.mktemp("work") / "run"
    stop_when(lambda: rows(path) >= 6)
    with pytest.raises(Stopped, match="SIGTERM: stopped after [3-9] of .* epochs; everything is saved") as stopped:
        jnl.run(config(), path)
    assert stopped.value.exit_code == 128 + signal.SIGTERM
    assert 6 <= rows(path) < 2 * EPOCHS and not (path / "summary.json").exists()
    return path


@pytest.fixture
def stopped(stopped_once, tmp_path):
    """A copy for one test."""
    return Path(shutil.copytree(stopped_once, tmp_path / "run"))


def goes_on(path, unbroken, **fields):
    """The same command: the results of the training that was never stopped, every row once."""
    history = jnl.run(config(**fields), path)
    for name, curve in unbroken.metrics.items():
        np.testing.assert_array_equal(history.metrics[name], curve, err_msg=name)
    for mine, theirs in zip(*map(jax.tree.leaves, (history.state, unbroken.state)), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    found = [json.loads(row) for row in (path / "metrics.jsonl").read_text().splitlines()]
    assert [(row["epoch"], row["run"]) for row in found] == [(e, r) for e in range(EPOCHS) for r in range(2)]
    for row in found:
        assert row["train_loss"] == unbroken.metrics["train_loss"][row["run"], row["epoch"]]
    return history


def content(path):
    """Every file and when it was written."""
    return {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in path.rglob("*") if file.is_file()}


class TestResume:
    """What is there is kept, what is not is done."""

    def test_the_same_command_goes_on(self, stopped, unbroken, capsys):
        before = json.loads((stopped / "config.json").read_text())
        capsys.readouterr()
        history = goes_on(stopped, unbroken)
        assert "digits: continues after " in capsys.readouterr().err
        assert history.summary["test_accuracy"] == unbroken.summary["test_accuracy"]
        after = json.loads((stopped / "config.json").read_text())
        (resumed,) = after.pop("resumed")
        assert after == before
        assert resumed.keys() == {"command", "versions", "device", "git_revision"}

    def test_a_damaged_one_costs_what_came_after_the_one_before(self, stopped, unbroken, caplog):
        newest = max((stopped / "checkpoints" / "0").iterdir(), key=lambda path: int(path.name))
        chunk = max(newest.rglob("*/d/*"), key=lambda path: path.stat().st_size)
        held = bytearray(chunk.read_bytes())
        held[len(held) // 2] ^= 1
        chunk.write_bytes(held)
        goes_on(stopped, unbroken)
        assert f"checkpoint {newest} is damaged" in caplog.text

    def test_what_is_finished_is_read_and_nothing_is_written(self, stopped, unbroken, capsys):
        history = goes_on(stopped, unbroken)
        before = content(stopped)
        again = jnl.run(config(), stopped)
        assert again.summary == json.loads((stopped / "summary.json").read_text()) == history.summary
        for mine, theirs in zip(*map(jax.tree.leaves, (history.state, again.state)), strict=True):
            np.testing.assert_array_equal(mine, theirs)
        arguments = [f"--config.epochs={EPOCHS}", "--config.checkpoint.every_epochs=3", f"--workdir={stopped}"]
        arguments.append(f"--config.strategy.co_lambda={config().strategy.co_lambda}")
        assert cli.main(["train", f"--config={ROOT}/configs/jocor.py:quick", *arguments]) == 0
        out = capsys.readouterr().out
        assert "last 10" in out and "digits" not in out  # the table, and no word of data that were read
        assert content(stopped) == before

    @pytest.mark.slow
    def test_only_what_is_lost_is_trained_again(self, stopped, unbroken):
        shutil.rmtree(stopped / "checkpoints")
        goes_on(stopped, unbroken)

    @pytest.mark.slow
    def test_times_add_up(self, stopped):
        before = [json.loads(row)["epoch_seconds"] for row in (stopped / "metrics.jsonl").read_text().splitlines()]
        summary = jnl.run(config(), stopped).summary
        after = [json.loads(row)["epoch_seconds"] for row in (stopped / "metrics.jsonl").read_text().splitlines()]
        assert after[: len(before)] == before
        assert summary["seconds"] > sum(after[::2])

    @pytest.mark.parametrize(
        "damage",
        [
            lambda text: text[: len(text) // 2],  # in the middle of a row
            lambda text: text + text[-200:],
            lambda text: "",
            lambda text: "\0" * 5000,
        ],
    )
    @pytest.mark.slow
    def test_rows_are_written_anew(self, damage, stopped, unbroken):
        metrics = stopped / "metrics.jsonl"
        metrics.write_text(damage(metrics.read_text()))
        goes_on(stopped, unbroken)

    def test_rows_that_are_gone_come_back(self, stopped, unbroken):
        (stopped / "metrics.jsonl").unlink()
        goes_on(stopped, unbroken)

    def test_rows_and_networks_of_a_finished_training_come_back(self, stopped, unbroken, caplog, capsys):
        goes_on(stopped, unbroken)
        before = (
            content(stopped).keys(),
            (stopped / "metrics.jsonl").read_bytes(),
            (stopped / "model.json").read_bytes(),
        )
        for damage in (before[1][:-1], b"", before[1][: len(before[1]) // 2], None):
            (stopped / "model.json").write_text("{")
            (stopped / "metrics.jsonl").unlink()
            if damage is not None:
                (stopped / "metrics.jsonl").write_bytes(damage)
            assert finished(stopped, all_fields(config())) is None  # so the command reads the checkpoints
            jnl.run(config(), stopped)
            assert (stopped / "metrics.jsonl").read_bytes() == before[1]
            assert (stopped / "model.json").read_bytes() == before[2]
            assert content(stopped).keys() == before[0]
            assert finished(stopped, all_fields(config())) is not None
        assert "is damaged: jnl reads the data" in caplog.text and "metrics.jsonl lacks rows; jnl" in caplog.text

    @pytest.mark.slow
    def test_finished_without_its_checkpoints_keeps_its_rows(self, stopped, unbroken):
        goes_on(stopped, unbroken)
        shutil.rmtree(stopped / "checkpoints")
        held = (stopped / "metrics.jsonl").read_bytes()
        with pytest.raises(UserError, match="is finished, but checkpoints with its trained states"):
            jnl.run(config(), stopped)
        assert (stopped / "metrics.jsonl").read_bytes() == held


def changed(workdir, file):
    """Makes a workdir say that a file of code was another one when the training began."""
    recorded = json.loads((workdir / "config.json").read_text())
    recorded["fingerprint"]["code"][file] = "0"
    (workdir / "config.json").write_text(json.dumps(recorded))


class TestRefused:
    """One line, exit code 2, and nothing is touched."""

    def refused(self, path, message, **fields):
        before = content(path)
        with pytest.raises(UserError, match=message):
            jnl.run(config(**fields), path)
        assert content(path) == before

    def test_another_config(self, stopped):
        self.refused(stopped, r"another training \(noise.rate: 0.2 there, 0.3 here\)", noise__rate=0.3)
        self.refused(stopped, "has the seeds 1, 2, and not 1, 2, 3; train further .* --config.seeds=.\\(3,4", seeds=3)

    def test_how_often_to_save_may_change(self, stopped, unbroken):
        goes_on(stopped, unbroken, checkpoint__keep=7)

    @pytest.mark.slow
    def test_another_layout_is_told(self, stopped, caplog):
        jnl.run(config(runs_axis="vmap"), stopped)
        assert "began with runs_axis='auto': the last bits may differ" in caplog.text

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("data", "the data have changed"),
            ("labels", "the noisy labels have"),
            ("class_names", "the names of the classes have changed"),
            ("code", "'all of jnl'; undo"),
        ],
    )
    def test_other_data_labels_or_code(self, name, message, stopped):
        recorded = json.loads((stopped / "config.json").read_text())
        recorded["fingerprint"][name] = "0"
        (stopped / "config.json").write_text(json.dumps(recorded))
        self.refused(stopped, message)

    def test_a_file_that_the_training_runs(self, stopped):
        changed(stopped, "strategies/jocor.py")
        self.refused(stopped, r"the code that it runs has changed .*: 'strategies/jocor.py'; undo")

    @pytest.mark.slow
    def test_it_goes_on_at_the_users_word_and_records_it(self, stopped, unbroken, caplog):
        changed(stopped, "strategies/jocor.py")
        goes_on(stopped, unbroken, checkpoint__changed_code=True)
        assert "continues, although its code has changed: strategies/jocor.py" in caplog.text
        (resumed,) = json.loads((stopped / "config.json").read_text())["resumed"]
        assert resumed["changed_code"] == ["strategies/jocor.py"]

    @pytest.mark.slow
    def test_own_data_that_have_changed(self, tmp_path):
        rng = np.random.default_rng(0)
        inputs, labels = rng.normal(size=(200, 5)).astype(np.float32), rng.integers(0, 2, 200)
        mine = jnl.get_config("standard", "data=arrays,quick")
        mine.data.dir = str(tmp_path / "mine.npz")
        np.savez(mine.data.dir, train_inputs=inputs, train_labels=labels)
        jnl.run(mine, tmp_path / "run")
        inputs[17, 3] += 1
        np.savez(mine.data.dir, train_inputs=inputs, train_labels=labels)
        with pytest.raises(UserError, match="since it began, the data have changed"):
            jnl.run(mine, tmp_path / "run")

    @pytest.mark.slow
    def test_other_versions_are_told(self, stopped, unbroken, caplog):
        recorded = json.loads((stopped / "config.json").read_text())
        recorded["versions"]["jax"] = "0.1"
        (stopped / "config.json").write_text(json.dumps(recorded))
        goes_on(stopped, unbroken)
        assert "began with other versions" in caplog.text

    def test_a_process_is_in_it(self, stopped):
        folder = os.open(stopped, os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)
        try:
            self.refused(stopped, "another process is training in")
        finally:
            os.close(folder)

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"config": 3}', "\0"])
    def test_a_config_that_is_damaged(self, text, stopped):
        (stopped / "config.json").write_text(text)
        self.refused(stopped, "workdir")

    @pytest.mark.parametrize("text", ["{}", '{"points": []}', '{"points": 3}', '{"points": [3]}', '{"points": [{}]}'])
    def test_a_summary_that_is_damaged(self, text, stopped):
        (stopped / "summary.json").write_text(text)
        self.refused(stopped, "summary.json is damaged")

    def test_a_name_that_is_not_utf8(self, tmp_path):
        with pytest.raises(UserError, match=r"does not read the name '.*lc\\udcfc' as UTF-8; set PYTHONUTF8=1"):
            jnl.run(config(), tmp_path / "lc\udcfc")
        assert not list(tmp_path.iterdir())

    def test_results_of_nobody_knows_what(self, stopped):
        (stopped / "config.json").unlink()
        self.refused(stopped, "no config.json with its settings")

    def test_a_checkpoint_in_another_form(self, stopped):
        files = Checkpoints(stopped / "checkpoints" / "0", 2)
        files.save(1000, Checkpoint({"a": np.ones(1)}, {"format": 99}))
        files.wait()
        files.close()
        self.refused(stopped, "a version of jnl that stores other data")

    @pytest.mark.skipif(os.getuid() == 0, reason="root writes everywhere; a read-only file system is tested below")
    def test_a_folder_without_permission(self, stopped):
        stopped.chmod(0o500)
        self.refused(stopped, "cannot use .* give a folder that is writable")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MiB in a folder."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"cannot mount a file system here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


class TestDisk:
    """Full, read-only, gone."""

    @pytest.mark.slow
    def test_full(self, small_disk, unbroken):
        keeps = {"checkpoint__keep": 20}
        with pytest.raises(UserError, match=r"cannot save the checkpoint .*No space left .* make room"):
            jnl.run(config(**keeps), small_disk / "run")
        assert 2 <= rows(small_disk / "run") < 2 * EPOCHS
        subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
        goes_on(small_disk / "run", unbroken, **keeps)

    @pytest.mark.slow
    def test_full_while_rows_are_written(self, small_disk, stopped_once, unbroken):
        path = small_disk / "run"
        fields = {"checkpoint__every_epochs": 100}  # in the end alone
        pages = [-(-(Path(stopped_once) / name).stat().st_size // 4096) for name in ("config.json", "model.json")]
        (small_disk / "ballast").write_bytes(bytes(4 * 2**20 - (sum(pages) + 1) * 4096))  # one page is left for rows
        with pytest.raises(UserError, match=r"cannot use .*metrics.jsonl \(No space left"):
            jnl.run(config(**fields), path)
        (small_disk / "ballast").unlink()
        goes_on(path, unbroken, **fields)

    def test_read_only(self, small_disk, stopped_once):
        path = Path(shutil.copytree(stopped_once, small_disk / "run"))
        subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
        TestRefused().refused(path, "Read-only file system.* give a folder that is writable")
        with pytest.raises(UserError, match="Read-only file system"):
            jnl.run(config(), small_disk / "new")

    def test_a_finished_training_is_read_where_nothing_can_be_written(self, small_disk):
        short = quick("standard", seeds=1, epochs=1)
        written = jnl.run(short, small_disk / "run")
        subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
        assert jnl.run(short, small_disk / "run").summary == written.summary

    @pytest.mark.slow
    def test_gone(self, tmp_path):
        path = tmp_path / "run"

        def remove():
            wait_until(lambda: rows(path) >= 4)
            shutil.rmtree(path, ignore_errors=True)

        remover = threading.Thread(target=remove)
        remover.start()
        with pytest.raises(UserError, match="workdir: cannot"):
            jnl.run(quick("jocor", epochs=10000), path)
        remover.join()
