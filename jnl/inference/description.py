"""`model.json`: what a workdir says about its networks and their inputs, for predictions.

The weights are in the checkpoints. A file from elsewhere is data and no code: it names a network of jnl, or says that
the caller must give the network.
"""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple, Self

import jax

from jnl.data.preparation import Preparation
from jnl.models import PRECISIONS, ModuleNetwork
from jnl.ops.augment import Augment
from jnl.support.json_values import Json, as_integer, as_list, as_number, as_object, as_text
from jnl.support.registry import Value

_FORMAT = 2


class ProgramDescription(NamedTuple):
    """The networks of one program."""

    network: str  # name of the network; `own` for one of the caller
    options: Mapping[str, Value]
    networks: int  # number of networks of a run
    precision: str  # of the arithmetic of the networks
    augment: Augment  # with the statistics of the training set
    runs: tuple[int, ...]
    points: tuple[str, ...]  # title of the point of each run
    network_digest: str | None  # of a network that is not one of jnl


class ModelDescription(NamedTuple):
    """The content of `model.json`."""

    class_names: tuple[str, ...]
    preparation: Preparation
    programs: tuple[ProgramDescription, ...]

    def to_json(self) -> dict[str, Json]:
        """Return the record as JSON."""
        programs: list[Json] = [
            {**program._asdict(), "options": dict(program.options), "augment": program.augment._asdict()}
            for program in self.programs
        ]
        return {
            "format": _FORMAT,
            "class_names": self.class_names,
            "preparation": self.preparation.to_json(),
            "programs": programs,
        }

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Return the record from JSON. Raise `TypeError`, `KeyError` or `ValueError` if it is not one."""
        fields = as_object(value)
        if fields["format"] != _FORMAT:
            raise ValueError(f"another version of jnl wrote it, in format {fields['format']} instead of {_FORMAT}")
        preparation = Preparation.from_json(fields["preparation"])
        programs = tuple(_program(as_object(program)) for program in as_list(fields["programs"]))
        for program in programs:
            program.augment.check((2, *preparation.shape))
        return cls(_texts(fields["class_names"]), preparation, programs)


def network_digest(network: ModuleNetwork, inputs: jax.ShapeDtypeStruct) -> str:
    """Return the SHA-256 of the program of a network on a batch of inputs, which says whether it is the same one."""
    return hashlib.sha256(network.text(inputs).encode()).hexdigest()


def _program(fields: Mapping[str, Json]) -> ProgramDescription:
    options = {name: _value(value) for name, value in as_object(fields["options"]).items()}
    return ProgramDescription(
        as_text(fields["network"]),
        options,
        as_integer(fields["networks"]),
        _precision(fields["precision"]),
        _augment(as_object(fields["augment"])),
        tuple(as_integer(run) for run in as_list(fields["runs"])),
        _texts(fields["points"]),
        None if (digest := fields["network_digest"]) is None else as_text(digest),
    )


def _precision(value: Json) -> str:
    if value not in PRECISIONS:
        raise ValueError(f"precision {value!r}")
    return as_text(value)


def _augment(fields: Mapping[str, Json]) -> Augment:
    """Return the augmentation. Raise an error if a field is missing, or has another type than its default."""
    if wrong := sorted(fields.keys() ^ set(Augment._fields)):
        raise ValueError(f"augment.{wrong[0]}: missing, or not known")
    numbers = {name: tuple(as_number(value) for value in as_list(fields[name])) for name in ("mean", "std")}
    others = {name: _value(value) for name, value in fields.items() if name not in numbers}
    for name, value in others.items():
        if type(value) is not type(Augment._field_defaults[name]):
            raise TypeError(f"augment.{name}: {value!r}")
    augment = Augment(**others, **numbers)  # type: ignore[arg-type]
    augment.check()
    return augment


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(as_text(text) for text in as_list(value))


def _value(value: Json) -> Value:
    if not isinstance(value, bool | int | float | str):
        raise TypeError(f"expected a number, text or truth value, found {value!r}")
    return value
