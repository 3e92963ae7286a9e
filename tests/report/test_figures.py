"""The figures of the metrics of other packages."""

import json
import re

import numpy as np
import pytest
from helpers.reports import LEAN, leaderboards, workdir

from jnl.report import figures, papers
from jnl.report.series import series

SAID = "(not in percent, because some values are outside 0 to 1)"


@pytest.mark.parametrize(
    "is_share, highest, caption, shown",
    [
        (True, 1.0, "Margin", 100.0),
        (True, 12.7, f"Margin {SAID}", 12.7),
        (False, 12.7, "Margin", 12.7),
    ],
)
def test_the_values_of_a_metric_are_in_its_figure_whatever_their_scale(is_share, highest, caption, shown, tmp_path):
    path = workdir(tmp_path / "a", more={"margin": np.linspace(0.6, highest, 12)}, without=LEAN)
    content = json.loads((path / "config.json").read_text())
    content["metrics"] = {"margin": {"caption": "Margin", "is_share": is_share}}
    (path / "config.json").write_text(json.dumps(content))
    found = leaderboards(path)
    (figure,) = [one for one in figures.further(found, series(papers.labels_of(found)), "a") if "margin" in one.name]
    assert figure.caption == caption
    (panel,) = figure.panels
    assert panel.hover["series"][0]["values"][-1][0] == shown


def further(*paths):
    """The figures of the details of a setup, by the end of their names."""
    found = leaderboards(*paths)
    return {one.name.removeprefix("a-"): one for one in figures.further(found, series(papers.labels_of(found)), "a")}


def texts(panel):
    return re.findall(r"<text[^>]*>([^<]*)</text>", panel.inline)


def last_mean(path):
    """The mean test accuracy of the last epoch over runs and networks."""
    rows = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
    last = max(row["epoch"] for row in rows)
    return np.mean([row["test_accuracy"] for row in rows if row["epoch"] == last])


def of_operations(path, operations):
    """Write the operations of a run into a finished training."""
    summary = json.loads((path / "summary.json").read_text())
    summary["points"][0]["operations"] = operations
    (path / "summary.json").write_text(json.dumps(summary))
    return path


def test_a_scale_in_percent_ends_at_0_and_100_and_names_what_it_measures(tmp_path):
    almost = {"selected_fraction": np.linspace(1, 0.001, 12)}
    panel = further(workdir(tmp_path / "a", more=almost))["selected_fraction"].panels[0]
    shown = texts(panel)
    assert "share selected (%)" in " ".join(shown) and "100" in shown
    values = {"mean": np.array([0.1, 99.9]), "std": np.zeros(2), "several": np.zeros(2, bool)}
    assert figures._limits([figures.Values(None, 0, **values)], 100.0) == (0.0, 100.0)


def test_the_curves_of_a_second_training_begin_at_epoch_0_and_the_figure_says_so(tmp_path):
    found = leaderboards(workdir(tmp_path / "a", "forward_correction", preparing=5), workdir(tmp_path / "b"))
    accuracy = figures.main(found, series(papers.labels_of(found)), "a")[0]
    assert accuracy.note == "The curves of these methods show their second training: F-correction."
    assert [(one["first"], len(one["values"])) for one in accuracy.panels[0].hover["series"]] == [(0, 12), (0, 12)]
    alone = leaderboards(workdir(tmp_path / "c"))
    assert figures.main(alone, series(papers.labels_of(alone)), "a")[0].note == ""


def test_a_figure_says_where_curves_lie_on_each_other(tmp_path):
    same = {"test_accuracy": np.linspace(0.5, 0.9, 12)[:, None].repeat(2, 1)}
    found = leaderboards(workdir(tmp_path / "a", more=same), workdir(tmp_path / "b", "standard", more=same))
    drawn = figures.main(found, series(papers.labels_of(found)), "a")
    assert drawn[0].note == "Some curves lie on each other." and drawn[0].caption == "Test accuracy"


