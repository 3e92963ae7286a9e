"""What workdirs hold: `config.json`, `metrics.jsonl`, `summary.json` and nothing else, of any version of jnl.

Of a training under way `summary-so-far.json` has the programs that are over. The rows may be packed by `xz`.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jnl.core.errors import UserError, reason
from jnl.core.json_values import Json, as_integer, as_list, as_number, as_object, leaves
from jnl.results import old_names
from jnl.results.files import CONFIG, METRICS, PARTIAL_SUMMARY, SUMMARY, metrics_file
from jnl.results.metrics_file import Row, is_metric, parsed, read_rows
from jnl.settings.fields import DATA_VARIANTS, FROM_NOISE_RATE, role
from jnl.training import metrics

Content = Mapping[str, Json]
_OF_CLASSES = "class_accuracy"
_SHARES = ("test_accuracy", "validation_accuracy", _OF_CLASSES)  # beside the metrics that are shares
_ROUNDING = 1e-3
_WRONG = (
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    IndexError,
    OverflowError,
)  # of a file that is not what jnl writes


class Run(NamedTuple):
    """One run of a workdir."""

    workdir: Path
    number: int  # in `metrics.jsonl`
    seed: int
    noise_seed: int
    failed: bool
    epochs: np.ndarray  # i64[E]; without those before the networks start afresh
    curves: dict[str, np.ndarray]  # name -> f64[E] or [E, K] or [E, K, C] (of classes); NaN where null
    seconds: float  # wall time of all its epochs, shared equally among the runs of its program
    operations: float  # floating-point operations of its training; NaN where they are not recorded


class Point(NamedTuple):
    """Runs of one workdir with the same settings."""

    workdir: Path
    title: str
    strategy: str
    data: str
    kind: str
    rate: float
    settings: dict[str, Json]  # field -> value, in full
    realized: list[float]  # share of wrong labels of each run, as far as it is recorded
    matrices: dict[str, np.ndarray]  # `true`, `estimated`: f64[C, C], as far as they are recorded
    class_names: list[str]
    failed_epochs: list[int]  # of the runs that have failed, where it is recorded
    about: dict[str, Json]  # versions, device, revision, command
    runs: list[Run]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of the curves of runs that have not failed, and `epochs`: the first and how many.

        Raises:
          ValueError: they differ, or there is no run.
        """
        if not self.runs:
            raise ValueError("a point has no runs")
        shapes: dict[str, tuple[int, ...]] = {}
        for run in (run for run in self.runs if not run.failed):
            own = {"epochs": (int(run.epochs[0]), len(run.epochs))}
            own |= {name: curve.shape for name, curve in run.curves.items()}
            for name, shape in own.items():
                if shapes.setdefault(name, shape) != shape:
                    raise ValueError(f"runs differ in the shape of {name}")
        return shapes


def read(paths: Sequence[Path]) -> list[Point]:
    """The points of all workdirs, as far as they are over; a folder that is none is searched for them.

    Raises:
      UserError: a file is missing or damaged, or nothing is over; one line says which.
    """
    found = [point for workdir in _workdirs(paths) for point in _read_one(workdir)]
    if not found:
        where = ", ".join(map(str, _workdirs(paths)))
        raise UserError(f"workdir: nothing to report, the training is not finished in {where}; finish it with train.py")
    return found


def unfinished(paths: Sequence[Path]) -> list[Path]:
    """Those of the workdirs whose training is not over."""
    return [workdir for workdir in _workdirs(paths) if not (workdir / SUMMARY).exists()]


def _workdirs(paths: Sequence[Path]) -> list[Path]:
    return list(dict.fromkeys(workdir for path in paths for workdir in _inside(path)))


def _inside(path: Path) -> list[Path]:
    if any((path / name).exists() for name in (CONFIG, METRICS, SUMMARY)):
        return [path]
    inside = sorted(file.parent for file in path.rglob(CONFIG))
    if not inside:
        raise UserError(f"workdir: {path} has no {CONFIG}, nor has a folder inside; give what train.py --workdir wrote")
    return inside


def _read_one(workdir: Path) -> list[Point]:
    config, over = _object(workdir / CONFIG), (workdir / SUMMARY).exists()
    if not over and not (workdir / PARTIAL_SUMMARY).exists():
        return []
    summary = old_names.summary(_object(workdir / (SUMMARY if over else PARTIAL_SUMMARY)))
    rows = read_rows(workdir)
    try:
        told = list(map(as_object, as_list(summary["points"]))) if "points" in summary else [_whole(summary)]
        programs = _programs(summary, len(rows))
        found = [_point(workdir, config, point, rows, programs) for point in told]
        for point in found:
            point.shapes()
        return found
    except UserError:
        raise
    except _WRONG as error:
        raise UserError(
            f"workdir: {workdir} is damaged, its files do not fit ({type(error).__name__}: {reason(error)}); restore "
            f"{CONFIG}, {METRICS} and {SUMMARY}, or leave it out"
        ) from error


def _object(file: Path) -> dict[str, Json]:
    try:
        return parsed(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"workdir: {file} is missing; restore it, or leave this workdir out") from error
    except OSError as error:
        raise UserError(f"workdir: {file} cannot be read ({reason(error)}); restore it, or leave it out") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"workdir: {file} is damaged ({reason(error)}); restore it, or leave it out") from error


