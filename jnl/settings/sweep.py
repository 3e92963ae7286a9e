"""The points of a sweep. A sweep describes many trainings in one config."""

import copy
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, cast

from ml_collections import ConfigDict

from jnl.settings.config import Value, check_numbers, complete
from jnl.settings.config_object import set_field
from jnl.settings.fields import OnResume, role
from jnl.settings.published import hypers
from jnl.support.errors import UserError, printable

_PUBLISHED_BY = {"noise.kind", "noise.rate", "data.name"}  # the published hyperparameters follow from these fields


class SweepPoint(NamedTuple):
    """One combination of the values that a config sweeps."""

    title: str  # one printable line
    swept: dict[str, Value]
    config: ConfigDict  # complete, and without a sweep


def points(config: ConfigDict) -> Iterator[SweepPoint]:
    """Yield the points of `config.sweep`, or one point if nothing is swept.

    A sweep is ((field, values), ...). Its points are all combinations of the values. ("seeds", 8) in a sweep sets
    `config.seeds` of all points. A sweep over "strategy.name" takes the published hyperparameters of each strategy for
    the data set and the noise of the point; epochs, batch size, optimizer and network are those of the config. In a
    sweep over the noise or the data set, a hyperparameter that has its published value follows them in this way. The
    values of a section are dicts of some of its fields: ("strategy", ({"name": "bootstrap", "kind": "hard"}, ...)). The
    values of "cells" are dicts of fields and whole sections, each with a "title" (see `settings.tables.grid`).

    `config.sweep_filter` selects points by words in their titles: "jocor,rate=0.5" selects the points with at least one
    of the two words, "jocor rate=0.5" selects the points with both. Only whole words count: "coteaching" does not
    select "coteaching_plus".

    Raises:
      UserError: if the sweep has another form, no values, equal values or an unknown field, or if no point is left.
    """
    every = list(_every(config))
    if twice := [title for title, number in Counter(point.title for point in every).items() if number > 1]:
        raise UserError(f"config.sweep: two points have the title {twice[0]!r}; give each cell a title of its own")
    ways = [way.split() for way in str(config.get("sweep_filter") or "").split(",") if way.strip()]
    left = [point for point in every if not ways or any(all(_has(point.title, word) for word in way) for way in ways)]
    if not left:
        titles = "; ".join(point.title for point in every)
        raise UserError(
            f"config.sweep_filter: {config.sweep_filter!r} is not part of any title; the titles are: {titles}"
        )
    yield from left


def _every(config: ConfigDict) -> Iterator[SweepPoint]:
    """Yield all points of a sweep, before the filter."""
    sweep = config.get("sweep") or ()
    check_numbers(sweep, "config.sweep")
    try:
        fields = {str(field): values if field == "seeds" else tuple(values) for field, values in sweep}
    except (TypeError, ValueError) as error:
        raise UserError(f'config.sweep: expected (("noise.rate", (0.2, 0.5)), ...), found {sweep!r}') from error
    for field, values in sweep:
        if isinstance(values, str):
            raise UserError(f'config.sweep: {field} has the text {values!r} as its values; give a list, ("{values}",)')
    if len(fields) < len(sweep):
        raise UserError(f"config.sweep: a field appears twice: {sweep!r}")
    seeds = {field: fields.pop(field) for field in ("seeds",) if field in fields}
    if not all(isinstance(cell, Mapping) and isinstance(cell.get("title"), str) for cell in fields.get("cells", ())):
        raise UserError(f'config.sweep: every cell must be a dict with a "title", found {fields["cells"]!r}')
    for field, values in fields.items():
        if not values or any(values.count(value) > 1 for value in values):
            raise UserError(f"config.sweep: {field} has no values, or has the same value twice: {values!r}")
    _check_fields(fields)
    for combination in itertools.product(*fields.values()):
        swept = dict(zip(fields, combination, strict=True))
        words = [_words(field, value) for field, value in swept.items()]
        cell = dict(cast(Mapping[str, Value], swept.pop("cells", {})))
        cell.pop("title", None)
        swept = cell | swept
        try:
            point = copy.deepcopy(config)  # keeps references, so that fields which follow noise.rate get the swept rate
        except ValueError as error:  # a dict has keys with dots
            raise UserError(f"config: {error}") from error
        with point.unlocked(), point.ignore_type():
            fields_of_point = dict(_leaves(swept))
            for section in ("strategy", "model", "data"):
                if f"{section}.name" in fields_of_point:
                    _forget_usual(point, section)
            if not _PUBLISHED_BY.isdisjoint(fields_of_point):
                _forget_published(point)
            for section, values in cell.items():  # replaces whole sections, without fields of other cells
                if isinstance(values, Mapping):
                    point[section] = ConfigDict(dict(values))
            for field, value in {"sweep": (), "sweep_filter": "", **seeds, **fields_of_point}.items():
                set_field(point, field, value)
            if "strategy.name" in fields_of_point or not _PUBLISHED_BY.isdisjoint(fields_of_point):
                _publish(point)
        whole = complete(point)
        yield SweepPoint(printable(",".join(words)) or whole.strategy.name, swept, whole)


