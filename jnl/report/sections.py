"""The sections of the page: what it shows of each setup, first the published table, then everything in full."""

from collections.abc import Sequence

from jnl.report import comparing, figures, papers, tables, words
from jnl.report.grouping import Leaderboard
from jnl.report.page import Section, Setup
from jnl.report.series import Series
from jnl.report.table import Table
from jnl.report.verdicts import Verdict


def setup(
    leaderboards: Sequence[Leaderboard], name: str, series: Series, verdicts: Sequence[Verdict], baseline: str
) -> Setup:
    """Return what the page shows of a setup.

    Args:
      leaderboards: the leaderboards of the setup.
      name: the start of the names of its files and ids.
      series: numbers and looks of the labels.
      verdicts: the verdicts on all published numbers.
      baseline: the strategy that the others are compared with.
    """
    title = leaderboards[0].setup
    shown, others = papers.main(leaderboards)
    top = Section(name, title, figures.main(shown, series, name), [(f"{name}-table", _main(shown, verdicts))])
    parts = figures.further(shown, series, name)
    in_full: list[tuple[str, Table]] = []
    if others:
        table = papers.table(others, verdicts, "others", "Other settings of the same methods", as_rows=True)
        in_full.append((f"{name}-others", table))
        parts = figures.main(others, series, f"{name}-others") + parts
    further = Section(f"{name}-details", f"{title}, in full", parts, in_full)
    alone = sum(len(leaderboard.results) for leaderboard in leaderboards) == 1
    about = [words.OTHERS if others else "", words.below_chance(shown), "" if alone else words.trained(leaderboards)]
    in_leaderboards = [
        _leaderboard(leaderboard, f"{name}-{leaderboard.slug}", baseline) for leaderboard in leaderboards
    ]
    return Setup(top, [text for text in about if text], further, in_leaderboards)


def _main(leaderboards: Sequence[Leaderboard], verdicts: Sequence[Verdict]) -> Table:
    """Return the main table with its sentences."""
    results = [result for leaderboard in leaderboards for result in leaderboard.results]
    if len(results) == 1:
        return papers.of_one(results[0], verdicts)._replace(sentences=[words.trained(leaderboards)])
    table = papers.table(leaderboards, verdicts, "table", "Test accuracy")
    judged = [one for one in verdicts if any(one.result is result for result in results)]
    told = [words.misses(judged), *map(words.best_two, leaderboards)]
    return table._replace(sentences=[sentence for sentence in told if sentence])


def _leaderboard(leaderboard: Leaderboard, name: str, baseline: str) -> Section:
    """Return all tables and the noise matrices of a leaderboard. Tables that compare need two results."""
    shown = []
    if len(leaderboard.results) > 1:
        compared, without = comparing.comparisons(leaderboard, baseline)
        shown += [tables.accuracy(leaderboard), tables.paired(compared, without), tables.compute(leaderboard)]
    of_classes, variance = tables.classes(leaderboard), tables.variance(leaderboard)
    shown += [variance] if variance.rows or len(leaderboard.results) > 1 else []
    shown += [*([of_classes] if of_classes else []), *tables.noise(leaderboard)]
    matrices = figures.noise(leaderboard, name)
    return Section(
        name, leaderboard.noise, [matrices] if matrices else [], [(f"{name}-{table.name}", table) for table in shown]
    )
