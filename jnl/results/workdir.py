"""The folder of a training: it records the config, locks out other processes, and holds the results."""

import csv
import json
import logging
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from jnl.results.files import CONFIG, LEFT_OUT, METRICS, MODEL, PARTIAL_SUMMARY, SUMMARY
from jnl.results.folder_lock import FolderLock
from jnl.results.metrics_file import newest_rows, rows_from
from jnl.results.recorded import (
    OTHERWISE,
    Content,
    compare,
    content_of,
    epochs,
    goes_on_longer,
    has_model,
    has_rows,
    unusable,
    written_summary,
)
from jnl.results.summary_file import Summary
from jnl.support.errors import UserError
from jnl.support.json_values import Json, as_list, as_object
from jnl.support.text import encodable

_PROCESS = ("command", "versions", "device", "git_revision")
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
        self._complete = False  # whether the training is finished and all its rows are there, so none is written
        self._kept = False  # whether `metrics.jsonl` holds rows of programs that come later
        self._part = path / f".{METRICS}.part"  # the rows, until all saved ones are added again
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = FolderLock(path)
            try:
                recorded = content_of(path)
                self._resumes = recorded is not None
                if recorded is None:
                    self._write(CONFIG, content)
                else:
                    self._changed += compare(path, recorded, content, changed_code)
                    self._longer = goes_on_longer(recorded, as_object(content["config"]))
                    summary = None if self._longer else written_summary(path)
                    self._complete = summary is not None and has_rows(path, summary)
                    if summary is not None and not self._complete:
                        _log.warning("%s lacks rows; jnl writes it again from the checkpoints", path / METRICS)
                self._rows = (Path(os.devnull) if self._complete else self._part).open("w", encoding="utf-8")
            except BaseException:
                self._lock.release()
                raise
        except OSError as error:
            raise unusable(error) from error

    def close(self) -> None:
        """Close the files and unlock the folder."""
        with suppress(OSError):  # rows that could not be written have raised this error already
            self._rows.close()
        with suppress(OSError):
            if not self._settled:
                self._part.unlink()
        self._lock.release()

    def describe_model(self, description: Content) -> None:
        """Write `model.json`, unless it can be read: it does not change while a training goes on."""
        if not (self.path / MODEL).exists() or not has_model(self.path):
            self._write(MODEL, description)

    def append(self, rows: Iterable[Mapping[str, Json]]) -> None:
        """Add rows to `metrics.jsonl`, unless it is complete. They are on disk when this method returns.

        Raises:
          UserError: if the rows cannot be written.
        """
        if self._complete:
            return
        try:
            self._rows.writelines(json.dumps(row) + "\n" for row in rows)
            self._rows.flush()
            if not os.fstat(self._rows.fileno()).st_nlink:
                raise FileNotFoundError(0, "it was removed", str(self.path / METRICS))
        except OSError as error:
            raise unusable(error, self.path / METRICS) from error

    def settle(self, later: int | None = None) -> None:
        """Replace the rows of the previous process with the rows that were added so far.

        Call this when all saved rows are added again and before new rows follow.

        Args:
          later: number of the first run of the programs that come later. Their rows stay. None if there are none.
        """
        if self._settled:
            return
        if (self.path / SUMMARY).exists() and not self._longer:
            raise UserError(
                f"workdir: the training in {self.path} is finished, but checkpoints with its trained states were "
                f"removed; {OTHERWISE}"
            )
        try:
            if not self._so_far:  # from the previous process, about rows that are replaced now
                (self.path / PARTIAL_SUMMARY).unlink(missing_ok=True)
            (self.path / SUMMARY).unlink(missing_ok=True)  # of fewer epochs
            if later is not None:
                kept = rows_from(later, self.path / METRICS)
                self._rows.writelines(kept)
                self._kept = bool(kept)
            self._replace_rows()
            self._rows = (self.path / METRICS).open("a", encoding="utf-8")
            if self._resumes:
                recorded = content_of(self.path) or {}
                before = as_list(recorded.get("resumed", []))
                process = {name: self._content[name] for name in _PROCESS}
                process |= {"changed_code": self._changed} if self._changed else {}
                if self._longer:
                    process |= {"epochs_before": epochs(recorded), "command_before": recorded.get("command")}
                    recorded["config"] = {**as_object(recorded["config"]), "epochs": epochs(self._content)}
                    recorded["command"] = self._content["command"]  # the one that continues the training now
                self._write(CONFIG, recorded | {"resumed": [*before, process]})
        except OSError as error:
            raise unusable(error, self.path / METRICS) from error
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
            with part.open("w", encoding="utf-8", newline="") as content:
                csv.writer(content, lineterminator="\n").writerows(map(encodable, row) for row in table)
            part.replace(file)
        except OSError as error:
            raise unusable(error, part) from error

    def finish(self, summary: Summary) -> Summary:
        """Write `summary.json` if it does not exist, and return its content."""
        written = None if self._settled else written_summary(self.path)
        try:
            if written is not None:
                if not self._complete and not self._longer:
                    self._replace_rows()
                return written
            self.settle()
            if self._kept:  # the programs that came later have added these rows again
                self._rows.close()
                self._part.write_text(newest_rows(self.path / METRICS), "utf-8")
                self._part.replace(self.path / METRICS)
        except OSError as error:
            raise unusable(error, self.path / METRICS) from error
        self._write(SUMMARY, summary)
        with suppress(OSError):
            (self.path / PARTIAL_SUMMARY).unlink()
        return summary

    def _replace_rows(self) -> None:
        """Give the new rows the name `metrics.jsonl`."""
        self._rows.close()  # Windows renames no open file
        self._part.replace(self.path / METRICS)

    def _write(self, name: str, content: Content | Summary) -> None:
        part = self.path / f".{name}.part"
        try:
            part.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
            part.replace(self.path / name)
        except OSError as error:
            raise unusable(error, part) from error
