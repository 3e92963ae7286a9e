"""Reports: what is read, grouped and told; see also test_published.py and, for the page itself, test_report_page.py."""

import json
import lzma
import math

import numpy as np
import pytest
from conftest import ROOT, quick
from helpers.reports import LEAN, leaderboard, leaderboards, row, workdir

import jnl
from jnl import cli
from jnl.report import comparing, grouping, run_tables, tables
from jnl.report.reading import read
from jnl.report.report import write

RESULTS = sorted(file.parent for file in (ROOT / "results").rglob("summary.json"))


@pytest.mark.slow
@pytest.mark.parametrize("path", RESULTS, ids=lambda path: str(path.relative_to(ROOT / "results")))
def test_every_kept_result_gives_the_numbers_of_its_own_summary(path):
    summary = json.loads((path / "summary.json").read_text())
    told = summary.get("points", [summary])
    points = read([path])
    assert len(points) == len(told)
    for point, one in zip(points, told, strict=True):
        result = grouping.MethodResult("", point.strategy, 0, [point], point.runs)
        for name in ("best", "last", "last10"):
            per_run = one["test_accuracy"][name]["mean"]["per_run"]
            np.testing.assert_allclose(result.numbers()[name], per_run, rtol=1e-6)


@pytest.mark.slow
def test_a_training_of_today_is_read_with_its_noisy_validation(tmp_path):
    config = quick("jocor", epochs=5, data__validation=0.2, noise__seed="per_run")
    summary = jnl.run(config, tmp_path / "mine").summary
    (point,) = read([tmp_path / "mine"])
    result = leaderboard(tmp_path / "mine").results[0]
    numbers = result.numbers()
    assert list(numbers) == ["last10", "maximal", "best", "last", "at_best_validation", "lowest_loss", "label_wave"]
    for name in ("best", "last", "last10", "at_best_validation", "lowest_loss", "label_wave"):
        of_summary = summary["test_accuracy"][name]["mean"]
        np.testing.assert_allclose(numbers[name], of_summary["per_run"], rtol=1e-6)
    assert len(point.class_names) == 10 and point.matrices["true"].shape == (10, 10)
    assert all(math.isfinite(run.seconds) for run in point.runs) and not any(run.failed for run in point.runs)
    assert cli.main(["report", str(tmp_path / "mine"), "--out", str(tmp_path / "report")]) == 0


def test_epochs_and_batches_that_follow_the_examples_are_read_as_trained(tmp_path):
    config = quick("standard", epochs=0, batch_size=0, seeds=2, protocol__max_steps=1, noise__kind="none")
    inputs = np.random.default_rng(0).normal(size=(3000, 2))
    jnl.run(config, tmp_path / "now", dataset=jnl.from_arrays(inputs, inputs[:, 0] > 0))
    (point,) = read([tmp_path / "now"])
    assert (point.settings["epochs"], point.settings["batch_size"]) == (131, 128)
    assert [len(run.epochs) for run in point.runs] == [131, 131]
    assert cli.main(["report", str(tmp_path / "now"), "--out", str(tmp_path / "report")]) == 0
    before = workdir(tmp_path / "before", epochs=7)  # by a version that did not record them
    file = before / "config.json"
    content = json.loads(file.read_text())
    content["config"]["epochs"] = 0
    file.write_text(json.dumps(content))
    assert [len(run.epochs) for run in read([before])[0].runs] == [7, 7, 7]


def test_a_folder_of_workdirs_is_searched_and_given_twice_counts_once(tmp_path):
    for name in ("one", "two"):
        workdir(tmp_path / "all" / name, name)
    assert [point.strategy for point in read([tmp_path / "all", tmp_path / "all" / "two"])] == ["one", "two"]


def test_packed_rows_are_read_as_they_are(tmp_path):
    path = workdir(tmp_path / "mine", without=LEAN)
    (plain,) = read([path])
    rows = path / "metrics.jsonl"
    (path / "metrics.jsonl.xz").write_bytes(lzma.compress(rows.read_bytes()))
    rows.unlink()
    (packed,) = read([path])
    for one, other in zip(plain.runs, packed.runs, strict=True):
        assert one.curves.keys() == other.curves.keys()
        for name, curve in one.curves.items():
            np.testing.assert_array_equal(curve, other.curves[name])
    assert cli.main(["report", str(path), "--out", str(tmp_path / "out")]) == 0
    assert "mine/metrics.jsonl.xz" in (tmp_path / "out" / "index.html").read_text()


