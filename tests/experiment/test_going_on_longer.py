"""A finished training goes on for more epochs, if the first ones would have been the same."""

import json
import signal

import jax
import numpy as np
import pytest
from conftest import quick
from helpers.faults import stop_when
from sklearn.datasets import load_digits

import jnl
from jnl import cli
from jnl.support.errors import UserError


def test_more_epochs_give_the_bits_of_a_training_that_had_them_from_the_beginning(tmp_path, caplog):
    config = quick("jocor", epochs=2)
    short = jnl.run(config, tmp_path / "longer")
    config.epochs = 5
    longer = jnl.run(config, tmp_path / "longer")
    whole = jnl.run(config, tmp_path / "whole")
    assert (short.metrics["test_accuracy"].shape[1], longer.metrics["test_accuracy"].shape[1]) == (2, 5)
    for one, other in zip(*map(jax.tree.leaves, (longer[:1] + longer[2:3], whole[:1] + whole[2:3])), strict=True):
        np.testing.assert_array_equal(one, other)
    assert "from 2 to 5 epochs; its summary.json is removed now, and written again at the end" in caplog.text
    content = json.loads((tmp_path / "longer" / "config.json").read_text())
    assert content["config"]["epochs"] == 5 and content["resumed"][0]["epochs_before"] == 2
    rows = (tmp_path / "longer" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(row)["epoch"] for row in rows] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    points = [json.loads((tmp_path / name / "summary.json").read_text())["points"] for name in ("longer", "whole")]
    assert points[0] == points[1]
    assert jnl.run(config, tmp_path / "longer").summary["points"] == points[0]  # it is finished again


def test_a_sweep_that_is_stopped_keeps_the_rows_of_later_programs_until_they_are_replaced(tmp_path, capsys):
    def command(epochs, *options):
        return cli.main(
            [
                "train", "--config=standard:quick", f"--workdir={tmp_path}", f"--config.epochs={epochs}",
                '--config.sweep=(("strategy.name", ("standard", "small_loss")), ("seeds", 1))', *options,
            ]
        )  # fmt: skip

    def rows():
        return [json.loads(row) for row in (tmp_path / "metrics.jsonl").read_text().splitlines()]

    assert command(2) == 0
    before, config = rows(), json.loads((tmp_path / "config.json").read_text())
    assert [(row["run"], row["epoch"]) for row in before] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert command(40, "--config.minutes=1e-9") == 75
    assert "config.minutes: stopped after 2 of 40 epochs in program 1 of 2; everything" in capsys.readouterr().err
    assert rows() == before  # nothing was trained, so nothing is lost
    stop_when(lambda: len(rows()) >= 6)  # in the first program, which has 36 epochs left
    assert command(40) == 128 + signal.SIGTERM
    assert "in program 1 of 2" in capsys.readouterr().err
    assert all(row in rows() for row in before)
    assert command(2) == 2
    assert "of 40 epochs, and not of 2; continue it with --config.epochs=40 (config.json has" in capsys.readouterr().err
    after = json.loads((tmp_path / "config.json").read_text())
    assert (after["config"]["epochs"], after["resumed"][0]["command_before"]) == (40, config["command"])
    assert command(40) == 0
    assert [(row["run"], row["epoch"]) for row in rows()] == [(run, epoch) for run in range(2) for epoch in range(40)]
    assert all(row in rows() for row in before)


@pytest.mark.slow
def test_data_of_the_caller_go_on_too(tmp_path):
    """Their batch size follows the number of examples, and a rate may have been estimated."""
    inputs, labels = load_digits(return_X_y=True)
    dataset = jnl.from_arrays(inputs[:300], labels[:300])
    config = jnl.get_config("coteaching", "data=own,rate=0.2")
    config.epochs, config.seeds, config.strategy.forget_rate, config.strategy.ramp_epochs = 1, 1, "auto", 1
    jnl.run(config, tmp_path, dataset=dataset)
    config.epochs = 2
    assert (
        jnl.run(config, tmp_path, dataset=dataset)
        .metrics["test_accuracy" if dataset.test else "validation_accuracy"]
        .shape[1]
        == 2
    )


@pytest.mark.parametrize(
    ("strategy", "first", "change", "message"),
    [
        ("standard", {"optim__decay_start": 1}, {"epochs": 4}, "the learning rate depends.*different from epoch 2 on"),
        ("mentornet", {}, {"epochs": 4}, "mentornet depends on how much of the training is done"),
        pytest.param("standard", {}, {"epochs": 2}, "of 3 epochs, and not of 2; .*epochs=3", marks=pytest.mark.slow),
        pytest.param("standard", {}, {"seeds": 3}, "has the seeds 1, 2, and not 1, 2, 3", marks=pytest.mark.slow),
        pytest.param("standard", {}, {"epochs": 4, "batch_size": 64}, "batch_size: 128", marks=pytest.mark.slow),
    ],
)  # fmt: skip
@pytest.mark.slow
def test_what_would_have_been_different_is_refused(strategy, first, change, message, tmp_path):
    config = quick(strategy, epochs=3, seeds=2, **first)
    jnl.run(config, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    config.update(change)
    with pytest.raises(UserError, match=message):
        jnl.run(config, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


@pytest.mark.slow
def test_the_list_of_suspects_says_that_it_covers_more_epochs(tmp_path, caplog):
    config = quick("small_loss", epochs=12, seeds=1)
    jnl.run(config, tmp_path)
    config.epochs = 14
    jnl.run(config, tmp_path)
    assert "small_loss: the list of suspected labels covers the last 12 epochs instead of the last 10" in caplog.text


@pytest.mark.slow
def test_the_command_goes_on_and_then_shows_the_table(tmp_path, capsys):
    line = ["train", "--config=standard:quick", "--config.seeds=1", f"--workdir={tmp_path}"]
    for epochs in (1, 2, 2):
        assert cli.main([*line, f"--config.epochs={epochs}"]) == 0
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 2
    assert "last 10" in capsys.readouterr().out
