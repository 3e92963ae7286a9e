"""The folder of a training: it records the config, locks out other processes, and holds the results."""

import csv
import json
import logging
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import cast

from jnl.core.errors import UserError
from jnl.core.json_values import Json, as_list, as_object, leaves
from jnl.core.text import listed
from jnl.results import old_names
from jnl.results.files import CHECKPOINTS, CONFIG, LEFT_OUT, METRICS, MODEL, PARTIAL_SUMMARY, SUMMARY
from jnl.results.folder_lock import FolderLock
from jnl.results.records import Summary
from jnl.settings.config import default
from jnl.settings.fields import OnResume, role
from jnl.settings.longer import check_longer
from jnl.settings.parse import seeds_of

Content = dict[str, Json]
_PROCESS = ("command", "versions", "device", "git_revision")
_OTHERWISE = "give another workdir, or remove this one"
_log = logging.getLogger(__name__)


class Workdir:
    """A folder with `config.json`, `metrics.jsonl`, `summary.json`, `left_out/` and `checkpoints/`.

    Only one process can use it at a time.
    """

    def __init__(self, path: Path, content: Content, changed_code: bool = False) -> None:
        """Lock the folder, or create it.

        Args:
          path: the folder.
          content: the content of `config.json` for a new training.
          changed_code: whether a training continues after its code has changed. Then the changed files are recorded.

        Raises:
          UserError: if the folder cannot be written, another process uses it, or it holds another training.
        """
        self.path, self._content = path, content
        self._settled = self._so_far = False
        self._changed: list[Json] = []
        self._longer = False  # whether the config asks for more epochs than the folder records
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = FolderLock(path)
            try:
                recorded = _recorded(path)
                self._resumes = recorded is not None
                if recorded is None:
                    self._write(CONFIG, content)
                else:
                    self._changed += _compare(path, recorded, content, changed_code)
                    self._longer = _goes_on_longer(recorded, as_object(content["config"]))
                self._rows = (path / f".{METRICS}.part").open("w", encoding="utf-8")
            except BaseException:
                self._lock.release()
                raise
        except OSError as error:
            raise _unusable(error) from error

    def close(self) -> None:
        """Close the files and unlock the folder."""
        with suppress(OSError):  # rows that could not be written have raised this error already
            self._rows.close()
        with suppress(OSError):
            if not self._settled:
                (self.path / f".{METRICS}.part").unlink()
        self._lock.release()

    def describe_model(self, description: Content) -> None:
        """Write `model.json`, unless it is there: it does not change while a training goes on."""
        if not (self.path / MODEL).exists():
            self._write(MODEL, description)

    def append(self, rows: Iterable[Mapping[str, Json]]) -> None:
        """Add rows to `metrics.jsonl`. They are on disk when this method returns.

        Raises:
          UserError: if the rows cannot be written.
        """
        try:
            self._rows.writelines(json.dumps(row) + "\n" for row in rows)
            self._rows.flush()
            if not os.fstat(self._rows.fileno()).st_nlink:
                raise FileNotFoundError(0, "it was removed", str(self.path / METRICS))
        except OSError as error:
            raise _unusable(error, self.path / METRICS) from error

    def settle(self) -> None:
        """Replace the rows of the previous process with the rows that were added so far.

        Call this when all saved rows are added again and before new rows follow.
        """
        if self._settled:
            return
        if (self.path / SUMMARY).exists() and not self._longer:
            raise UserError(
                f"workdir: the training in {self.path} is finished, but checkpoints with its trained states were "
                f"removed; {_OTHERWISE}"
            )
        try:
            if not self._so_far:  # from the previous process, about rows that are replaced now
                (self.path / PARTIAL_SUMMARY).unlink(missing_ok=True)
            (self.path / SUMMARY).unlink(missing_ok=True)  # of fewer epochs
            self._rows.close()  # Windows renames no open file
            (self.path / f".{METRICS}.part").replace(self.path / METRICS)
            self._rows = (self.path / METRICS).open("a", encoding="utf-8")
            if self._resumes:
                recorded = _recorded(self.path) or {}
                before = as_list(recorded.get("resumed", []))
                process = {name: self._content[name] for name in _PROCESS}
                process |= {"changed_code": self._changed} if self._changed else {}
                if self._longer:
                    process["epochs_before"] = _epochs(recorded)
                    recorded["config"] = {**as_object(recorded["config"]), "epochs": _epochs(self._content)}
                self._write(CONFIG, recorded | {"resumed": [*before, process]})
        except OSError as error:
            raise _unusable(error, self.path / METRICS) from error
        self._settled = True

    def write_partial(self, summary: Summary) -> None:
        """Write the summary of the programs that are over, unless the training is finished."""
        if not (self.path / SUMMARY).exists():
            self._write(PARTIAL_SUMMARY, summary)
            self._so_far = True

    def left_out(self, run: int, table: Iterable[Iterable[str]]) -> None:
        """Write the suspected labels of a run to `left_out/run-3.csv` (run 3), unless the training was over before."""
        if (self.path / SUMMARY).exists() and not self._settled:
            return
        file = self.path / LEFT_OUT / f"run-{run}.csv"
        part = file.with_name(f".{file.name}.part")
        try:
            file.parent.mkdir(exist_ok=True)
            with part.open("w", encoding="utf-8", errors="backslashreplace", newline="") as content:
                csv.writer(content, lineterminator="\n").writerows(table)
            part.replace(file)
        except OSError as error:
            raise _unusable(error, part) from error

    def finish(self, summary: Summary) -> Summary:
        """Write `summary.json` if it does not exist, and return its content."""
        written = _read(self.path / SUMMARY)
        if written is not None and not self._settled:
            return cast(Summary, old_names.summary(written))
        self.settle()
        self._write(SUMMARY, summary)
        with suppress(OSError):
            (self.path / PARTIAL_SUMMARY).unlink()
        return summary

    def _write(self, name: str, content: Content | Summary) -> None:
        part = self.path / f".{name}.part"
        try:
            part.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
            part.replace(self.path / name)
        except OSError as error:
            raise _unusable(error, part) from error