def test_what_is_not_finished_is_left_out_and_named(tmp_path, capsys):
    for name in ("one", "two"):
        workdir(tmp_path / "all" / name, name, without=LEAN)
    (tmp_path / "all" / "one" / "summary.json").unlink()
    assert [point.strategy for point in read([tmp_path / "all"])] == ["two"]
    page = write([tmp_path / "all"], tmp_path / "report").read_text()
    assert f"{tmp_path / 'all' / 'one'} is not finished: none of its runs are shown." in page
    assert cli.main(["report", str(tmp_path / "all" / "one"), "--out", str(tmp_path / "none")]) == 2
    told = f"there are no results yet, because the training in {tmp_path / 'all' / 'one'} is not finished"
    assert told in capsys.readouterr().err


def test_runs_are_put_together_by_settings(tmp_path):
    paths = [
        workdir(tmp_path / "a", seeds=(1, 2)),
        workdir(tmp_path / "b", seeds=(3, 4), data__dir="elsewhere"),  # does not matter
        workdir(tmp_path / "c", seeds=(1, 2), epochs=20),
        workdir(tmp_path / "d", seeds=(3, 4), epochs=20, strategy__co_lambda=0.5),
        workdir(tmp_path / "e", seeds=(3, 4), epochs=20, strategy__co_lambda=0.9),
        workdir(tmp_path / "f", seeds=(1, 2), rate=0.2),
    ]
    found = [
        (one.setup, one.noise, [(result.label, len(result.runs)) for result in one.results])
        for one in leaderboards(*paths)
    ]
    assert found == [
        ("MNIST, MLP, 12 epochs", "Symmetric 20\u00a0%", [("JoCoR", 2)]),
        ("MNIST, MLP, 12 epochs", "Symmetric 50\u00a0%", [("JoCoR", 4)]),
        ("MNIST, MLP, 20 epochs", "Symmetric 50\u00a0%", [
            ("JoCoR (co_lambda=0.5)", 4), ("JoCoR (co_lambda=0.9)", 2)  # `c` does not record it and fits the first
        ]),
    ]  # fmt: skip


def test_other_results_of_the_same_settings_and_seeds_stand_apart(tmp_path):
    told = leaderboard(workdir(tmp_path / "a", accuracy=0.9), workdir(tmp_path / "b", accuracy=0.8))
    assert [(result.label, len(result.runs)) for result in told.results] == [("JoCoR", 3), ("JoCoR #2", 3)]


def test_the_same_run_in_two_workdirs_is_counted_once_and_told(tmp_path):
    paths = [workdir(tmp_path / "a", seeds=(1, 2)), workdir(tmp_path / "b", seeds=(2, 3))]
    found, duplicates = grouping.leaderboards(read(paths))
    assert [run.seed for run in found[0].results[0].runs] == [1, 2, 3]
    assert [(one.left_out.workdir, one.left_out.seed) for one in duplicates] == [(paths[1], 2)]
    assert f"Run 0 of {paths[1]} is not counted" in run_tables.runs(found, duplicates).note


def test_the_same_run_is_the_same_whatever_its_time(tmp_path):
    one, other = workdir(tmp_path / "a"), workdir(tmp_path / "b")
    slower = (other / "metrics.jsonl").read_text().replace('"epoch_seconds": 3.0', '"epoch_seconds": 4.5')
    (other / "metrics.jsonl").write_text(slower)
    assert [(result.label, len(result.runs)) for result in leaderboard(one, other).results] == [("JoCoR", 3)]


def test_configs_of_other_programs_are_no_trainings(tmp_path, capsys):
    for name, content in (("one", {"hidden_size": 768}), ("two", [1, 2]), ("three", None)):
        (tmp_path / "all" / name).mkdir(parents=True)
        (tmp_path / "all" / name / "config.json").write_text("" if content is None else json.dumps(content))
    workdir(tmp_path / "all" / "mine")
    assert [point.workdir.name for point in read([tmp_path / "all"])] == ["mine"]
    assert cli.main(["report", str(tmp_path / "all"), "--out", str(tmp_path / "report")]) == 0
    assert "not finished" not in (tmp_path / "report" / "index.html").read_text()