def swept_values(config: ConfigDict) -> Iterator[tuple[str, Value]]:
    """Yield each field that `config.sweep` sweeps with each of its values; an entry without values has None.

    If the values are dicts of a section, these are the fields of the section. Cells have the name `cells`. Entries that
    cannot be read are left out; `points` refuses them.
    """
    sweep = config.get("sweep")
    entries = [entry for entry in sweep if isinstance(entry, list | tuple) and entry] if _is_list(sweep) else []
    for field, *rest in entries:
        values = rest[0] if rest and _is_list(rest[0]) and field != "cells" else ()
        yield from (pair for value in values for pair in _leaves({str(field): value}))
        if not values:
            yield str(field), None


def swept_names(config: ConfigDict) -> list[str]:
    """Return the names of the fields that `config.sweep` sweeps, each once; see `swept_values`."""
    return list(dict.fromkeys(name for name, _ in swept_values(config)))


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _check_fields(fields: Mapping[str, Sequence[Value]]) -> None:
    """Raise `UserError` if two entries of a sweep set the same field, or if a field changes no result."""
    set_by: dict[str, str] = {}
    for entry, values in fields.items():
        whole = [cast(Mapping[str, Value], value) if entry == "cells" else {entry: value} for value in values]
        for name in dict.fromkeys(name for swept in whole for name, _ in _leaves(swept) if name != "title"):
            if set_by.setdefault(name, entry) != entry:
                raise UserError(f"config.sweep: {set_by[name]} and {entry} both set {name}; leave one out")
            unchanged = role(name).on_resume is OnResume.ACCEPT and name != "data.dir"
            if unchanged or name in ("sweep", "sweep_filter"):
                raise UserError(f"config.sweep: {name} changes no result, so it cannot be swept; set config.{name}")


def _has(title: str, word: str) -> bool:
    """Return whether a title contains a word as a whole word."""
    return re.search(rf"(?<!\w)(?<!\d\.){re.escape(word)}(?![\w.])", title) is not None


def _leaves(swept: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    """Yield each swept field with its value. The fields of a section are yielded one by one."""
    for field, value in swept.items():
        if isinstance(value, Mapping):
            yield from ((f"{field}.{name}", inner) for name, inner in value.items())
        else:
            yield field, value


def _words(field: str, value: Value) -> str:
    """Return the text of a swept value for people."""
    if field == "cells" and isinstance(value, Mapping):
        return str(value["title"])
    if isinstance(value, Mapping):
        return ",".join(str(inner) if key == "name" else f"{key}={inner}" for key, inner in value.items())
    return str(value) if field.endswith(".name") else f"{field}={value}"


def _forget_usual(config: ConfigDict, section: str) -> None:
    """Remove the fields of a section that have their usual values, because they may not exist for another name."""
    fields = config.get(section, ConfigDict())
    try:
        usual = [complete(ConfigDict({section: {"name": fields.get("name", "auto")}}))[section]]
        usual += [hypers(fields.name, config)] if section == "strategy" else []
    except UserError:
        return  # the name is wrong; `complete` raises the error later
    for field in [
        field for field in fields if field != "name" and any(fields[field] == each.get(field) for each in usual)
    ]:
        del fields[field]


def _forget_published(config: ConfigDict) -> None:
    """Remove the hyperparameters that are published for the data set and the noise that a config has."""
    fields = config.get("strategy", ConfigDict())
    try:
        published = hypers(fields.get("name", "standard"), complete(config))
    except UserError:
        return  # a field is wrong; `complete` raises the error later
    for field in [field for field in fields if field != "name" and fields[field] == published.get(field)]:
        del fields[field]


def _publish(config: ConfigDict) -> None:
    """Set the published values of all fields of the strategy that are not set."""
    whole = complete(config)
    for field, value in hypers(whole.strategy.name, whole).items():
        if field not in config.get("strategy", {}):
            set_field(config, f"strategy.{field}", value)
