"""Read workdirs of any version of jnl, from `config.json`, `metrics.jsonl` and `summary.json` only.

If a training is not finished, `summary-so-far.json` has the programs that are over. `xz` may have packed the rows.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from jnl.report.workdirs import WRONG, workdirs
from jnl.results import code_files, old_names
from jnl.results.files import CONFIG, METRICS, PARTIAL_SUMMARY, SUMMARY, metrics_file
from jnl.results.metrics_file import Row, is_metric, parsed, read_rows
from jnl.settings.fields import DATA_VARIANTS, FROM_NOISE_RATE, role
from jnl.settings.sizes import OWN
from jnl.support.errors import UserError, reason
from jnl.support.foreign import is_foreign
from jnl.support.json_values import Json, as_integer, as_list, as_number, as_object, as_text, leaves
from jnl.training import metrics

Content = Mapping[str, Json]
_OF_CLASSES = "class_accuracy"
_SHARES = ("test_accuracy", "validation_accuracy", _OF_CLASSES)  # curves that are shares, beside some of the metrics
_ROUNDING = 1e-3  # how far a share may be outside [0, 1]


class Run(NamedTuple):
    """One run of a workdir."""

    workdir: Path
    number: int  # number of the run in `metrics.jsonl`
    seed: int
    noise_seed: int
    failed: bool
    epochs: np.ndarray  # i64[E]; without the epochs before the networks start again
    curves: dict[str, np.ndarray]  # name -> f64[E] or [E, K] or [E, K, C] (of classes); NaN for null
    seconds: float  # wall time of all its epochs, shared equally among the runs of its program
    operations: float  # floating-point operations of its training; NaN if they are not recorded
    labels: str = ""  # digest of its noisy labels; empty if it is not recorded


class Described(NamedTuple):
    """A metric as the report shows it."""

    caption: str
    is_share: bool  # whether the values are between 0 and 1 and are shown as percent


class Point(NamedTuple):
    """The runs of one workdir with the same settings."""

    workdir: Path
    title: str
    strategy: str
    data: str
    kind: str
    rate: float
    settings: dict[str, Json]  # field -> value, for all fields
    realized: list[float]  # share of wrong labels of each run for which it is recorded
    matrices: dict[str, np.ndarray]  # `true`, `estimated`: f64[C, C], if they are recorded
    class_names: list[str]
    failed_epochs: list[int]  # first epoch without a finite loss of each failed run, if it is recorded
    about: dict[str, Json]  # versions, device, revision, command
    metrics: dict[str, Described]  # recorded metrics of other packages, by their names in the results
    runs: list[Run]
    digests: Mapping[str, str] = MappingProxyType({})  # of `data` and `network`, if they are the user's own
    code: Mapping[str, str] = MappingProxyType({})  # digest of each function, class or module of the user's own code
    changed_code: Sequence[str] = ()  # files and modules whose code changed while it was trained

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each curve of the runs that have not failed: name -> shape.

        The entry `epochs` has the first epoch and the number of epochs.

        Raises:
          ValueError: if runs have different shapes, or there is no run.
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
    """Return the points of all workdirs whose programs are over. Other folders are searched for workdirs.

    Raises:
      UserError: if a file is missing or damaged, or no program is over. The message names the file or workdir.
    """
    found = _told_apart([point for workdir in workdirs(paths) for point in _read_one(workdir)])
    if not found:
        where = ", ".join(map(str, workdirs(paths)))
        raise UserError(
            f"workdir: there are no results yet, because the training in {where} is not finished; run its command "
            f"again, which continues it ({CONFIG} has the command)"
        )
    return found


def _told_apart(points: Sequence[Point]) -> list[Point]:
    """Return the points with numbers behind the names of data sets, and networks, of users that share a name."""
    for what, name_of in (
        ("data", lambda point: point.data),
        ("network", lambda point: str(point.settings["model.name"])),
    ):
        known: dict[str, dict[str, int]] = {}
        for point in points:
            if digest := point.digests.get(what):
                numbers = known.setdefault(name_of(point), {})
                numbers.setdefault(digest, len(numbers) + 1)
        points = [_numbered(point, what, known.get(name_of(point), {})) for point in points]
    return list(points)


def _numbered(point: Point, what: str, numbers: Mapping[str, int]) -> Point:
    """Return a point with the number of its data set or network, if there are several of this name."""
    if len(numbers) < 2:
        return point
    number = numbers.get(point.digests.get(what, ""), "?")
    if what == "data":
        return point._replace(data=f"{point.data} {number}")
    return point._replace(settings={**point.settings, "model.name": f"{point.settings['model.name']} {number}"})


def _read_one(workdir: Path) -> list[Point]:
    """Return the points of one workdir whose programs are over."""
    config, over = _object(workdir / CONFIG), (workdir / SUMMARY).exists()
    if not over and not (workdir / PARTIAL_SUMMARY).exists():
        return []
    summary = old_names.summary(_object(workdir / (SUMMARY if over else PARTIAL_SUMMARY)))
    rows = read_rows(workdir)
    try:
        summaries = list(map(as_object, as_list(summary["points"]))) if "points" in summary else [_whole(summary)]
        programs = _programs(summary, len(rows))
        found = [_point(workdir, config, point, rows, programs) for point in summaries]
        for point in found:
            point.shapes()
        return found
    except UserError:
        raise
    except WRONG as error:
        raise UserError(
            f"workdir: {workdir} is damaged, because its files do not match ({type(error).__name__}: {reason(error)}); "
            f"restore {CONFIG}, {METRICS} and {SUMMARY}, or leave it out"
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
    """Return the only point of a summary that was written by a version of jnl without sweeps."""
    runs = tuple(range(len(as_list(summary["seeds"]))))
    return {"title": summary["strategy"], "swept": {}, "runs": runs, **summary}


def _programs(summary: Content, runs: int) -> list[tuple[int, int]]:
    """Return, for each run, the number of its program and the number of runs that share the time of the program."""
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
    """Return a point of a summary, with its runs from the rows. `programs` is the result of `_programs`."""
    settings = _settings(old_names.config(as_object(config["config"])), as_object(point["swept"]))
    noise, numbers = as_object(point["noise"]), [as_integer(run) for run in as_list(point["runs"])]
    models = as_list(config.get("models") or [config["model"]])
    settings["model.name"] = models[programs[numbers[0]][0]]  # the network that was trained, in place of `auto`
    for size in ("epochs", "batch_size"):  # what was trained, in place of 0, which follows the number of examples
        settings[size] = point.get(size) or settings[size]
    if settings["epochs"] == 0:  # earlier versions did not record it
        trained = (as_integer(row["epoch"]) for run in numbers for row in rows.get(run, ()))
        settings["epochs"] = 1 + max(trained, default=-1)
    if noise["kind"] == "none" and not settings.keys() & set(FROM_NOISE_RATE):
        settings.pop("noise.rate", None)
    failed = as_list(point["failed_runs"])
    recorded = as_object(config.get("fingerprint") or {})
    labels = dict(enumerate(map(str, as_list(recorded.get("labels_of_runs") or []))))
    epochs = as_integer(settings["epochs"])
    runs = [
        _run(workdir, run, rows, epochs, run in failed, programs[run][1], point)._replace(labels=labels.get(run, ""))
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
        _described(as_object(config.get("metrics") or {})),
        runs,
        _digests(recorded, str(point["data"]), settings),
        _code(recorded, str(point["data"])),
        _changed_code(config),
    )


def _digests(recorded: Content, data: str, settings: Content) -> dict[str, str]:
    """Return the digests of data and network that are the user's own, so that their names do not tell which they are.

    Corrected labels have another digest, but a training with them is compared with the one before.
    """
    own = {"network"} | (
        {"data"} if (data in OWN or is_foreign(data)) and not settings.get("data.corrections") else set()
    )
    return {name: str(recorded[name]) for name in sorted(own) if name in recorded}


def _code(recorded: Content, data: str) -> dict[str, str]:
    """Return the digests of the user's own code, without the function that gives the data: they have their own."""
    own = code_files.of_others(recorded.get("code"))
    return {name: digest for name, digest in own.items() if name != data.replace(":", ".")}