def test_epochs_before_the_networks_start_afresh_are_left_out(tmp_path):
    plain, prepared = workdir(tmp_path / "a", "standard"), workdir(tmp_path / "b", preparing=5)
    late = workdir(tmp_path / "c", "coteaching", first_epoch=1)
    epochs = {result.strategy: result.epochs() for result in leaderboard(plain, prepared, late).results}
    np.testing.assert_array_equal(epochs["standard"], np.arange(12))
    np.testing.assert_array_equal(epochs["jocor"], np.arange(5, 17))
    np.testing.assert_array_equal(epochs["coteaching"], np.arange(1, 12))


def test_failed_runs_are_shown_and_in_no_mean(tmp_path):
    healthy = tables.accuracy(leaderboard(workdir(tmp_path / "a", seeds=(1, 3))))
    lost = leaderboard(workdir(tmp_path / "b", seeds=(1, 2, 3), failed=(1,)))
    shown = row(tables.accuracy(lost), "JoCoR")
    assert shown["runs"] == "2\n1 failed" and shown["marked"]
    assert {name: shown[name] for name in ("last 10", "best", "last")} == {
        name: row(healthy, "JoCoR")[name] for name in ("last 10", "best", "last")
    }
    assert run_tables.runs([lost], []).rows[0].texts[6] == "1 (epoch 0)"
    assert " failed " in run_tables.measurements([lost])


def test_where_all_runs_have_failed_there_is_no_number(tmp_path):
    lost = leaderboard(workdir(tmp_path / "a", failed=(0, 1, 2), without=LEAN), workdir(tmp_path / "b", "standard"))
    assert row(tables.accuracy(lost), "JoCoR")["last 10"] == "-"
    assert comparing.comparisons(lost) == ([], ["JoCoR (fewer than two shared runs)"])
    assert cli.main(["report", str(tmp_path / "a"), "--out", str(tmp_path / "out")]) == 0


def test_noise_of_which_nothing_is_known_has_no_matrix(tmp_path):
    summary = workdir(tmp_path / "a") / "summary.json"
    content = json.loads(summary.read_text())
    content["points"][0]["noise"] |= {"matrix": [[None] * 3] * 3, "estimated_matrix": None}
    summary.write_text(json.dumps(content))
    (point,) = read([tmp_path])
    assert point.matrices == {}
    content["points"][0]["noise"]["matrix"][0] = [0.5, 0.5, 0]  # of one class alone something is known
    summary.write_text(json.dumps(content))
    (table,) = tables.noise(leaderboard(tmp_path))
    assert [row.texts[1:] for row in table.rows] == [["0.500", "0.500", "0.000"], ["-"] * 3, ["-"] * 3]


EIGHTHS = (5, 3, 1, 2, 3, 4, 5, 0, 0, 0, 0)  # of predictions changed: a valley, then none


def test_label_wave_is_shown_where_changes_are_recorded(tmp_path):
    changed = np.array([math.nan, *EIGHTHS]) / 8  # sums of three from epoch 3: 9, 6, 6, 9
    told = leaderboard(
        workdir(tmp_path / "a", more={"changed_predictions": changed}), workdir(tmp_path / "b", "standard")
    )
    curve = told.results[1].curve("test_accuracy")
    np.testing.assert_array_equal(told.results[1].numbers()["label_wave"], curve[:, 4])
    table = tables.accuracy(told)
    assert "Label Wave" in table.columns
    assert row(table, "Standard")["Label Wave"] == "-"
    assert "Label Wave" not in tables.accuracy(leaderboard(tmp_path / "b")).columns


def test_label_wave_leaves_out_the_epochs_before_networks_start_afresh(tmp_path):
    changed = np.array([math.nan, 0, 0, 0, 8, *EIGHTHS]) / 8
    told = leaderboard(
        workdir(tmp_path / "a", "forward_correction", preparing=4, more={"changed_predictions": changed})
    )
    curve = told.results[0].curve("test_accuracy")
    assert curve.shape[1] == 12
    np.testing.assert_array_equal(told.results[0].numbers()["label_wave"], curve[:, 4])


