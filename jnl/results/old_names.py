"""Replace names that earlier versions of jnl wrote into workdirs, so that their results stay readable."""

from collections.abc import Mapping

from jnl.support.json_values import Json

_FIELDS = {
    "augment.normalise": "augment.normalize",
    "augment.resized": "augment.random_resized_crop",
    "checkpoint.piece": "checkpoint.segment",
    "data.standardise": "data.standardize",
    "only": "sweep_filter",
    "optim.minimum": "optim.min_learning_rate",
    "strategy.neighbours": "strategy.neighbors",
    "strategy.unlabelled": "strategy.unlabeled_weight",
}
_VALUES = {("strategy.name", "regularised"): "regularized", ("protocol.checkpoint", "selected"): "at_best_validation"}
_METRICS = {"selected": "selected_fraction"}
_COLUMNS = {"selected": "at_best_validation"}
_OF_A_POINT = {"realised": "realized"}
# What the first versions did not write.
_NEWER: dict[str, Json] = {"checkpoint": "last", "balanced_accuracy": None, "class_accuracy": None, "left_out": None}


def config(fields: Mapping[str, Json], section: str = "") -> dict[str, Json]:
    """Return the fields of a config with their present names. They may be nested or written as `section.field`."""
    renamed: dict[str, Json] = {}
    for name, value in fields.items():
        path = f"{section}{name}"
        new = _FIELDS.get(path, path).removeprefix(section)
        if isinstance(value, Mapping):
            renamed[new] = config(value, f"{path}.")
        elif isinstance(value, str):
            renamed[new] = _VALUES.get((path, value), value)
        else:
            renamed[new] = _swept(value) if path == "sweep" else value
    return renamed


def _swept(sweep: Json) -> Json:
    """Return the axes of a sweep with present names: fields with their values, or whole cells."""
    if isinstance(sweep, Mapping):
        return config(sweep)
    if isinstance(sweep, list | tuple):
        return [_swept(each) for each in sweep]
    return _FIELDS.get(sweep, sweep) if isinstance(sweep, str) else sweep


def row(fields: Mapping[str, Json]) -> dict[str, Json]:
    """Return a row of `metrics.jsonl` with present names: metrics, and the swept fields of its run."""
    return {_METRICS.get(name, name): value for name, value in config(fields).items()}


def point(fields: Mapping[str, Json]) -> dict[str, Json]:
    """Return a point of `summary.json` with present names and all fields."""
    return _NEWER | _renamed(fields)


def _renamed(fields: Mapping[str, Json]) -> dict[str, Json]:
    renamed: dict[str, Json] = {}
    for name, value in fields.items():
        if name == "strategy" and isinstance(value, str):
            value = _VALUES.get(("strategy.name", value), value)
        elif isinstance(value, Mapping):
            names = _COLUMNS if name.endswith("_accuracy") else _OF_A_POINT if name == "noise" else {}
            value = config(value) if name == "swept" else {names.get(key, key): each for key, each in value.items()}
        renamed[name] = value
    return renamed


def summary(content: Mapping[str, Json]) -> dict[str, Json]:
    """Return the content of `summary.json` with present names.

    The first versions of jnl had only one point, and its fields were at the top level.
    """
    points = content.get("points")
    if not isinstance(points, list):
        return point(content)
    return _renamed(content) | {"points": [point(each) if isinstance(each, Mapping) else each for each in points]}
