"""What the tables of a setup say about their numbers: which one counts, from how many runs, and which is never best."""

import pytest
from helpers.reports import leaderboard, leaderboards, workdir

from jnl.report import papers, tables
from jnl.report.verdicts import verdicts_on


def table(*paths, **options):
    found = leaderboards(*paths)
    return papers.table(found, verdicts_on(found), "table", "Test accuracy", **options)


@pytest.mark.parametrize(
    "epochs, first, other", [(4, "last", "last 4"), (19, "last", "last 10"), (20, "last 10", "last")]
)
def test_of_one_training_the_number_that_counts_comes_first(tmp_path, epochs, first, other):
    found = papers.of_one(leaderboard(workdir(tmp_path / "a", data="digits", epochs=epochs)).results[0], [])
    names = [row.texts[0] for row in found.rows]
    assert names[0] == first and other in names
    mean = f"last {min(10, epochs)}"
    assert f"{mean.capitalize()} is the mean of the {mean} of {epochs} epochs." in found.note
    assert f"maximal of {mean}" in names and f"label precision, {mean}" in names


def test_a_number_from_fewer_runs_says_how_many(tmp_path):
    failures = {"elr": (), "jocor": (1,)}
    paths = [workdir(tmp_path / name, name, epochs=200, failed=failed) for name, failed in failures.items()]
    ours = dict(zip(["", *table(*paths).labels[1:]], table(*paths).rows[1].texts, strict=True))
    assert ours[""] == "jnl, 3 runs"
    assert "run" not in ours["ELR"] and ours["JoCoR"].splitlines()[1] == "2 runs"
    assert papers._FEWER in table(*paths).note and papers._FEWER not in table(paths[0]).note
    (cell,) = [row.texts[1] for row in table(*paths, as_rows=True).rows if row.label == "JoCoR"]
    assert "2 runs" in cell.splitlines()


def test_the_note_says_why_the_oracle_is_not_bold(tmp_path):
    told = "Oracle trains on the true labels: it is an upper bound, and never counts as the best."
    paths = [workdir(tmp_path / name, name, accuracy) for name, accuracy in (("jocor", 0.9), ("oracle", 0.92))]
    both, alone = leaderboards(*paths), leaderboards(paths[0])
    for notes, shown in ((both, True), (alone, False)):
        assert (told in papers.table(notes, [], "table", "Test accuracy").note) == shown
        assert (told in tables.accuracy(notes[0]).note) == shown