@pytest.mark.slow
def test_the_window_and_patience_of_label_wave_are_options_of_the_report(tmp_path, capsys):
    changed = np.array([math.nan, *EIGHTHS]) / 8
    made, out = workdir(tmp_path / "a", seeds=(1,), more={"changed_predictions": changed}), tmp_path / "report"
    accuracy = leaderboard(made).results[0].curve("test_accuracy")[0]
    for arguments, epoch in (([], 4), (["--label-wave-window=1"], 3), (["--label-wave-patience=9"], 10)):
        assert cli.main(["report", str(made), "--out", str(out), *arguments]) == 0
        lines = (out / "measurements.csv").read_text().splitlines()
        (line,) = (line for line in lines if ",label_wave," in line)
        assert f",{float(accuracy[epoch])!r}," in line
    assert "averages the last 3 epochs" in (out / "index.html").read_text()
    assert "whose average is not above any of the next 9." in (out / "index.html").read_text()
    for name in ("window", "patience"):
        assert cli.main(["report", str(made), "--out", str(out), f"--label-wave-{name}=0"]) == 2
        assert capsys.readouterr().err == f"error: label_wave_{name}: 0 epochs are too few; give 1 or more\n"


def test_without_a_test_set_the_noisy_labels_judge_and_it_is_said(tmp_path):
    more = {"validation_accuracy": np.full((12, 2), 0.75)}
    told = leaderboard(workdir(tmp_path / "a", without=("test_accuracy", "class_accuracy"), more=more))
    shown = row(tables.accuracy(told), "JoCoR")
    assert shown["method"] == "JoCoR\n(noisy validation labels)"
    assert shown["last"].startswith("75.00 ± 0.00")
    alone = leaderboard(workdir(tmp_path / "b", seeds=(1,), without=("test_accuracy", "class_accuracy"), more=more))
    assert row(tables.accuracy(alone), "JoCoR")["last"] == "75.00"  # of one run there is no deviation
    assert tables.classes(told) is None


def test_differences_are_paired_by_seeds_and_adjusted(tmp_path):
    told = leaderboard(
        workdir(tmp_path / "a", "standard", 0.8, seeds=(1, 2, 3, 4, 5)),
        workdir(tmp_path / "b", "jocor", 0.9, seeds=(3, 4, 5, 6)),
        workdir(tmp_path / "c", "elr", 0.7, seeds=(1, 2, 3, 4, 5)),
        workdir(tmp_path / "d", "gce", 0.7, seeds=(1, 2), batch_size=64),
        workdir(tmp_path / "e", "mixup", 0.7, seeds=(9, 10)),
    )
    found, without = comparing.comparisons(told)
    assert [(one.result.label, one.paired.pairs, one.paired.p, one.holm) for one in found] == [
        ("JoCoR", 3, 0.25, 0.25),
        ("ELR", 5, 0.0625, 0.125),
    ]
    assert without == ["MixUp (fewer than two shared runs)", "GCE (batch_size 64, the baseline 128)"]
    table = tables.paired(found, without)
    assert row(table, "JoCoR")["smallest p"] == "0.25"
    assert row(table, "JoCoR")["difference"].startswith("+10.00")
    assert table.note.endswith("GCE (batch_size 64, the baseline 128).")


def test_of_labels_as_they_are_all_are_compared_whatever_they_believe(tmp_path):
    fields = {"seeds": (1, 2, 3, 4), "noise__kind": "none"}
    paths = [workdir(tmp_path / "a", "standard", noise__rate=0.0, **fields)]
    paths.append(workdir(tmp_path / "b", "jocor", noise__rate=0.4, strategy__forget_rate=None, **fields))
    paths.append(workdir(tmp_path / "c", "standard", noise__rate=0.4, **fields))  # the same: it believes nothing
    for path in paths:
        (path / "summary.json").write_text((path / "summary.json").read_text().replace('"symmetric"', '"none"'))
    told = leaderboard(*paths)
    assert told.title == "MNIST, MLP, 12 epochs: Labels as they are"
    found, without = comparing.comparisons(told)
    assert [one.result.label for one in found] == ["JoCoR"] and not without
    assert [(result.label, len(result.runs)) for result in told.results] == [("Standard", 4), ("JoCoR", 4)]


