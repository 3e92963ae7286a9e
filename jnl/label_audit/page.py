"""The page of an audit: one HTML file that needs no other file and no network."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from unicodedata import bidirectional

import jinja2
import numpy as np
from markupsafe import Markup

from jnl.data.dataset import Dataset
from jnl.label_audit.result import Audit
from jnl.label_audit.thumbnails import sheets
from jnl.support.json_values import Json
from jnl.support.text import encodable
from jnl.support.version import VERSION

_NEIGHBORS = 5  # number of neighbors that are shown beside a suspect
_LONGEST = 300  # characters of a text, or of a row of a table
_COLUMNS = 100  # of a row; more do not fit into so many characters


def page(audit: Audit, record: Mapping[str, Json] = MappingProxyType({})) -> str:
    """Return the HTML file with all suspects, and all examples with another kind of trouble.

    Args:
      audit: the audit.
      record: how the audit was made. The page names its `data` and `command`, if there are any.
    """
    rows = _rows(audit)
    near = _near(audit, rows)
    used = np.unique(np.concatenate([rows, near[near >= 0]]))
    data = _data(audit, rows, near, used)
    inputs = np.asarray(audit.dataset.train.inputs)
    pictures = sheets(inputs, used) if inputs.ndim == 4 else []
    name, command = (encodable(str(record.get(key, ""))) for key in ("data", "command"))
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(_file("page.html")).render(
        audit=audit, name=Path(name).name if Path(name).is_absolute() else name, command=command,
        summary=[*audit.describe().splitlines(), *_left_out(audit, rows)], version=VERSION,
        css=Markup(_file("page.css")), script=Markup(_file("page.js")), data=_embedded(data), sheets=pictures,
    )  # fmt: skip


def _file(name: str) -> str:
    return (resources.files("jnl.label_audit") / name).read_text(encoding="utf-8")


def _embedded(data: dict[str, object]) -> Markup:
    """Return data for a script element. No text of the data can end the element."""
    return Markup(json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"))


def _rows(audit: Audit) -> np.ndarray:
    """Return the rows of all suspects, most likely wrong first, and then those with another kind of trouble."""
    frame = audit.examples
    wrong = frame["probability"].to_numpy()
    other = np.zeros(len(frame), bool)
    if "duplicate_of" in frame:
        given, twin = frame["given"].to_numpy(), frame["duplicate_of"].to_numpy()
        listed = (given[twin] != given) | (frame["reasons"].to_numpy() != "")  # no reason if most examples have a twin
        other |= frame["outlier"].to_numpy() | ((twin >= 0) & listed)
    other |= frame["overlap"].to_numpy()
    shown = np.flatnonzero((wrong > 0.5) | other)
    return shown[np.argsort(-wrong[shown], kind="stable")]


def _left_out(audit: Audit, rows: np.ndarray) -> list[str]:
    """Return the line of the summary about duplicates that are not among the rows, if there are any."""
    if "duplicate_of" not in audit.examples:
        return []
    twice = audit.examples["duplicate_of"].to_numpy() >= 0
    missing = int(twice.sum() - twice[rows].sum())
    line = f"{missing:,} duplicates with the same label are not listed, as at least half of the examples are duplicates"
    return [line] if missing else []


def _near(audit: Audit, rows: np.ndarray) -> np.ndarray:
    """Return the nearest neighbors of the rows, i[n, k]."""
    if audit.neighbors is None:
        return np.zeros((len(rows), 0), np.int32)
    return audit.neighbors.rows[rows, :_NEIGHBORS]


def _data(audit: Audit, rows: np.ndarray, near: np.ndarray, used: np.ndarray) -> dict[str, object]:
    """Return what the script of the page needs. Every list has one entry for each row, or for each used example."""
    frame, names = audit.examples, list(audit.class_names)
    code = {name: number for number, name in enumerate(names)}

    def codes(values: np.ndarray) -> list[int]:
        return [code[str(value)] for value in values]

    kinds = {"wrong": frame["probability"].to_numpy() > 0.5, "overlap": frame["overlap"].to_numpy()}
    if "duplicate_of" in frame:
        kinds |= {"duplicate": frame["duplicate_of"].to_numpy() >= 0, "outlier": frame["outlier"].to_numpy()}
    place = np.zeros(len(frame), int)
    place[used] = np.arange(len(used))
    given, inputs = frame["given"].to_numpy(), np.asarray(audit.dataset.train.inputs)
    content = hashlib.sha256("\n".join(map(str, given)).encode())
    content.update(np.ascontiguousarray(inputs).tobytes())  # so that no other data share its decisions
    return {
        "id": content.hexdigest()[:16],
        "names": names,
        "index": rows.tolist(),
        "file": [str(name) for name in frame["file"].to_numpy()[rows]] if "file" in frame else [],
        "given": codes(given[rows]),
        "suggested": codes(frame["suggested"].to_numpy()[rows]),
        "probability": np.round(frame["probability"].to_numpy()[rows], 4).tolist(),
        "reasons": _isolated(frame["reasons"].to_numpy()[rows], names),
        "kinds": {name: np.flatnonzero(each[rows]).tolist() for name, each in kinds.items()},
        "thumbnail": place[rows].tolist(),
        "near": [[int(place[one]) for one in some] for some in near],
        "used_index": used.tolist(),
        "used_given": codes(given[used]),
        "text": [] if inputs.ndim == 4 else _texts(audit.dataset, inputs, rows),
    }


def _isolated(texts: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return texts that are written from left to right, whatever the direction of the names in them."""
    other = [name for name in names if any(bidirectional(letter) in ("R", "AL") for letter in name)]
    if not other:
        return list(texts)
    pattern = re.compile("|".join(map(re.escape, sorted(other, key=len, reverse=True))))
    return [pattern.sub("\u2068\\g<0>\u2069", text) for text in texts]


def _texts(dataset: Dataset, inputs: np.ndarray, rows: np.ndarray) -> list[str]:
    """Return what a page shows of inputs that are no images."""
    if dataset.text is not None:
        whole = [dataset.text(int(row)) for row in rows]
        return [text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..." for text in whole]
    if inputs.dtype == np.int32:
        words = dataset.prepare.words
        known = lambda token: words[token - 2] if 0 <= token - 2 < len(words) else f"#{token}"  # noqa: E731
        return [" ".join(known(int(token)) for token in inputs[row] if token)[:_LONGEST] for row in rows]
    tables = dataset.prepare.as_given(inputs[rows], _COLUMNS)
    each = (", ".join(f"{name} {value}" for name, value in row.items()) for row in tables)
    return [text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..." for text in each]