def finished(path: Path, config: Content) -> Summary | None:
    """Return the summary of a finished training, or None if there is no training or it is not finished.

    Args:
      path: the folder of the training.
      config: the config that the training must have.

    Raises:
      UserError: if the folder holds another training, or cannot be read.
    """
    try:
        recorded = _recorded(path)
        if recorded is None:
            return None
        _compare_configs(path, recorded, config)
        written = _read(path / SUMMARY)
        return (
            None if written is None or _goes_on_longer(recorded, config) else cast(Summary, old_names.summary(written))
        )
    except OSError as error:
        raise _unusable(error) from error


def changed_files(path: Path, code: Mapping[str, Json]) -> list[str]:
    """Return the files of code that have changed since a training began.

    Args:
      path: the folder of the training.
      code: the digest of each file now.

    Raises:
      UserError: if the folder cannot be read.
    """
    return _changed_files(as_object((_recorded(path) or {})["fingerprint"]).get("code"), code)


def estimated_rate(path: Path, config: Content) -> float | None:
    """Return the share of wrong labels that a training estimated when it began, or None if there is none.

    Args:
      path: the folder of the training.
      config: the config that the training must have.

    Raises:
      UserError: as `finished`.
    """
    finished(path, config)
    rate = (_recorded(path) or {}).get("estimated_rate")
    return rate if isinstance(rate, float) else None


def _recorded(path: Path) -> Content | None:
    """Return the content of `config.json`, or None if the folder holds no training."""
    recorded = _read(path / CONFIG)
    if recorded is None and any((path / name).exists() for name in (METRICS, SUMMARY, CHECKPOINTS)):
        raise UserError(f"workdir: {path} holds results, but no {CONFIG} with its settings; {_OTHERWISE}")
    if recorded is not None and not isinstance(recorded.get("fingerprint"), dict):
        raise UserError(f"workdir: {path} was written by a version of jnl that could not resume; {_OTHERWISE}")
    if recorded is not None and not isinstance(recorded.get("resumed", []), list):
        raise UserError(f"workdir: {path / CONFIG} is damaged (`resumed` is not a list); restore it, or {_OTHERWISE}")
    return recorded


def _read(file: Path) -> Content | None:
    """Return the object in a JSON file, or None if the file does not exist."""
    try:
        content = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise UserError(f"workdir: {file} is damaged ({error}); restore it, or give another workdir") from error
    if not isinstance(content, dict):
        raise UserError(f"workdir: {file} is damaged (it is not a JSON object); restore it, or give another workdir")
    return content


