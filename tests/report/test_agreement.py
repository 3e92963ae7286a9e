"""Runs whose own code or noisy labels differ are neither in one mean nor in one pair."""

import json

import pytest
from conftest import quick
from helpers.reports import LEAN, leaderboard, leaderboards, workdir

import jnl
from jnl.report import comparing, papers, tables, words
from jnl.report.reading import read
from jnl.report.report import write
from jnl.report.run_tables import settings

OWN, JNL = "mine.weighted", "core/strategy.py"
DRAW = "All runs have one noise draw"


def recorded(path, labels=None, code=None, **options):
    """A workdir that records the code, and the labels of each run or none."""
    file = workdir(path, **options) / "config.json"
    content = json.loads(file.read_text())
    content["fingerprint"] = {"code": code or {}, **({} if labels is None else {"labels_of_runs": list(labels)})}
    file.write_text(json.dumps(content))
    return path


def columns(*paths):
    return [(result.label, [run.seed for run in result.runs]) for result in leaderboard(*paths).results]


def test_own_code_that_has_changed_stands_apart_and_code_of_jnl_does_not(tmp_path):
    one = recorded(tmp_path / "a", code={OWN: "a", JNL: "a"}, seeds=(1, 2))
    same = recorded(tmp_path / "b", code={OWN: "a", JNL: "b"}, seeds=(3, 4))
    other = recorded(tmp_path / "c", code={OWN: "b", JNL: "b"}, seeds=(5, 6, 7))
    old = recorded(tmp_path / "d", code="of all files", seeds=(8,))
    assert columns(one, same, other) == [("JoCoR", [1, 2, 3, 4]), ("JoCoR #2", [5, 6, 7])]
    assert columns(one, old) == [("JoCoR", [1, 2, 8])]
    assert (f"code of {OWN}", "a") in settings(read([one])[0])


def test_the_same_results_show_that_a_change_of_the_code_does_not_matter(tmp_path):
    one = recorded(tmp_path / "a", code={OWN: "a"}, seeds=(1, 2))
    other = recorded(tmp_path / "b", code={OWN: "b"}, seeds=(2, 3))
    assert columns(one, other) == [("JoCoR", [1, 2, 3])]


def test_own_data_are_compared_by_their_digest_and_not_by_their_code(tmp_path):
    paths = [
        recorded(tmp_path / str(seed), code={"mine.photos": str(seed)}, data="mine:photos", seeds=(seed,))
        for seed in (1, 2)
    ]
    assert columns(*paths) == [("JoCoR", [1, 2])]


def test_one_code_is_in_one_column_under_each_noise(tmp_path):
    for name, code, rate, seeds in (
        ("a", "one", 0.2, (1, 2)), ("b", "other", 0.2, (3,)), ("c", "one", 0.5, (1,)), ("d", "other", 0.5, (3, 4)),
    ):  # fmt: skip
        recorded(tmp_path / name, code={OWN: code}, rate=rate, seeds=seeds)
    found = papers.table(leaderboards(tmp_path), [], "table", "Test accuracy")
    assert len(found.columns) == 3
    for one in leaderboards(tmp_path):
        assert {result.label: result.points[0].code[OWN] for result in one.results} == {
            "JoCoR": "one",
            "JoCoR #2": "other",
        }


def test_other_labels_of_the_same_noise_seed_stand_apart(tmp_path):
    one = recorded(tmp_path / "a", "xx", seeds=(1, 2))
    same = recorded(tmp_path / "b", "xy", seeds=(3, 4), noise_seeds=(0, 1))
    other = recorded(tmp_path / "c", "zz", seeds=(5, 6))
    old = recorded(tmp_path / "d", seeds=(7, 8))
    assert columns(one, same) == [("JoCoR", [1, 2, 3, 4])]
    assert columns(one, other) == [("JoCoR", [1, 2]), ("JoCoR #2", [5, 6])]
    assert columns(one, old) == [("JoCoR", [1, 2, 7, 8])]


def test_runs_with_other_labels_are_no_pairs_and_no_draw_of_all(tmp_path):
    one = recorded(tmp_path / "a", "xxx", strategy="standard")
    same, other = recorded(tmp_path / "b", "xxx"), recorded(tmp_path / "c", "zzz")
    assert comparing.comparisons(leaderboard(one, same))[0][0].paired.pairs == 3
    apart = leaderboard(one, other)
    assert comparing.comparisons(apart) == ([], ["JoCoR (fewer than two shared runs)"])
    assert words.best_two(apart).endswith("because fewer than two runs share seeds and labels.")
    for found, expected in ((leaderboard(one, same), True), (apart, False)):
        assert (DRAW in papers.table([found], [], "table", "").note) is expected
        assert (DRAW in tables.variance(found).note) is expected


def test_the_best_of_two_methods_are_compared_and_not_two_settings_of_one(tmp_path):
    paths = [
        workdir(tmp_path / "a", "jocor", accuracy=0.8),
        workdir(tmp_path / "b", "jocor", accuracy=0.79, batch_size=64),
        workdir(tmp_path / "c", "coteaching", accuracy=0.6),
        workdir(tmp_path / "d", "oracle", accuracy=0.9),
    ]
    found = comparing.duel(leaderboard(*paths))
    assert (found.first.strategy, found.second.strategy) == ("jocor", "coteaching")
    assert comparing.duel(leaderboard(*paths[:2])) is None


def test_each_noise_has_a_draw_of_its_own(tmp_path):
    paths = [recorded(tmp_path / "a", "xxx", rate=0.2), recorded(tmp_path / "b", "zzz")]
    assert DRAW in papers.table(leaderboards(*paths), [], "table", "").note


def test_code_that_changed_in_the_middle_of_a_training_is_named(tmp_path):
    file = workdir(tmp_path / "a", without=LEAN) / "config.json"
    processes = [{"changed_code": ["helper", "mine.weighted"]}, {"device": "1 x cpu"}, {"changed_code": ["helper"]}]
    file.write_text(json.dumps(json.loads(file.read_text()) | {"resumed": processes}))
    page = write([workdir(tmp_path / "b", "standard", without=LEAN), tmp_path / "a"], tmp_path / "out").read_text()
    told = "was continued with other code than it began with"
    assert f"{tmp_path / 'a'} {told}: helper, mine.weighted." in page and page.count(told) == 1


@pytest.mark.parametrize("noise_seed", [0, "per_run"])
def test_a_training_records_the_labels_of_each_run(noise_seed, tmp_path):
    jnl.run(quick("standard", epochs=1, seeds=2, noise__seed=noise_seed), tmp_path / "mine")
    (point,) = read([tmp_path / "mine"])
    digests = {run.labels for run in point.runs}
    assert all(digests) and len(digests) == len({run.noise_seed for run in point.runs})
