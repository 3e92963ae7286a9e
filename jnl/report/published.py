"""Published numbers and their settings. `published.csv` has them, with the names of jnl.

`mean` and `std` are percent of test accuracy. `statistic` is one of `ops.curves.STATISTICS`. A value that the source
does not state is empty. Numbers are left out if their source does not state how they follow from the epochs. `settings`
are the fields in which a number departs from the published settings of its method (`settings.tables.of_table`), such
as `batch_size=64`: the allowed values in JSON, or `*` for a field or a section that the source does not state.
`independent` is the mean that a re-implementation by other authors reached, `independent_source`.
"""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

from jnl.report.agreement import differing
from jnl.results import statistics
from jnl.settings.tables import of_table
from jnl.support.json_values import Json, leaves

_ANY = "*"  # any value, because the source does not state it
_FIRST = ("epochs", "model.name")  # departures that are listed first
_FOLLOW = ("strategy.forget_rate", "strategy.noise_rate")  # null in these fields means the noise rate


class Published(NamedTuple):
    """One number of a paper."""

    strategy: str
    data: str
    noise: str
    rate: float  # NaN if no noise is added to the labels
    statistic: str
    mean: float  # percent
    std: float  # percent; NaN if it is not known
    runs: int  # 0 if it is not known
    epochs: int  # 0 if it is not known
    model: str  # empty if it is not known; then the number is not judged
    settings: Mapping[str, Sequence[Json]]  # field or section -> allowed values; empty: the source does not state it
    source: str
    independent: float  # percent; NaN if there is none
    independent_source: str

    def interval(self) -> tuple[float, float]:
        """Return the t interval of the mean in percent, or the mean twice if there is no interval."""
        low, high = statistics.interval(self.mean, self.std, self.runs)
        return (self.mean, self.mean) if math.isnan(low) else (max(low, 0.0), min(high, 100.0))

    def is_about(self, strategy: str, data: str, kind: str, rate: float) -> bool:
        """Return whether the number is about this method on this data with this noise."""
        same_rate = math.isnan(self.rate) or math.isclose(self.rate, rate)
        return (self.strategy, self.data, self.noise) == (strategy, data, kind) and same_rate


@cache
def load() -> tuple[Published, ...]:
    """Return all published numbers."""
    text = resources.files("jnl.report").joinpath("published.csv").read_text(encoding="utf-8")
    return tuple(
        Published(
            row["strategy"],
            row["data"],
            row["noise"],
            float(row["rate"] or math.nan),
            row["statistic"],
            float(row["mean"]),
            float(row["std"] or math.nan),
            int(row["runs"] or 0),
            int(row["epochs"] or 0),
            row["model"],
            dict(map(_setting, row["settings"].split())),
            row["source"],
            float(row["independent"] or math.nan),
            row["independent_source"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def has_number(strategy: str, data: str, kind: str, rate: float, settings: Mapping[str, Json]) -> bool:
    """Return whether a number is published for this method, data, noise and these settings."""
    return any(one.is_about(strategy, data, kind, rate) and not departures(one, settings) for one in load())


def departures(published: Published, settings: Mapping[str, Json]) -> list[str]:
    """Return, in words, the settings that depart from the published ones.

    The settings are compared with the paper and with its code. The comparison with fewer departures counts.
    """
    if not published.model:
        return [f"{settings.get('model.name')}, published by a network that is not stated"]
    return min((_departures(published, way, settings) for way in ways(published)), key=len)


def _departures(published: Published, way: Mapping[str, Json], settings: Mapping[str, Json]) -> list[str]:
    """Return the departures from one of the `ways`, in words."""
    stated = {name: values for name, values in published.settings.items() if values}
    if published.epochs:
        stated["epochs"] = [published.epochs]
    allowed = {name: [value] for name, value in way.items()} | stated
    found = []
    for name in sorted(allowed.keys() & settings.keys(), key=lambda name: (name not in _FIRST, name)):
        has, *others = [published.rate if name in _FOLLOW and value is None else value
                        for value in (settings[name], *allowed[name])]  # fmt: skip
        unstated = {name, name.partition(".")[0]} & published.settings.keys() - stated.keys()
        if not unstated and all(differing({name: has}, {name: other}) for other in others):
            found.append(f"{name} {_shown(has)}, published {' or '.join(map(_shown, others))}")
    return found


def ways(published: Published) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return all fields of a number as its method is published: in the paper, and in the code (`reference`)."""
    plain = f"data={published.data.partition(':')[0]},noise={published.noise},model={published.model}"
    plain += "" if math.isnan(published.rate) else f",rate={published.rate}"
    return _fields(published.strategy, plain), _fields(published.strategy, f"{plain},reference")


@cache
def _fields(strategy: str, argument: str) -> dict[str, Json]:
    return dict(leaves(json.loads(of_table(strategy, argument).to_json())))


def _setting(text: str) -> tuple[str, Sequence[Json]]:
    """Return the field and the allowed values of an entry such as `strategy.warmup_epochs=0|20`."""
    name, _, values = text.partition("=")
    return name, [] if values == _ANY else [_value(value) for value in values.split("|")]


def _value(text: str) -> Json:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)
