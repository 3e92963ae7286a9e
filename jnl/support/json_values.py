"""JSON values that jnl reads and writes. The functions check types, because a file may hold any value."""

import math
from collections.abc import Iterator, Mapping, Sequence

Json = None | bool | int | float | str | list["Json"] | tuple["Json", ...] | Mapping[str, "Json"]


def leaves(fields: Json, name: str = "") -> Iterator[tuple[str, Json]]:
    """Yield every field of nested objects with its name, such as `section.field`."""
    if isinstance(fields, Mapping):
        for key, value in fields.items():
            yield from leaves(value, f"{name}.{key}" if name else key)
    else:
        yield name, fields


def without_nan(value: Json) -> Json:
    """Return a value with null in place of each number that is not finite, which JSON cannot represent."""
    if isinstance(value, Mapping):
        return {name: without_nan(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_object(value: Json) -> Mapping[str, Json]:
    """Return the value; raise `TypeError` if it is not an object."""
    if not isinstance(value, Mapping):
        raise TypeError(f"expected an object, found {value!r}")
    return value


def as_list(value: Json) -> Sequence[Json]:
    """Return the value; raise `TypeError` if it is not a list."""
    if not isinstance(value, list | tuple):
        raise TypeError(f"expected a list, found {value!r}")
    return value


def as_text(value: Json) -> str:
    """Return the value; raise `TypeError` if it is not text."""
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {value!r}")
    return value


def as_number(value: Json) -> float:
    """Return the value as a float; raise `TypeError` if it is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"expected a number, found {value!r}")
    try:
        return float(value)
    except OverflowError as error:
        raise TypeError("expected a number, found one with more than 300 digits") from error


def as_integer(value: Json) -> int:
    """Return the value; raise `TypeError` if it is not a whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"expected a whole number, found {value!r}")
    return value