def _compare(path: Path, recorded: Content, now: Content, changed_code: bool) -> list[str]:
    """Raise `UserError` unless both are the same training. Warn about differences that may change the last bits.

    Returns:
      The files of code that have changed, if `changed_code` says that the training goes on all the same.
    """
    for line in _compare_configs(path, recorded, as_object(now["config"])):
        _log.warning("%s", line)
    was, is_ = as_object(recorded["fingerprint"]), as_object(now["fingerprint"])
    changes = {"data": "the data", "labels": "the noisy labels", "class_names": "the names of the classes"}
    for name, words in changes.items():
        if name in was and was[name] != is_[name]:
            raise UserError(
                f"workdir: the training in {path} cannot continue: since it began, {words} have changed; undo it, or "
                f"{_OTHERWISE}"
            )
    # Other versions may describe the same network in another way.
    same_versions = recorded.get("versions") == json.loads(json.dumps(now["versions"]))
    now_network = is_.get("network")
    if same_versions and was.get("network", now_network) != now_network:
        raise UserError(
            f"workdir: the training in {path} has another network than `model`; give that one, or {_OTHERWISE}"
        )
    files = _changed_files(was.get("code"), as_object(is_["code"]))
    if files and not changed_code:
        raise UserError(
            f"workdir: the training in {path} cannot continue: since it began, the code that it runs has changed "
            f"(revision {recorded.get('git_revision')}): {listed(files)}; undo the change, continue with "
            f"--config.checkpoint.changed_code=True, or {_OTHERWISE}"
        )
    if files:
        _log.warning("%s goes on although its code has changed: %s", path, ", ".join(files))
    for name in ("versions", "device"):
        if recorded.get(name) != json.loads(json.dumps(now[name])):
            _log.warning("%s began with other %s (%s): the last bits may differ", path, name, recorded.get(name))
    return files


def _changed_files(was: Json, now: Mapping[str, Json]) -> list[str]:
    """Return the files of code that have changed.

    What one of the two trainings lacks is no change: which modules a process has loaded depends on what else it did,
    and a new import changes the file that imports.
    """
    if not isinstance(was, Mapping):
        return ["all of jnl"]  # an older version recorded one digest for all files
    return sorted(file for file in was.keys() & now.keys() if was[file] != now[file])


def _compare_configs(path: Path, recorded: Content, now: Mapping[str, Json]) -> list[str]:
    """Raise `UserError` if a field of the config has changed that must not, and return warnings about others."""
    config = recorded.get("config")
    was = dict(leaves(old_names.config(config) if isinstance(config, Mapping) else config))
    is_ = dict(leaves(json.loads(json.dumps(now))))
    usual = dict(leaves(json.loads(json.dumps(default().to_dict()))))  # a field that is newer than the workdir has it
    was = {field: value for field, value in usual.items() if field in is_} | was
    changed = [field for field in sorted(was.keys() | is_.keys()) if was.get(field) != is_.get(field)]
    if _goes_on_longer(recorded, now):
        changed.remove("epochs")
    differ = [field for field in changed if role(field).on_resume is OnResume.REFUSE]
    if differ == ["seeds"]:
        there, here = (", ".join(map(str, seeds_of(each["seeds"]))) for each in (was, is_))
        further = 1 + max(seeds_of(was["seeds"]))
        raise UserError(
            f"workdir: {path} has the seeds {there}, and not {here}; train further seeds in another workdir, such as "
            f'--config.seeds="({further},{further + 1})"; the report of both counts all runs'
        )
    if differ:
        shown = ", ".join(f"{field}: {was.get(field)!r} there, {is_.get(field)!r} here" for field in differ[:5])
        more = f" and {len(differ) - 5} more" if len(differ) > 5 else ""
        raise UserError(f"workdir: {path} holds another training ({shown}{more}); {_OTHERWISE}")
    said = list[str]()
    if _goes_on_longer(recorded, now):
        said = check_longer(old_names.config(as_object(recorded["config"])), now, recorded.get("estimated_rate"))
        said = [f"the training continues from {_epochs(recorded)} to {now['epochs']} epochs", *said]
    others = [field for field in changed if role(field).on_resume is OnResume.WARN]
    return [
        *(f"{path}: {line}" for line in said),
        *(f"{path} began with {field}={was.get(field)!r}: the last bits may differ" for field in others),
    ]


def _epochs(content: Mapping[str, Json]) -> Json:
    """Return the number of epochs that a content of `config.json` asks for."""
    config = content.get("config")
    return config.get("epochs") if isinstance(config, Mapping) else None


def _goes_on_longer(recorded: Content, now: Mapping[str, Json]) -> bool:
    """Return whether the config asks for more epochs than the recorded one, and both name a number."""
    was, is_ = _epochs(recorded), now.get("epochs")
    return isinstance(was, int) and isinstance(is_, int) and 0 < was < is_


def _unusable(error: OSError, path: Path | None = None) -> UserError:
    """Return the error for a file or folder that cannot be used. `path` is used if the error names no file."""
    return UserError(
        f"workdir: cannot use {error.filename or path} ({error.strerror}); give a folder that is writable and has "
        "room; what was saved before is still there"
    )
