"""Write the report of workdirs: the page, its figures and its tables."""

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from jnl import strategies
from jnl.ops.curves import LABEL_WAVE, LabelWave
from jnl.report import comparing, formats, grouping, methods, papers, run_tables, sections, words
from jnl.report.grouping import Leaderboard
from jnl.report.page import Files, Page, render
from jnl.report.reading import Point, read
from jnl.report.series import series
from jnl.report.verdicts import RULE, Verdict, verdicts_on
from jnl.report.workdirs import unfinished
from jnl.results.files import CONFIG, PARTIAL_SUMMARY, SUMMARY, metrics_file
from jnl.support.errors import UserError, printable, unknown
from jnl.support.paths import check_own
from jnl.support.text import number

PAGE = "index.html"
_READING = [
    "A method appears once under each noise if all its runs agree in every setting that their workdirs record. If they "
    "differ, it appears several times, and the settings that differ follow the name of the method. A number follows "
    "the name if the same settings and seeds gave other results, or if your own code or the noisy labels of a noise "
    "seed have changed, as far as the workdirs record them. Runs that have failed (their loss was not finite) are in "
    "no mean. Bands in figures are one standard deviation (ddof 0) over runs. A method has the same color in every "
    "report.",
    "Last 10 is the mean of the last 10 epochs, maximal is their maximum, and best is the maximum of all epochs. "
    "Maximal and best look at test labels. Best validation is the accuracy in the epoch with the best accuracy on "
    "noisy validation labels. Lowest loss is the accuracy in the epoch with the lowest loss on these labels. Neither "
    "needs a clean label. A table has a column only if its curve is recorded.",
    "Some methods train twice, for example to estimate the noise first. Their curves begin with the second training.",
    "Intervals are 95 % t intervals, because 95 % bootstrap intervals of five runs cover only 84 %. Intervals of "
    "accuracies and shares are cut to [0, 100], because no value lies outside.",
    words.TEST,
    "Label precision is the share of true labels among the examples that a method trains on. The dotted line is the "
    "share of true labels in the training set, which a random choice reaches.",
    RULE,
]


def _of_label_wave(wave: LabelWave) -> str:
    """Return the paragraph that explains Label Wave."""
    return (
        "Label Wave needs no held-out example and no clean label. It takes the share of predictions on the training "
        f"set that have changed since the epoch before, averages the last {wave.window} epochs, and chooses the first "
        f"epoch whose average is not above any of the next {wave.patience}. If the averages fall until the end, it "
        "chooses the last epoch. The paper (Yuan et al. 2024) stops at the first local minimum of a moving average; "
        "its window is not confirmed."
    )


def write(
    workdirs: Sequence[Path], out: Path, baseline: str = comparing.BASELINE, wave: LabelWave = LABEL_WAVE
) -> Path:
    """Write the report and return the path of its page. The same workdirs give the same bytes.

    Args:
      workdirs: folders of trainings, or folders that contain such folders.
      out: the folder for the page and its files: a new or empty one, or one with an earlier report.
      baseline: the strategy that the others are compared with.
      wave: the window and patience of Label Wave.

    Raises:
      UserError: if a workdir is missing or damaged, no strategy has the baseline's name, `out` cannot be written, or
        it holds other files.
    """
    check_own(out, run_tables.MEASUREMENTS, "report")
    points = read(workdirs)
    # a workdir of an older jnl may have other names
    known = sorted({*strategies.names(), *(point.strategy for point in points)})
    if baseline not in known:
        raise unknown("--baseline", baseline, known)
    leaderboards, duplicates = grouping.leaderboards(points, wave)
    verdicts, all_series = verdicts_on(leaderboards), series(papers.labels_of(leaderboards))
    grouped = _ordered(leaderboards, verdicts)
    setups = [
        sections.setup(inside, name, all_series, verdicts, baseline)
        for inside, name in zip(grouped, _names(grouped), strict=True)
    ]
    titles = {id(result): leaderboard.title for leaderboard in leaderboards for result in leaderboard.results}
    page = Page(
        _title(leaderboards),
        _summary(points, leaderboards) + _missing(unfinished(workdirs), points) + _changed(points),
        setups,
        papers.one_by_one(verdicts, [titles[id(one.result)] for one in verdicts]),
        run_tables.runs(leaderboards, duplicates),
        [_files(point, out) for point in points],
        [*_READING, _of_label_wave(wave)],
        all_series,
    )
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in _contents(page, leaderboards).items():
            (out / name).write_bytes(content)
    except OSError as error:
        raise UserError(
            f"--out: cannot write {error.filename or out} ({error.strerror}); give another folder"
        ) from error
    return out / PAGE


