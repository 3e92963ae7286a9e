"""Tables of all workdirs: their runs, and every number with full precision."""

import csv
import io
import json
import math
from collections.abc import Sequence

from jnl.report.grouping import Duplicate, Leaderboard
from jnl.report.reading import Point
from jnl.report.table import NOTHING, UNKNOWN, Row, Table
from jnl.results import statistics
from jnl.support.errors import printable
from jnl.support.json_values import Json

MEASUREMENTS = "measurements.csv"
_RUNS = ("per_run", "seeds", "noise_seeds")
_SETTINGS = ("batch_size", "optim.name", "optim.learning_rate")


def runs(leaderboards: Sequence[Leaderboard], duplicates: Sequence[Duplicate]) -> Table:
    """Return a table with one row for each point of each workdir. Its note lists the duplicate runs."""
    rows = []
    for leaderboard in leaderboards:
        for result in leaderboard.results:
            for point in result.points:
                rows.append(_row(leaderboard, result.label, point))
    versions = ["versions", "device", "revision"]
    columns = ["workdir", "method", "data and noise", "wrong labels", "runs", "seeds / noise seeds", "failed"]
    note = (
        'The column "wrong labels" has the realized share, as the mean over runs. The column "failed" has each failed '
        "run and its first epoch without a finite loss."
    )
    for one in duplicates:
        note += (
            f" Run {one.left_out.number} of {printable(str(one.left_out.workdir))} is not counted: run "
            f"{one.counted.number} of {printable(str(one.counted.workdir))} has the same settings, seeds and results."
        )
    return Table("runs", "Runs", [*columns, *(name.replace("_", " ") for name in _SETTINGS), *versions], rows, note)


def _row(leaderboard: Leaderboard, label: str, point: Point) -> Row:
    failed = [run.number for run in point.runs if run.failed]
    lost = [f"{run} (epoch {epoch})" for run, epoch in zip(failed, point.failed_epochs, strict=False)]
    lost = lost or [str(run) for run in failed]
    seeds, noise_seeds = (sorted(set(own)) for own in zip(*((r.seed, r.noise_seed) for r in point.runs), strict=True))
    realized = point.realized
    return Row(
        [
            printable(str(point.workdir)),
            label,
            leaderboard.title,
            f"{100 * sum(realized) / len(realized):.2f} %" if realized else UNKNOWN,
            str(len(point.runs)),
            f"{_short(seeds)} / {_short(noise_seeds)}",
            ", ".join(lost) or NOTHING,
            *(_text(point.settings.get(name)) for name in _SETTINGS),
            _text(point.about["versions"]),
            _text(point.about["device"]),
            _text(point.about["git_revision"])[:10],
        ],
        label,
        bool(failed),
    )


def _short(seeds: Sequence[int]) -> str:
    if len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1:
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))


def _text(value: Json) -> str:
    """Return the text of a setting for people."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {inner}" for name, inner in value.items())
    if value is None:
        return NOTHING
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def settings(point: Point) -> list[tuple[str, str]]:
    """Return all fields of a point, the digests of the user's own code and the command, each as name and text."""
    return [
        *((name, _text(point.settings[name])) for name in sorted(point.settings)),
        *((f"code of {name}", point.code[name][:10]) for name in sorted(point.code)),
        ("command", _text(point.about["command"])),
    ]


def measurements(leaderboards: Sequence[Leaderboard]) -> str:
    """Return all statistics as CSV: fractions with full precision, one line for each result and statistic.

    The values of the runs, their seeds and their noise seeds have the same order.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    where = ["strategy", "label", "data", "model", "epochs", "noise", "rate", "statistic"]
    writer.writerow([*where, *statistics.Mean._fields, *_RUNS])
    for leaderboard in leaderboards:
        for result in leaderboard.results:
            pairs = ((run.seed, run.noise_seed) for run in result.runs)
            seeds = [" ".join(map(str, own)) for own in zip(*pairs, strict=True)]
            for name, values in result.numbers().items():
                found = [repr(one) if math.isfinite(one) else "" for one in statistics.share(values)]
                each = " ".join(repr(float(value)) if math.isfinite(value) else "failed" for value in values)
                where = [
                    result.strategy,
                    result.label,
                    leaderboard.data,
                    leaderboard.model,
                    str(leaderboard.epochs),
                    leaderboard.kind,
                    repr(leaderboard.rate),
                ]
                writer.writerow([*where, name, *found, each, *seeds])
    return file.getvalue()
