"""Which trainings belong together: they agree in their settings. What differs becomes part of their labels."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from jnl.report.reading import Point, Run
from jnl.settings.fields import role
from jnl.support.json_values import Json

Together = list[Point]  # points of one method that agree in all that they record
Column = dict[int, Together]  # number of a noise -> points of a method under this noise


def together(points: Iterable[Point]) -> list[Together]:
    """Group points of one method under one noise.

    Points are in the same group if they agree in every setting and the noisy labels that both record, and in the runs
    that both have. If they have no run in common, the user's own code has to be the same, too.
    """
    groups: list[Together] = []
    for point in points:
        fitting = (group for group in groups if all(_agree(point, other) for other in group))
        group = next(fitting, None)
        if group is None:
            groups.append([point])
        else:
            group.append(point)
    return groups


def _agree(one: Point, other: Point) -> bool:
    """Return whether two points agree in the settings, shapes of curves, noisy labels and runs or code of both."""
    shapes, others = one.shapes(), other.shapes()
    if differing(one.settings, other.settings) or any(
        shapes[name] != others[name] for name in shapes.keys() & others.keys()
    ):
        return False
    labels = {run.noise_seed: run.labels for run in one.runs}
    if not all(same_labels(labels.get(run.noise_seed, ""), run.labels) for run in other.runs):
        return False
    runs = {(run.seed, run.noise_seed): run for run in one.runs}
    shared = [(runs[key], run) for run in other.runs if (key := (run.seed, run.noise_seed)) in runs]
    if shared:  # the same results show that a change of the code does not matter
        return all(_same(*pair) for pair in shared)
    return not _changed(one.code, other.code)


def same_labels(one: str, other: str) -> bool:
    """Return whether two digests of noisy labels are the same, as far as both are recorded."""
    return not one or not other or one == other


def _changed(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Return the functions, classes and modules of both trainings that have different code."""
    return sorted(name for name in one.keys() & other.keys() if one[name] != other[name])


def _same(one: Run, other: Run) -> bool:
    """Return whether two runs with the same settings and seeds have the same results, except for rounding."""
    names = one.curves.keys() & other.curves.keys()
    return one.failed == other.failed and all(
        one.curves[name].shape == other.curves[name].shape
        and np.allclose(one.curves[name], other.curves[name], rtol=1e-5, atol=0, equal_nan=True)
        for name in names
    )


def settings(points: Iterable[Point]) -> dict[str, Json]:
    """Return all settings that points record: field -> value."""
    return {name: value for point in points for name, value in point.settings.items()}


def differing(one: Mapping[str, Json], other: Mapping[str, Json], but: Collection[str] = ()) -> list[str]:
    """Return the fields in which two trainings differ so that they must not be compared.

    Args:
      one: field -> value of the first training.
      other: field -> value of the second training.
      but: sections whose fields are left out.
    """
    return sorted(
        name
        for name in one.keys() & other.keys()
        if one[name] != other[name] and role(name).separates and name.partition(".")[0] not in but
    )


def columns(groups: Sequence[Sequence[Together]], first: Column) -> list[Column]:
    """Match the groups of one method over all kinds of noise, so that each column has one group of each noise at most.

    A group belongs to the column whose settings differ in the fewest fields.

    Args:
      groups: the groups under each noise.
      first: the groups that are in the first column, whatever their settings. Without any, the first column is the one
        with most runs where the most groups are.
    """
    found: list[Column] = [dict(first)] if first else []
    for noise in sorted(range(len(groups)), key=lambda number: -len(groups[number])):
        free = [column for column in found if noise not in column]
        for group in sorted(groups[noise], key=number_of_runs, reverse=True):
            if group is first.get(noise):
                continue
            if free:
                nearest = min(free, key=lambda column: _distance(group, column))
                free = [column for column in free if column is not nearest]
                nearest[noise] = group
            else:
                found.append({noise: group})
    return found


def number_of_runs(group: Together) -> int:
    """Return the number of runs of all points of a group."""
    return sum(len(point.runs) for point in group)


def _distance(group: Together, column: Column) -> int:
    own, code = settings(group), _code(group)
    return min(
        len(differing(own, settings(other), ("noise",))) + len(_changed(code, _code(other)))
        for other in column.values()
    )


def _code(group: Together) -> dict[str, str]:
    return {name: digest for point in group for name, digest in point.code.items()}


def labels(title: str, found: Sequence[Column]) -> list[str]:
    """Return the label of each column: the method, with as many settings as are needed to distinguish the columns.

    If the first column is there under more kinds of noise than each other one, it has the name of the method alone.
    """
    fixed = [_fixed(column) for column in found]
    fields = {name for one in fixed for other in fixed for name in differing(one, other)}
    chosen: list[str] = []
    for name in sorted(fields, key=lambda name: (not name.startswith("strategy."), name)):
        if len(_apart(fixed, [*chosen, name])) > len(_apart(fixed, chosen)):
            chosen.append(name)
    labels: list[str] = [title] if all(len(found[0]) > len(other) for other in found[1:]) else []
    for one in fixed[len(labels) :]:
        known = ", ".join(f"{name.removeprefix('strategy.')}={one[name]}" for name in chosen if name in one)
        label = f"{title} ({known})" if known else title
        labels.append(f"{label} #{len(labels) + 1}" if label in labels else label)
    return labels


def _fixed(column: Column) -> dict[str, Json]:
    """Return the settings that are the same under each noise of a column."""
    groups = [settings(group) for group in column.values()]
    return {
        name: value
        for name, value in settings(point for group in column.values() for point in group).items()
        if all(name not in one or one[name] == value for one in groups)
    }


def _apart(found: Sequence[Mapping[str, Json]], fields: Sequence[str]) -> set[str]:
    """Return the different combinations of values that these fields have."""
    return {repr([one.get(name) for name in fields]) for one in found}
