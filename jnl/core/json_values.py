"""JSON as jnl writes and reads it. The readers check what a file holds, as anything may stand in it."""

from collections.abc import Iterator, Mapping, Sequence

Json = None | bool | int | float | str | list["Json"] | tuple["Json", ...] | Mapping[str, "Json"]


def leaves(fields: Json, name: str = "") -> Iterator[tuple[str, Json]]:
    """Yield every field of nested objects with its name, such as `section.field`."""
    if isinstance(fields, Mapping):
        for key, value in fields.items():
            yield from leaves(value, f"{name}.{key}" if name else key)
    else:
        yield name, fields


def as_object(value: Json) -> Mapping[str, Json]:
    """Return an object; raise `TypeError` if the value is none."""
    if not isinstance(value, Mapping):
        raise TypeError(f"expected an object, found {value!r}")
    return value


def as_list(value: Json) -> Sequence[Json]:
    """Return a list; raise `TypeError` if the value is none."""
    if not isinstance(value, list | tuple):
        raise TypeError(f"expected a list, found {value!r}")
    return value


def as_number(value: Json) -> float:
    """Return a number; raise `TypeError` if the value is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"expected a number, found {value!r}")
    return float(value)


def as_integer(value: Json) -> int:
    """Return a whole number; raise `TypeError` if the value is none."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"expected a whole number, found {value!r}")
    return value