def _contents(page: Page, leaderboards: Sequence[Leaderboard]) -> dict[str, bytes]:
    """Return the content of each file of the report, by its name."""
    # the measurements come first, because they are the sign of a report
    contents = {run_tables.MEASUREMENTS: run_tables.measurements(leaderboards).encode(), PAGE: render(page).encode()}
    for name, table in page.tables():
        contents |= {f"{name}.{form}": written(table).encode() for form, written in formats.FORMATS.items()}
    for figure in page.figures():
        contents |= {f"{figure.name}.svg": figure.svg, f"{figure.name}.png": figure.png}
    return contents


def _ordered(leaderboards: Sequence[Leaderboard], verdicts: Sequence[Verdict]) -> list[list[Leaderboard]]:
    """Return the setups: those with most judged numbers first, then those with most results."""
    judged = {id(one.result) for one in verdicts if one.missed is not None}

    def size(inside: Sequence[Leaderboard]) -> tuple[int, int]:
        results = [result for leaderboard in inside for result in leaderboard.results]
        return -sum(id(result) in judged for result in results), -len(results)

    return sorted(grouping.setups(leaderboards), key=size)


def _names(setups: Sequence[Sequence[Leaderboard]]) -> list[str]:
    """Return a unique name for the files and ids of each setup, of letters, digits, dots and dashes."""
    names: list[str] = []
    for leaderboards in setups:
        name = grouping.slug(*map(str, leaderboards[0][:3]))
        names.append(f"{name}-{len(names)}" if name in names else name)
    return names


def _title(leaderboards: Sequence[Leaderboard]) -> str:
    """Return the title of the page: the method, if there is one, and the setup, if there is one."""
    strategies = methods.in_order({result.strategy for leaderboard in leaderboards for result in leaderboard.results})
    found = {leaderboard.setup for leaderboard in leaderboards}
    what = methods.title(strategies[0]) if len(strategies) == 1 else f"{len(strategies)} methods"
    if len(found) > 1:
        return f"{what} for learning with noisy labels"
    noise = f", {leaderboards[0].noise.lower()}" if len(leaderboards) == 1 else ""
    return f"{what} on {found.pop()}{noise}"


def _summary(points: Sequence[Point], leaderboards: Sequence[Leaderboard]) -> str:
    runs = [run for leaderboard in leaderboards for result in leaderboard.results for run in result.runs]
    failed = sum(run.failed for run in runs)
    among = len({point.strategy for point in points}), len({leaderboard[3:5] for leaderboard in leaderboards})
    told = number(len(runs), "run")
    if among != (1, 1):
        told += f" of {number(among[0], 'method')} under {number(among[1], 'kind')} of noise"
    told += f", from {number(len({point.workdir for point in points}), 'workdir')}."
    return f"{told} {number(failed, 'run')} {'has' if failed == 1 else 'have'} failed." if failed else told


def _missing(unfinished: Sequence[Path], points: Sequence[Point]) -> str:
    """Return a sentence for each workdir whose training is not finished."""
    there = {point.workdir for point in points}
    words = {True: "only its finished programs are shown", False: "none of its runs are shown"}
    return "".join(f" {printable(str(path))} is not finished: {words[path in there]}." for path in unfinished)


def _changed(points: Sequence[Point]) -> str:
    """Return a sentence for each workdir whose code changed in the middle of the training."""
    changed = {point.workdir: ", ".join(point.changed_code) for point in points if point.changed_code}
    return "".join(
        f" {printable(str(path))} was continued with other code than it began with: {printable(names)}."
        for path, names in changed.items()
    )


def _files(point: Point, out: Path) -> Files:
    """Return the links from the page in `out` to the files of a point, and its settings."""
    summary = SUMMARY if (point.workdir / SUMMARY).exists() else PARTIAL_SUMMARY
    names = (CONFIG, metrics_file(point.workdir).name, summary)
    title = f"{printable(str(point.workdir))}: {point.title}"
    return Files(title, [(name, _link(point.workdir / name, out)) for name in names], run_tables.settings(point))


def _link(file: Path, out: Path) -> str:
    """Return the address of a file on a page in the folder `out`."""
    try:
        return quote(os.fsencode(os.path.relpath(file, out).replace(os.sep, "/")))
    except ValueError:  # on Windows, on another drive
        return file.absolute().as_uri()
