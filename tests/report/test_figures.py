"""The figures of the metrics of other packages."""

import json

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