def test_the_points_of_a_class_are_beside_each_other(tmp_path):
    (panel,) = further(workdir(tmp_path / "a"), workdir(tmp_path / "b", "standard"))["classes"].panels
    places = [
        float(x) for x in re.findall(r'<use [^>]*?x="([\d.]+)" y="[\d.]+" style="fill: #(?!010203)', panel.inline)
    ]
    assert len(places) == len(set(places)) == 6


def test_results_without_operations_are_not_drawn_among_operations(tmp_path):
    paths = [of_operations(workdir(tmp_path / name, name), 1e12) for name in ("jocor", "standard")]
    paths += [workdir(tmp_path / f"elr-{rate}", "elr", rate=rate) for rate in (0.2, 0.5)]
    figure = further(*paths)["compute"]
    (panel,) = figure.panels
    assert figure.note == "Methods are left out where their operations are not recorded: ELR."
    assert [point["text"].split("  ")[1] for point in panel.hover["points"]] == [
        "Standard, 1e+12 operations", "JoCoR, 1e+12 operations"
    ]  # fmt: skip
    assert "floating-point operations of a run" in texts(panel)


def test_seconds_are_drawn_only_if_no_training_has_operations(tmp_path):
    figure = further(workdir(tmp_path / "a"), workdir(tmp_path / "b", "standard"))["compute"]
    assert "seconds of a run" in texts(figure.panels[0]) and "accuracy (%)" in texts(figure.panels[0])
    assert figure.note == "No training has recorded its operations. Seconds of other machines are not comparable."


@pytest.mark.parametrize("classes, shown", [(12, 144), (13, 0)])
def test_the_cells_of_a_small_noise_matrix_show_their_values(classes, shown, tmp_path):
    names = tuple(f"class{number}" for number in range(classes))
    (found,) = leaderboards(workdir(tmp_path / "a", class_names=names, without=LEAN))
    (panel,) = figures.noise(found, "a").panels
    assert sum(bool(re.fullmatch(r"0\.\d\d", text)) for text in texts(panel)) == shown


def test_the_accuracy_against_the_noise_rate_has_a_panel_for_each_kind_with_several_rates(tmp_path):
    paths = [
        workdir(tmp_path / f"{name}-{rate}", name, accuracy, rate=rate, without=LEAN)
        for name, rate, accuracy in (("jocor", 0.2, 0.9), ("jocor", 0.5, 0.8), ("standard", 0.5, 0.6))
    ]
    found = leaderboards(*paths)
    figure = figures.main(found, series(papers.labels_of(found)), "a")[-1]
    assert (figure.name, figure.caption) == ("a-rates", "Accuracy (last of 12 epochs) against the noise rate")
    (panel,) = figure.panels
    assert panel.title == "Symmetric" and "noise rate (%)" in texts(panel)
    means = {path.name: 100 * last_mean(path) for path in paths}
    shown = {}
    for point in panel.hover["points"]:
        value, label, rate = re.fullmatch(r"([\d.]+) ± [\d.]+  (\w+), noise rate (\d+) %", point["text"]).groups()
        shown[f"{label.lower()}-{int(rate) / 100:g}"] = float(value)
    assert shown == {name: pytest.approx(mean, abs=0.006) for name, mean in means.items()}


def test_a_line_has_a_gap_at_a_rate_at_which_all_runs_have_failed(tmp_path):
    failed = {0.5: (0, 1, 2)}
    paths = [
        workdir(tmp_path / f"{rate}", rate=rate, failed=failed.get(rate, ()), without=LEAN) for rate in (0.2, 0.5, 0.8)
    ]
    found = leaderboards(*paths)
    (panel,) = figures.main(found, series(papers.labels_of(found)), "a")[-1].panels
    assert [re.search(r"\d+ %", point["text"])[0] for point in panel.hover["points"]] == ["20 %", "80 %"]
    line = re.search(r'data-series="0"[^>]*>\s*<path d="([^"]*)"', panel.inline)[1]
    assert line.count("M") == 2 and "L" not in line


def test_one_rate_for_each_method_gives_no_figure_against_the_rate(tmp_path):
    found = leaderboards(workdir(tmp_path / "a", rate=0.2), workdir(tmp_path / "b", "standard", rate=0.5))
    assert "a-rates" not in {one.name for one in figures.main(found, series(papers.labels_of(found)), "a")}
