"""Where the results of a training go: the files of a workdir, its checkpoints, and events for TensorBoard."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ml_collections import ConfigDict

from jnl import data, models
from jnl.experiment.checkpoint_manager import CheckpointPolicy
from jnl.experiment.program_spec import ProgramSpec
from jnl.experiment.suspect_tables import Table
from jnl.experiment.trained import describe_model
from jnl.parallel import devices
from jnl.results.code_files import digests
from jnl.results.files import CHECKPOINTS
from jnl.results.provenance import fingerprint, record
from jnl.results.summary_file import Summary
from jnl.results.tensorboard import Events
from jnl.results.workdir import Workdir
from jnl.settings.config import complete
from jnl.settings.parse import all_fields
from jnl.settings.sweep import points
from jnl.support.errors import UserError
from jnl.support.foreign import is_foreign, load
from jnl.support.json_values import Json
from jnl.training import metrics


class ResultSink(NamedTuple):
    """The outputs of a training. All are None without a workdir; `files` is also None if another process writes."""

    files: Workdir | None
    policy: CheckpointPolicy | None
    events: Events | None = None  # events for TensorBoard, if the config asks for them

    def append(self, rows: list[dict[str, Json]]) -> None:
        """Add the rows of an epoch to `metrics.jsonl`."""

        def write(files: Workdir) -> None:
            files.append(rows)
            if self.events is not None:
                self.events.append(rows)

        self.do(write)

    def write_partial(self, summary: Summary) -> None:
        """Write a summary of the programs that are over while other programs still train."""
        self.do(lambda files: files.write_partial(summary))

    def left_out(self, first_run: int, found: Sequence[Table | None] | None) -> None:
        """Write the list of suspected labels of each run of a program."""
        for run, table in enumerate(found or (), first_run):
            if table is not None:
                self.do(partial(Workdir.left_out, run=run, table=table))

    def do(self, work: Callable[[Workdir], None]) -> None:
        """Call `work` with the files in the process that has them. All processes raise its errors."""
        if self.policy is not None:
            devices.on_main(lambda: work(self.files) if self.files else None)


@contextmanager
def open_results(
    config: ConfigDict,
    programs: Sequence[ProgramSpec],
    path: str | os.PathLike[str] | None,
    estimated_rate: float | None = None,
) -> Iterator[ResultSink]:
    """Open the workdir for the results of all processes. Only the main process writes.

    Args:
      config: the config that the workdir records.
      programs: the programs that `build` returned for this config.
      path: the folder of the workdir; None keeps no results on disk.
      estimated_rate: the share of wrong labels that was estimated, if a rate of the config says `auto`.

    Raises:
      UserError: if the workdir cannot be written, another process uses it, or it holds another training.
    """
    settings = programs[0].settings
    if path is None:
        if settings.minutes:
            raise UserError("config.minutes: a training that stops needs a workdir to continue from; give --workdir")
        if settings.tensorboard:
            raise UserError(
                "config.tensorboard: TensorBoard files are written to the workdir, but there is none; give --workdir"
            )
        yield ResultSink(None, None)
        return
    if not os.fspath(path) or "\0" in os.fspath(path):
        raise UserError(f"workdir: {os.fspath(path)!r} is not a valid folder name; give another one, or None")
    whole = os.path.abspath(path)
    if not _is_utf8(whole):  # Orbax would fail at the first checkpoint
        raise UserError(f"workdir: Python does not read the name {whole!r} as UTF-8; set PYTHONUTF8=1, or give another")
    description = describe_model(programs)
    content: dict[str, Json] = {
        "config": all_fields(config),
        "models": [program_spec.model for program_spec in programs],
        "data_notes": list(dict.fromkeys(note for program_spec in programs for note in program_spec.dataset.notes)),
        "fingerprint": fingerprint(
            [program_spec.dataset for program_spec in programs],
            [program_spec.runs for program_spec in programs],
            _code(programs),
            next((each.network_digest for each in description.programs if each.network == "own"), None),
        ),
        **record(),
    }
    if estimated_rate is not None:
        content["estimated_rate"] = estimated_rate
    if settings.metrics:  # the report does not import modules that a workdir names
        content["metrics"] = _metrics(settings.metrics)
    every = settings.checkpoint
    policy = CheckpointPolicy(Path(path) / CHECKPOINTS, every.every_epochs, every.every_minutes, every.keep)
    events = devices.on_main(lambda: Events(path)) if settings.tensorboard else None
    files = devices.on_main(lambda: Workdir(Path(path), content, every.changed_code))
    with ExitStack() as closing:
        if files is not None:
            closing.callback(files.close)
            files.describe_model(description.to_json())
        if events is not None:
            closing.enter_context(events)
        yield ResultSink(files, policy, events)


def _is_utf8(path: str) -> bool:
    """Return whether a path has the same bytes on disk as in UTF-8."""
    try:
        return os.fsencode(path) == path.encode()
    except UnicodeEncodeError:
        return False


def _metrics(names: Sequence[str]) -> dict[str, Json]:
    """Return what the report needs to know of the metrics of other packages: column -> caption and scale."""
    found = {metrics.column(name): metrics.make(name) for name in names}
    return {name: {"caption": one.caption, "is_share": one.is_share} for name, one in found.items()}


def code_of(config: ConfigDict) -> dict[str, str]:
    """Return the digest of each file of code that a training of a config runs now.

    No data are read, so the file of a network that follows from the data (`model.name=auto`) is not among them.
    """
    names = set[tuple[str, str]]()
    for full in (complete(point.config) for point in points(config)):
        names |= _plugins(full.strategy.name, full.model.name, full.data.name, full.noise.kind, full.metrics)
    return _digests(names, [])


def _code(programs: Sequence[ProgramSpec]) -> dict[str, str]:
    """Return the digest of each file of code that the programs run."""
    names, own = set[tuple[str, str]](), list[object]()
    for program_spec in programs:
        network, settings = program_spec.train_spec.model, program_spec.settings
        for kind in {run_info.settings.noise.kind for run_info in program_spec.run_infos}:
            names |= _plugins(settings.strategy.name, program_spec.model, settings.data.name, kind, settings.metrics)
        if program_spec.model == "own" and isinstance(network, models.ModuleNetwork):
            own.append(network.source)
    return _digests(names, own)


def _plugins(strategy: str, model: str, source: str, noise: str, measured: Iterable[str]) -> set[tuple[str, str]]:
    """Return the plug-ins that a training names, each with the folder of its kind."""
    names = {("strategies", strategy), ("models", model), ("data/sources", source), ("noise/kinds", noise)}
    return names | {("metrics", name) for name in measured}


def _digests(names: Iterable[tuple[str, str]], own: Sequence[object]) -> dict[str, str]:
    """Return the digest of each file of code that plug-ins and other code of the caller run."""
    used, foreign = set[str](), dict[str, object]()
    for folder, name in names:
        builtin = folder == "data/sources" and name.partition(":")[0] in data.names()
        if is_foreign(name) and not builtin:
            foreign[name] = load(name, folder)
        else:
            used.add(f"{folder}/{name.partition(':')[0]}")
    return digests(sorted(used), [*foreign.values(), *own])
