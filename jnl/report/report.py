"""Write the report of workdirs: the page, its figures and its tables."""

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from jnl import strategies
from jnl.core.errors import UserError, printable, unknown
from jnl.ops.curves import LABEL_WAVE, LabelWave
from jnl.report import cells, figures, formats, published, records, tables
from jnl.report.cells import Leaderboard
from jnl.report.page import Files, Page, Section, render
from jnl.report.reading import Point, read, unfinished
from jnl.report.tables import Table
from jnl.results.files import CONFIG, PARTIAL_SUMMARY, SUMMARY, metrics_file

PAGE = "index.html"
_READING = [
    "A strategy's runs are put together if they agree in every setting that their workdirs record; if they do not, its "
    "name is followed by settings that tell them apart, or by a number if the same settings and seeds gave other "
    "results. Runs that have failed (their loss was not finite) are in no "
    "mean. Bands in figures are one standard deviation (ddof 0) over runs.",
    "Last 10 is the mean of the last 10 epochs, maximal the maximum of these, best the maximum of all epochs; both "
    "maxima look at test labels. Selected is the epoch of the best accuracy on noisy validation labels, and needs no "
    "clean label. A column is there where its curve is recorded.",
    "A strategy that trains twice, as to estimate the noise first, has its curves from the epoch on in which its "
    "networks start afresh.",
    "Intervals are 95 % t intervals. With five runs, bootstrap intervals of 95 % cover 84 % only.",
    published.RULE,
]


def _of_label_wave(wave: LabelWave) -> str:
    """Return the paragraph that explains Label Wave."""
    return (
        "Label Wave needs no held-out example and no clean label. It takes the share of predictions on the training "
        f"set that have changed since the epoch before, averages the last {wave.window} epochs, and chooses the first "
        f"epoch whose average is not undercut in the next {wave.patience} epochs. If the averages fall until the end, "
        "it chooses the last epoch. The paper (Yuan et al. 2024) stops at the first local minimum of a moving average; "
        "its window is not confirmed."
    )


def write(workdirs: Sequence[Path], out: Path, baseline: str = cells.BASELINE, wave: LabelWave = LABEL_WAVE) -> Path:
    """Write the report and return the path of its page. The same workdirs give the same bytes.

    Args:
      workdirs: folders of trainings, or folders that contain such folders.
      out: the folder for the page and its files.
      baseline: the strategy that the others are compared with.
      wave: the window and patience of Label Wave.

    Raises:
      UserError: if a workdir is missing or damaged, no strategy has the baseline's name, or `out` cannot be written.
    """
    points = read(workdirs)
    known = sorted(
        {*strategies.names(), *(point.strategy for point in points)}
    )  # a workdir of an older jnl may have other names
    if baseline not in known:
        raise unknown("--baseline", baseline, known)
    boards, duplicates = cells.boards(points, wave)
    names = _names(boards)
    often = Counter(cell.label for board in boards for cell in board.cells)
    numbers = {label: number for number, label in enumerate(sorted(often, key=lambda label: (-often[label], label)))}
    verdicts = published.verdicts(boards)
    titles = {cell_id: board.title for board in boards for cell_id in map(id, board.cells)}
    sections = [_section(board, name, numbers, baseline) for board, name in zip(boards, names, strict=True)]
    page = Page(
        _summary(points, boards) + _missing(unfinished(workdirs), points),
        tables.published(
            verdicts, {number: titles[id(one.cell)] for number, one in enumerate(verdicts)}, published.RULE
        ),
        sections,
        records.runs(boards, duplicates),
        [_files(point, out) for point in points],
        [*_READING, _of_label_wave(wave)],
        numbers,
    )
    files: dict[str, bytes] = {PAGE: render(page).encode(), records.MEASUREMENTS: records.measurements(boards).encode()}
    for name, table in _tables(page):
        files |= {f"{name}.{form}": written(table).encode() for form, written in formats.FORMATS.items()}
    for figure in (figure for section in sections for figure in section.figures):
        files |= {f"{figure.name}.svg": figure.svg, f"{figure.name}.png": figure.png}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (out / name).write_bytes(content)
    except OSError as error:
        raise UserError(
            f"--out: cannot write {error.filename or out} ({error.strerror}); give another folder"
        ) from error
    return out / PAGE


def _section(board: Leaderboard, name: str, numbers: dict[str, int], baseline: str) -> Section:
    """Return the figures and tables of a board."""
    compared, without = cells.comparisons(board, tables.TESTED, baseline)
    optional = [tables.paired(compared, without)] if compared or without else []
    of_classes = tables.classes(board)
    shown = [tables.accuracy(board), *optional, tables.variance(board), tables.compute(board)]
    shown += [of_classes] if of_classes else []
    labels = [cell.label for cell in board.cells]
    return Section(name, board.title, labels, figures.draw(board, numbers, name), shown + tables.noise(board))


def _names(boards: Sequence[Leaderboard]) -> list[str]:
    """Return a unique name for the files and ids of each board, of letters, digits, dots and dashes."""
    names: list[str] = []
    for board in boards:
        name = re.sub(r"[^a-zA-Z0-9.]+", "-", f"board-{board.data}-{board.kind}-{board.rate:g}")[:80]
        names.append(f"{name}-{len(names)}" if name in names else name)
    return names


def _summary(points: Sequence[Point], boards: Sequence[Leaderboard]) -> str:
    runs = [run for board in boards for cell in board.cells for run in cell.runs]
    failed = sum(run.failed for run in runs)
    workdirs = len({point.workdir for point in points})
    return (
        f"{len(runs)} runs of {len({point.strategy for point in points})} strategies on {len(boards)} combinations of "
        f"data and noise, from {workdirs} workdir{'s' if workdirs > 1 else ''}; {failed} runs have failed."
    )


def _missing(unfinished: Sequence[Path], points: Sequence[Point]) -> str:
    """Return a sentence for each workdir whose training is not finished."""
    there = {point.workdir for point in points}
    words = {True: "only its finished programs are shown", False: "none of its runs are shown"}
    return "".join(f" {printable(str(path))} is not finished: {words[path in there]}." for path in unfinished)


def _files(point: Point, out: Path) -> Files:
    """Return the links from the page in `out` to the files of a point, and its settings."""
    summary = SUMMARY if (point.workdir / SUMMARY).exists() else PARTIAL_SUMMARY
    names = (CONFIG, metrics_file(point.workdir).name, summary)
    files = {name: os.fsencode(os.path.relpath(point.workdir / name, out)) for name in names}
    title = f"{printable(str(point.workdir))}: {point.title}"
    return Files(title, [(name, quote(path)) for name, path in files.items()], records.settings(point))


def _tables(page: Page) -> list[tuple[str, Table]]:
    """Return all tables of the page, each with the name of its files."""
    whole = [("published", page.published)] if page.published.rows else []
    whole.append(("runs", page.runs))
    return whole + [(f"{section.name}-{table.name}", table) for section in page.sections for table in section.tables]