def _whole(summary: Content) -> Content:
    """The point of a summary that was written before there were sweeps."""
    runs = tuple(range(len(as_list(summary["seeds"]))))
    return {"title": summary["strategy"], "swept": {}, "runs": runs, **summary}


def _programs(summary: Content, runs: int) -> list[tuple[int, int]]:
    """For each run the number of its program and how many train in it, which share its time."""
    programs = as_list(summary.get("programs") or [{"runs": runs}])
    sizes = [as_integer(as_object(program)["runs"]) for program in programs]
    return [(number, size) for number, size in enumerate(sizes) for _ in range(min(size, runs))]


def _point(
    workdir: Path,
    config: Content,
    point: Content,
    rows: Mapping[int, list[Row]],
    programs: Sequence[tuple[int, int]],
) -> Point:
    settings = _settings(old_names.config(as_object(config["config"])), as_object(point["swept"]))
    noise, numbers = as_object(point["noise"]), [as_integer(run) for run in as_list(point["runs"])]
    models = as_list(config.get("models") or [config["model"]])
    settings["model.name"] = models[programs[numbers[0]][0]]  # instead of `auto`
    if noise["kind"] == "none" and not settings.keys() & set(FROM_NOISE_RATE):
        settings.pop("noise.rate", None)
    failed = as_list(point["failed_runs"])
    runs = [
        _run(workdir, run, rows, as_integer(settings["epochs"]), run in failed, programs[run][1], point)
        for run in numbers
    ]
    matrices = {"true": noise.get("matrix"), "estimated": noise.get("estimated_matrix")}
    of_classes = as_object(point.get("class_accuracy") or {})
    option = next((settings[name] for name in DATA_VARIANTS if name in settings), None)
    return Point(
        workdir,
        str(point["title"]),
        str(point["strategy"]),
        f"{point['data']}:{option}" if option else str(point["data"]),
        str(noise["kind"]),
        as_number(noise["rate"]),
        settings,
        [as_number(share) for share in as_list(noise.get("realized") or []) if share is not None],
        {name: known for name, matrix in matrices.items() if (known := _square(matrix)) is not None},
        [str(name) for name in as_object(of_classes.get("last", {}))],
        [as_integer(epoch) for epoch in as_list(point.get("failed_epochs") or [])],
        {name: config.get(name) for name in ("command", "versions", "device", "git_revision")},
        runs,
    )


def _run(
    workdir: Path,
    number: int,
    all_rows: Mapping[int, list[Row]],
    epochs: int,
    failed: bool,
    shared: int,
    point: Content,
) -> Run:
    if number not in all_rows:
        raise UserError(f"workdir: {metrics_file(workdir)} lacks run {number} of {SUMMARY}; restore it")
    rows = all_rows[number]
    first, last = as_integer(rows[0]["epoch"]), as_integer(rows[-1]["epoch"])
    if len(rows) != last - first + 1 or (last + 1 < epochs and not failed):
        raise UserError(f"workdir: {metrics_file(workdir)} lacks epochs of run {number}; restore it, or leave it out")
    kept = rows[max(last + 1 - epochs - first, 0) :]  # those before belong to a first training
    names = [name for name in rows[0] if is_metric(name) and _is_number(rows[0][name])]
    curves = {name: np.array([row[name] for row in kept], np.float64) for name in names}
    shares = _shares()
    for name, curve in curves.items():
        if curve.ndim > (3 if name == _OF_CLASSES else 2):
            raise ValueError(f"{name} has {curve.ndim} axes")
        if name in shares and ((curve < -_ROUNDING) | (curve > 1 + _ROUNDING)).any():
            raise ValueError(f"{name} is no share")
    there = {name: curve for name, curve in curves.items() if np.isfinite(curve).any()}
    seconds = sum(as_number(row.get("epoch_seconds") or 0) for row in rows) / shared
    return Run(
        workdir,
        number,
        as_integer(rows[0]["seed"]),
        as_integer(rows[0]["noise_seed"]),
        failed,
        np.array([row["epoch"] for row in kept], np.int64),
        there,
        seconds or np.nan,
        as_number(point.get("operations") or np.nan),
    )


@cache
def _shares() -> frozenset[str]:
    """Names of curves whose values lie between 0 and 1."""
    return frozenset({*_SHARES, *(name for name in metrics.names() if metrics.make(name).is_share)})


def _square(matrix: Json) -> np.ndarray | None:
    """f64[C, C]; None if nothing of it is known."""
    if matrix is None:
        return None
    array = np.array(matrix, np.float64)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise ValueError(f"a noise matrix has the shape {array.shape}")
    return array if np.isfinite(array).any() else None


def _is_number(value: Json) -> bool:
    """Or lists of them; null is one that is not known."""
    if isinstance(value, list):
        return all(map(_is_number, value))
    return value is None or isinstance(value, int | float)


def _settings(config: Content, swept: Content) -> dict[str, Json]:
    """All fields of a point; those of another strategy than its own are left out."""
    fields, own = dict(leaves(config)), dict(leaves(swept))
    if own.get("strategy.name", fields.get("strategy.name")) != fields.get("strategy.name"):
        fields = {name: value for name, value in fields.items() if not name.startswith("strategy.")}
    return {name: value for name, value in (fields | own).items() if role(name).listed}
