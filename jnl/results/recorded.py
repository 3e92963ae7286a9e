"""What a workdir records of its training, and whether a config continues this training."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from jnl.results import old_names
from jnl.results.files import CHECKPOINTS, CONFIG, METRICS, MODEL, SUMMARY, metrics_file, unpacked
from jnl.results.summary_file import Summary
from jnl.settings.config import default
from jnl.settings.fields import OnResume, role
from jnl.settings.longer import check_longer
from jnl.settings.parse import seeds_of
from jnl.support.errors import UserError
from jnl.support.json_values import Json, as_object, leaves
from jnl.support.text import listed

Content = dict[str, Json]
OTHERWISE = "give another workdir, or remove this one"
_log = logging.getLogger(__name__)


def finished(path: Path, config: Content) -> Summary | None:
    """Return the summary of a finished training, or None if there is none, or its files must be written again.

    Args:
      path: the folder of the training.
      config: the config that the training must have.

    Raises:
      UserError: if the folder holds another training, or cannot be read.
    """
    recorded = _same(path, config)
    summary = None if recorded is None or goes_on_longer(recorded, config) else written_summary(path)
    if summary is None or (has_rows(path, summary) and has_model(path)):
        return summary
    _log.warning("%s is finished, but its %s or %s is damaged: jnl reads the data to repair it", path, METRICS, MODEL)
    return None


def _same(path: Path, config: Content) -> Content | None:
    """Return what a workdir records, or None without a training. Raise `UserError` if it is another training."""
    recorded = content_of(path)
    if recorded is not None:
        _compare_configs(path, recorded, config)
    return recorded


def written_summary(path: Path) -> Summary | None:
    """Return the content of `summary.json`, or None if it does not exist. Raise `UserError` if it is damaged."""
    written = read_object(path / SUMMARY)
    if written is None:
        return None
    summary = old_names.summary(written)
    points = summary.get("points")
    if not isinstance(points, list) or not points or not all(map(_is_point, points)):
        raise UserError(f"workdir: {path / SUMMARY} is damaged (it has no results); restore it, or {OTHERWISE}")
    return cast(Summary, summary)


def _is_point(value: Json) -> bool:
    return (
        isinstance(value, Mapping) and isinstance(value.get("runs"), list) and {"title", "failed_runs"} <= value.keys()
    )


def has_rows(path: Path, summary: Summary) -> bool:
    """Return whether `metrics.jsonl` has a row for each run and epoch of a summary. Failed runs may have fewer."""
    points = summary["points"]
    least = sum(point.get("epochs", 0) * (len(point["runs"]) - len(point["failed_runs"])) for point in points)
    try:
        return unpacked(metrics_file(path)).count("\n") >= least
    except OSError:
        return False


def has_model(path: Path) -> bool:
    """Return whether `model.json` can be read, or was never written, as by earlier versions of jnl."""
    try:
        read_object(path / MODEL)
    except UserError:
        return False
    return True


def changed_files(path: Path, code: Mapping[str, Json]) -> list[str]:
    """Return the files of code that have changed since a training began.

    Args:
      path: the folder of the training.
      code: the digest of each file now.

    Raises:
      UserError: if the folder cannot be read.
    """
    return _changed_files(as_object((content_of(path) or {})["fingerprint"]).get("code"), code)


def estimated_rate(path: Path, config: Content) -> float | None:
    """Return the share of wrong labels that a training estimated when it began, or None if there is none.

    Args:
      path: the folder of the training.
      config: the config that the training must have.

    Raises:
      UserError: as `finished`.
    """
    rate = (_same(path, config) or {}).get("estimated_rate")
    return rate if isinstance(rate, float) else None


def content_of(path: Path) -> Content | None:
    """Return the content of `config.json`, or None if the folder holds no training."""
    recorded = read_object(path / CONFIG)
    if recorded is None and any((path / name).exists() for name in (METRICS, SUMMARY, CHECKPOINTS)):
        raise UserError(f"workdir: {path} holds results, but no {CONFIG} with its settings; {OTHERWISE}")
    if recorded is not None and not isinstance(recorded.get("fingerprint"), dict):
        raise UserError(f"workdir: {path} was written by a version of jnl that could not resume; {OTHERWISE}")
    if recorded is not None and not isinstance(recorded.get("resumed", []), list):
        raise UserError(f"workdir: {path / CONFIG} is damaged (`resumed` is not a list); restore it, or {OTHERWISE}")
    return recorded


def read_object(file: Path) -> Content | None:
    """Return the object in a JSON file, or None if it does not exist. Raise `UserError` if it cannot be read."""
    try:
        content = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unusable(error) from error
    except ValueError as error:
        raise UserError(f"workdir: {file} is damaged ({error}); restore it, or give another workdir") from error
    if not isinstance(content, dict):
        raise UserError(f"workdir: {file} is damaged (it is not a JSON object); restore it, or give another workdir")
    return content


def compare(path: Path, recorded: Content, now: Content, changed_code: bool) -> list[str]:
    """Raise `UserError` unless both are the same training. Warn about differences that may change the last bits.

    Returns:
      The files of code that have changed. There can be some only if `changed_code` is True.
    """
    for line in _compare_configs(path, recorded, as_object(now["config"])):
        _log.warning("%s", line)
    was, is_ = as_object(recorded["fingerprint"]), as_object(now["fingerprint"])
    changes = {"data": "the data", "labels": "the noisy labels", "class_names": "the names of the classes"}
    for name, words in changes.items():
        if name in was and was[name] != is_[name]:
            raise UserError(
                f"workdir: the training in {path} cannot continue: since it began, {words} have changed; undo it, or "
                f"{OTHERWISE}"
            )
    # Other versions may describe the same network in another way.
    same_versions = recorded.get("versions") == json.loads(json.dumps(now["versions"]))
    now_network = is_.get("network")
    if same_versions and was.get("network", now_network) != now_network:
        raise UserError(
            f"workdir: the training in {path} has another network than `model`; give that one, or {OTHERWISE}"
        )
    files = _changed_files(was.get("code"), as_object(is_["code"]))
    if files and not changed_code:
        raise UserError(
            f"workdir: the training in {path} cannot continue: since it began, the code that it runs has changed "
            f"(revision {recorded.get('git_revision')}): {listed(files)}; undo the change, continue with "
            f"--config.checkpoint.changed_code=True, or {OTHERWISE}"
        )
    if files:
        _log.warning("the training in %s continues, although its code has changed: %s", path, ", ".join(files))
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
    if goes_on_longer(recorded, now):
        changed.remove("epochs")
    differ = [field for field in changed if role(field).on_resume is OnResume.REFUSE]
    if differ == ["seeds"]:
        there, here = (", ".join(map(str, seeds_of(each["seeds"]))) for each in (was, is_))
        further = 1 + max(seeds_of(was["seeds"]))
        raise UserError(
            f"workdir: {path} has the seeds {there}, and not {here}; train further seeds in another workdir, such as "
            f'--config.seeds="({further},{further + 1})"; the report of both counts all runs'
        )
    if differ == ["epochs"]:
        raise UserError(
            f"workdir: {path} has a training of {was['epochs']} epochs, and not of {is_['epochs']}; continue it with "
            f"--config.epochs={was['epochs']} ({CONFIG} has its command), or {OTHERWISE}"
        )
    if differ:
        shown = ", ".join(f"{field}: {was.get(field)!r} there, {is_.get(field)!r} here" for field in differ[:5])
        more = f" and {len(differ) - 5} more" if len(differ) > 5 else ""
        raise UserError(f"workdir: {path} holds another training ({shown}{more}); {OTHERWISE}")
    said = list[str]()
    if goes_on_longer(recorded, now):
        said = check_longer(old_names.config(as_object(recorded["config"])), now, recorded.get("estimated_rate"))
        line = f"the training continues from {epochs(recorded)} to {now['epochs']} epochs"
        if (path / SUMMARY).exists():
            line = f"{line}; its {SUMMARY} is removed now, and written again at the end"
        said = [line, *said]
    others = [field for field in changed if role(field).on_resume is OnResume.WARN]
    return [
        *(f"{path}: {line}" for line in said),
        *(f"{path} began with {field}={was.get(field)!r}: the last bits may differ" for field in others),
    ]


def epochs(content: Mapping[str, Json]) -> Json:
    """Return the number of epochs that a content of `config.json` asks for."""
    config = content.get("config")
    return config.get("epochs") if isinstance(config, Mapping) else None


def goes_on_longer(recorded: Content, now: Mapping[str, Json]) -> bool:
    """Return whether the config asks for more epochs than the recorded one, and both name a number."""
    was, is_ = epochs(recorded), now.get("epochs")
    return isinstance(was, int) and isinstance(is_, int) and 0 < was < is_


def unusable(error: OSError, path: Path | None = None) -> UserError:
    """Return the error for a file or folder that cannot be used. `path` is used if the error names no file."""
    return UserError(
        f"workdir: cannot use {error.filename or path} ({error.strerror}); give a folder that is writable and has "
        "room; what was saved before is still there"
    )
