"""Reports of what is damaged, of anything at all, and into folders that cannot be written: tables, or one line."""

import json
import lzma
import math
import re
import shutil

import pytest
from helpers.reports import LEAN, workdir
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jnl import cli
from jnl.report import comparing, grouping, papers, run_tables, tables, words
from jnl.report.reading import read
from jnl.report.verdicts import verdicts_on
from jnl.support.errors import UserError


def damaged(path, name):
    """One way to spoil a workdir for each name."""
    rows = (path / "metrics.jsonl").read_text().splitlines()
    summary = json.loads((path / "summary.json").read_text())
    point = summary["points"][0]
    match name:
        case "no config":
            (path / "config.json").unlink()
        case "no summary":
            (path / "summary.json").unlink()
        case "empty folder":
            shutil.rmtree(path)
            path.mkdir()
        case "half a line":
            (path / "metrics.jsonl").write_text("\n".join(rows)[:-30])
        case "rows are gone":
            (path / "metrics.jsonl").write_text("\n".join(rows[:5] + rows[6:]))
        case "a run is gone":
            (path / "metrics.jsonl").write_text("\n".join(row for row in rows if '"run": 1,' not in row))
        case "no run":
            (path / "metrics.jsonl").write_text(rows[0].replace('"run"', '"ran"'))
        case "bytes":
            (path / "metrics.jsonl").write_bytes(b"\xff\xfe\x00")
        case "packed, half" | "packed, bytes":
            packed = lzma.compress((path / "metrics.jsonl").read_bytes())
            (path / "metrics.jsonl").unlink()
            (path / "metrics.jsonl.xz").write_bytes(packed[:-40] if name == "packed, half" else b"\xff\xfe\x00")
        case "a list":
            (path / "summary.json").write_text("[]")
        case "deep":
            (path / "config.json").write_text('{"a":' * 100_000)
        case "ragged":
            (path / "metrics.jsonl").write_text(
                "\n".join([re.sub(r'"test_accuracy": \[[^,]*,', '"test_accuracy": [', rows[0]), *rows[1:]])
            )
        case "beyond all":
            (path / "metrics.jsonl").write_text(
                "\n".join(rows).replace('"test_accuracy": [', '"test_accuracy": [1e308, ')
            )
        case "config of another kind":
            (path / "config.json").write_text('{"config": 3}')
        case _:
            field, value = {
                "no rate": ("noise", {"kind": "symmetric"}),
                "a flat matrix": ("noise", {"kind": "symmetric", "rate": 0.5, "matrix": [1, 2]}),
                "runs of words": ("runs", ["a"]),
                "classes of numbers": ("class_accuracy", 3),
                "failed of null": ("failed_runs", None),
            }[name]
            point[field] = value
            (path / "summary.json").write_text(json.dumps(summary))


@pytest.mark.parametrize(
    "name",
    [
        "no config", "no summary", "empty folder", "half a line", "rows are gone", "a run is gone", "no run", "bytes",
        "a list", "deep", "ragged", "beyond all", "config of another kind", "no rate", "a flat matrix", "runs of words",
        "classes of numbers", "failed of null", "packed, half", "packed, bytes",
    ],
)  # fmt: skip
def test_what_is_damaged_is_told_in_one_line(tmp_path, capsys, name):
    path = workdir(tmp_path / "mine")
    damaged(path, name)
    assert cli.main(["report", str(path), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1
    assert told.err.startswith("error: workdir: ") and str(path) in told.err
    assert not (tmp_path / "out").exists()


def paths(content, path=()):
    """Where something may be changed."""
    yield path
    if isinstance(content, dict | list):
        for key in content if isinstance(content, dict) else range(len(content)):
            yield from paths(content[key], (*path, key))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return workdir(tmp_path_factory.mktemp("small") / "a", seeds=(1, 2), epochs=2)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_a_file_holds_there_are_tables_or_one_line(small, tmp_path, data):
    values = [None, True, -1, 0, 3, 1e308, math.nan, 10**30, "x", [], [[]], {}, [None], [1, [2]], {"a": 1}, [1, 2]]
    path = tmp_path / "changed"
    shutil.copytree(small, path, dirs_exist_ok=True)
    name = data.draw(st.sampled_from(["config.json", "summary.json", "metrics.jsonl"]))
    lines = [json.loads(line) for line in (path / name).read_text().splitlines()]
    *parents, last = data.draw(st.sampled_from([path for path in paths(lines) if path]))
    inner = lines
    for key in parents:
        inner = inner[key]
    inner[last] = data.draw(st.sampled_from(values))
    (path / name).write_text("\n".join(map(json.dumps, lines)))
    try:
        found, duplicates = grouping.leaderboards(read([path]))
    except UserError as error:
        assert str(path) in str(error)
        return
    run_tables.runs(found, duplicates)
    run_tables.measurements(found)
    verdicts = verdicts_on(found)
    words.misses(verdicts)
    for one in found:
        papers.table([one], verdicts, "table", "Test accuracy")
        papers.of_one(one.results[0], verdicts)
        words.trained([one])
        words.below_chance([one])
        words.best_two(one)
        tables.paired(*comparing.comparisons(one))
        for make in (tables.accuracy, tables.variance, tables.compute, tables.classes, tables.noise):
            make(one)


def test_a_folder_that_cannot_be_written_is_told(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    mine = workdir(tmp_path / "mine", epochs=2, without=LEAN)
    assert cli.main(["report", str(mine), "--out", str(tmp_path / "file" / "page")]) == 2
    assert "--out: cannot write" in capsys.readouterr().err