def test_the_baseline_with_most_shared_runs_is_taken(tmp_path):
    told = leaderboard(
        workdir(tmp_path / "a", "standard", 0.8, seeds=(1, 2)),
        workdir(tmp_path / "b", "standard", 0.7, seeds=(1, 2, 3, 4)),
        workdir(tmp_path / "c", "jocor", 0.9, seeds=(3, 4)),
    )
    ((one,), without) = comparing.comparisons(told)
    assert (one.baseline.label, one.paired.pairs, without) == ("Standard", 2, [])


def test_of_a_sweep_over_data_each_point_has_the_network_of_its_program(tmp_path):
    path = workdir(tmp_path / "a", seeds=(1, 2), model__name="auto")
    summary, config = (json.loads((path / f"{name}.json").read_text()) for name in ("summary", "config"))
    (first,) = summary["points"]
    second = first | {"title": "other", "data": "cifar10", "swept": {"data.name": "cifar10"}, "runs": [2, 3]}
    summary |= {"points": [first, second], "programs": [{"runs": 2}, {"runs": 2}]}
    (path / "summary.json").write_text(json.dumps(summary))
    (path / "config.json").write_text(json.dumps(config | {"models": ["mlp", "cnn7"]}))
    rows = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
    more = [row | {"run": row["run"] + 2} for row in rows]
    (path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*rows, *more]))
    assert [point.settings["model.name"] for point in read([path])] == ["mlp", "cnn7"]


def test_a_baseline_that_is_no_strategy_is_told(tmp_path, capsys):
    path = workdir(tmp_path / "a")
    assert cli.main(["report", str(path), "--out", str(tmp_path / "out"), "--baseline", "standart"]) == 2
    assert "error: --baseline: unknown name 'standart'; did you mean 'standard'?" in capsys.readouterr().err


def test_a_folder_with_files_of_others_is_refused(tmp_path, capsys):
    path, page = workdir(tmp_path / "a", without=LEAN), tmp_path / "project" / "index.html"
    page.parent.mkdir()
    page.write_text("mine")
    assert cli.main(["report", str(path), "--out", str(page.parent)]) == 2
    assert f"--out: {page.parent} holds files and no earlier report of jnl" in capsys.readouterr().err
    assert page.read_text() == "mine"
    assert write([path], tmp_path / "new") == write([path], tmp_path / "new")  # an earlier report is replaced


def test_each_matrix_says_of_which_run_it_is(tmp_path):
    path = workdir(tmp_path / "a", title="jocor,rate=0.5")
    summary = json.loads((path / "summary.json").read_text())
    summary["points"][0]["noise"]["estimated_matrix"] = np.eye(3).tolist()
    (path / "summary.json").write_text(json.dumps(summary))
    true, estimated = tables.noise(leaderboard(path))
    assert (true.name, estimated.name) == ("noise", "noise-1")
    assert "in the first run of jocor,rate=0.5" in true.note
    assert "as the method estimates it" in estimated.note and estimated.rows[0].texts == [
        "a",
        "1.000",
        "0.000",
        "0.000",
    ]


def test_noise_and_initialization_are_told_apart_where_they_are_crossed(tmp_path):
    crossed = workdir(tmp_path / "a", seeds=(1, 1, 2, 2), noise_seeds=(1, 2, 1, 2))
    together = workdir(tmp_path / "b", "standard", seeds=(1, 2), noise_seeds=(1, 2))
    table = tables.variance(leaderboard(crossed, together))
    assert row(table, "JoCoR")["noise draw"] == "0.000"  # the curves depend on the seed alone
    assert float(row(table, "JoCoR")["initialization"]) > 0
    assert [one.label for one in table.rows] == ["JoCoR"]
    nothing = tables.variance(leaderboard(together))
    assert nothing.rows == [] and "cannot be told apart for any method" in nothing.note
    one_draw = tables.variance(leaderboard(workdir(tmp_path / "c"), workdir(tmp_path / "d", "standard")))
    assert one_draw.rows == [] and one_draw.note.startswith(
        "All runs have one noise draw, so no deviation includes it."
    )