def _changed_code(config: Content) -> list[str]:
    """Return the names of the code that changed before a process continued the training."""
    resumed = map(as_object, as_list(config.get("resumed") or []))
    return sorted({str(name) for process in resumed for name in as_list(process.get("changed_code") or [])})


def _described(recorded: Content) -> dict[str, Described]:
    entries = {name: as_object(entry) for name, entry in recorded.items()}
    return {name: Described(as_text(one["caption"]), one["is_share"] is True) for name, one in entries.items()}


def _run(
    workdir: Path,
    number: int,
    all_rows: Mapping[int, list[Row]],
    epochs: int,
    failed: bool,
    shared: int,
    point: Content,
) -> Run:
    """Return a run from its rows. Its program has `shared` runs. Raise `UserError` if epochs are missing."""
    if number not in all_rows:
        raise UserError(f"workdir: {metrics_file(workdir)} lacks run {number} of {SUMMARY}; restore it")
    rows = all_rows[number]
    first, last = as_integer(rows[0]["epoch"]), as_integer(rows[-1]["epoch"])
    if len(rows) != last - first + 1 or (last + 1 < epochs and not failed):
        raise UserError(f"workdir: {metrics_file(workdir)} lacks epochs of run {number}; restore it, or leave it out")
    kept = rows[max(last + 1 - epochs - first, 0) :]  # earlier epochs are before the networks start again
    measured = [name for name in rows[0] if is_metric(name) and name not in ("failed", "epoch_seconds")]
    names = [name for name in measured if _is_number(rows[0][name])]
    curves = {name: np.array([row[name] for row in kept], np.float64) for name in names}
    shares = _shares()
    for name, curve in curves.items():
        if curve.ndim > (3 if name == _OF_CLASSES else 2):
            raise ValueError(f"{name} has {curve.ndim} axes")
        if name in shares and not are_shares(curve):
            raise ValueError(f"{name} is not a share")
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


