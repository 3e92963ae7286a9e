"""Read the operations of a compiled program from its text."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

_FREE = {"parameter", "get-tuple-element", "tuple", "bitcast", "constant", "after-all"}  # what does nothing
_BYTES = {"pred": 1, "u8": 1, "s8": 1, "bf16": 2, "f16": 2, "f32": 4, "s32": 4, "u32": 4, "f64": 8, "s64": 8, "u64": 8}
_INSTRUCTION = re.compile(r"\s*(?:ROOT )?%?([\w.-]+) = (\(.*?\)|\S+) ([\w-]+)\((.*)")


class Operation(NamedTuple):
    """An operation of a compiled program. On a GPU it is a kernel, except for loops and calls."""

    name: str
    kind: str  # the operation of XLA; of a custom call its target, and of a fusion also what it contains
    bytes: int  # that it reads and writes, if it needs all of its arguments
    source: str  # the functions of JAX that it comes from
    function: str  # that a call calls, else ""


def functions(program: str) -> dict[str, list[Operation]]:
    """Return the operations of every function of a program.

    Args:
      program: the text of the program, from `jax.stages.Compiled.as_text`.
    """
    texts: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in program.splitlines():
        if line.endswith("{") and not line.startswith(" "):
            lines = texts.setdefault(line.removeprefix("ENTRY ").removeprefix("%").split(" ")[0], [])
        elif line.startswith(" "):
            lines.append(line)
    return {name: list(_operations(lines, texts)) for name, lines in texts.items()}


def loops(program: str) -> list[str]:
    """Return the names of the functions that are the body of a loop."""
    return sorted(set(re.findall(r"body=%?([\w.-]+)", program)))


def _operations(lines: list[str], texts: Mapping[str, list[str]]) -> Iterator[Operation]:
    """Yield the operations of the lines of a function."""
    sizes: dict[str, int] = {}
    for name, shape, operation, rest in (match.groups() for match in map(_INSTRUCTION.match, lines) if match):
        sizes[name] = sum(
            _BYTES.get(kind, 0) * int(np.prod([int(side) for side in sides.split(",") if side], dtype=np.int64))
            for kind, sides in re.findall(r"(\w+)\[([\d,]*)\]", shape)
        )
        if operation in _FREE:
            continue
        called = re.search(r"(?:calls|to_apply)=%?([\w.-]+)", rest)
        kind = operation
        if operation == "custom-call":
            kind = re.sub(r".*custom_call_target=\"([^\"]+)\".*", r"\1", rest)
        elif operation == "fusion" and called:
            parts = [part for part in ("dot", "reduce") if any(f" {part}(" in line for line in texts[called[1]])]
            kind = " ".join(["fusion", *(f"with {part}" for part in parts[:1])])
        arguments = re.findall(r"%([\w.-]+)", rest.split("), ")[0])
        moved = sizes[name] + sum(sizes.get(argument, 0) for argument in arguments)
        source = re.search(r"op_name=\"([^\"]*)\"", rest)
        inner = called[1] if called and operation == "call" else ""
        yield Operation(name, kind, moved, source[1] if source else "", inner)
