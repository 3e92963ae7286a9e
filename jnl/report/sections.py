"""The sections of the page: what it shows of each setup, first the published table, then everything in full."""

from collections.abc import Sequence

from jnl.report import comparing, figures, papers, tables, words
from jnl.report.cells import Leaderboard
from jnl.report.page import Section, Setup
from jnl.report.series import Series
from jnl.report.table import Table
from jnl.report.verdicts import Verdict


def setup(
    boards: Sequence[Leaderboard], name: str, series: Series, verdicts: Sequence[Verdict], baseline: str
) -> Setup:
    """Return what the page shows of a setup.

    Args:
      boards: the boards of the setup.
      name: the start of the names of its files and ids.
      series: numbers and looks of the labels.
      verdicts: the verdicts on all published numbers.
      baseline: the strategy that the others are compared with.
    """
    title = boards[0].setup
    shown, others = papers.main(boards)
    top = Section(name, title, figures.main(shown, series, name), [(f"{name}-table", _main(shown, verdicts))])
    parts = figures.further(shown, series, name)
    in_full: list[tuple[str, Table]] = []
    if others:
        table = papers.table(others, verdicts, "others", "Other settings of the same methods", as_rows=True)
        in_full.append((f"{name}-others", table))
        parts = figures.main(others, series, f"{name}-others") + parts
    further = Section(f"{name}-details", f"{title}, in full", parts, in_full)
    alone = sum(len(board.cells) for board in boards) == 1
    about = [words.OTHERS if others else "", words.below_chance(shown), "" if alone else words.trained(boards)]
    in_boards = [_board(board, f"{name}-{board.slug}", baseline) for board in boards]
    return Setup(top, [text for text in about if text], further, in_boards)


def _main(boards: Sequence[Leaderboard], verdicts: Sequence[Verdict]) -> Table:
    """Return the main table with its sentences."""
    cells = [cell for board in boards for cell in board.cells]
    if len(cells) == 1:
        return papers.of_one(cells[0], verdicts)._replace(sentences=[words.trained(boards)])
    table = papers.table(boards, verdicts, "table", "Test accuracy")
    judged = [one for one in verdicts if any(one.cell is cell for cell in cells)]
    told = [words.misses(judged), *map(words.best_two, boards)]
    return table._replace(sentences=[sentence for sentence in told if sentence])


def _board(board: Leaderboard, name: str, baseline: str) -> Section:
    """Return all tables and the noise matrices of a board. Tables that compare need two cells."""
    shown = []
    if len(board.cells) > 1:
        compared, without = comparing.comparisons(board, baseline)
        shown += [tables.accuracy(board), tables.paired(compared, without), tables.compute(board)]
    of_classes, variance = tables.classes(board), tables.variance(board)
    shown += [variance] if variance.rows or len(board.cells) > 1 else []
    shown += [*([of_classes] if of_classes else []), *tables.noise(board)]
    matrices = figures.noise(board, name)
    return Section(
        name, board.noise, [matrices] if matrices else [], [(f"{name}-{table.name}", table) for table in shown]
    )