def are_shares(curve: np.ndarray) -> bool:
    """Return whether all known values of a curve are between 0 and 1, except for rounding."""
    return not ((curve < -_ROUNDING) | (curve > 1 + _ROUNDING)).any()


@cache
def _shares() -> frozenset[str]:
    """Return the names of the curves whose values are between 0 and 1."""
    return frozenset({*_SHARES, *(name for name in metrics.names() if metrics.make(name).is_share)})


def _square(matrix: Json) -> np.ndarray | None:
    """Return a noise matrix f64[C, C], or None if none of its values is known."""
    if matrix is None:
        return None
    array = np.array(matrix, np.float64)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise ValueError(f"a noise matrix has the shape {array.shape}")
    return array if np.isfinite(array).any() else None


def _is_number(value: Json) -> bool:
    """Return whether a value is a number, null (a number that is not known), or nested lists of these."""
    if isinstance(value, list):
        return all(map(_is_number, value))
    return value is None or isinstance(value, int | float)


def _settings(config: Content, swept: Content) -> dict[str, Json]:
    """Return all fields of a point. If it sweeps the strategy, fields of another strategy are left out."""
    fields, own = dict(leaves(config)), dict(leaves(swept))
    if own.get("strategy.name", fields.get("strategy.name")) != fields.get("strategy.name"):
        fields = {name: value for name, value in fields.items() if not name.startswith("strategy.")}
    return {name: value for name, value in (fields | own).items() if role(name).listed}
