"""The kernels of a step, counted in the text of a compiled program."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from jnl.benchmark.kernels import main, of_loops
from jnl.support.errors import UserError

PROGRAM = """HloModule example

%summed (a: f32[4,8]) -> f32[4] {
  %a = f32[4,8]{1,0} parameter(0)
  %zero = f32[] constant(0)
  ROOT %sum = f32[4]{0} reduce(%a, %zero), dimensions={1}, to_apply=%add
}

%inner (x: f32[4,8]) -> f32[4] {
  %x = f32[4,8]{1,0} parameter(0)
  ROOT %fusion.2 = f32[4]{0} fusion(%x), kind=kInput, calls=%summed
}

%step (state: (f32[4,8], bf16[4])) -> (f32[4,8], bf16[4]) {
  %state = (f32[4,8]{1,0}, bf16[4]{0}) parameter(0)
  %weights = f32[4,8]{1,0} get-tuple-element(%state), index=0
  %convolved = (f32[4,8]{1,0}, u8[16]{0}) custom-call(%weights, %weights), custom_call_target="__cudnn$convForward"
  %sums = f32[4]{0} call(%weights), to_apply=%inner
  %half = bf16[4]{0} convert(%sums), metadata={op_name="f32[9]"}
  ROOT %next = (f32[4,8]{1,0}, bf16[4]{0}) tuple(%weights, %half)
}

ENTRY %main (start: (f32[4,8], bf16[4])) -> (f32[4,8], bf16[4]) {
  %start = (f32[4,8]{1,0}, bf16[4]{0}) parameter(0)
  ROOT %loop = (f32[4,8]{1,0}, bf16[4]{0}) while(%start), condition=%more, body=%step
}
"""


def test_kernels_are_counted_by_kind_with_what_they_read_and_write():
    (step,) = of_loops(PROGRAM)
    assert step.launches == {"__cudnn$convForward": 1, "fusion with reduce": 1, "convert": 1}
    assert step.bytes == {
        "__cudnn$convForward": 4 * 32 * 3 + 16,  # two arguments, a result and its workspace
        "fusion with reduce": 4 * 32 + 4 * 4,
        "convert": 4 * 4 + 2 * 4,
    }


def test_the_loops_of_a_real_program_are_found():
    def long(state, _):
        return jnp.sin(lax.sort(state @ state)), None

    def short(state, _):
        return lax.sort(state), None

    def both(state):
        return lax.scan(short, lax.scan(long, state, length=3)[0], length=5)[0]

    program = jax.jit(both).lower(jnp.ones((64, 64))).compile().as_text()
    found = of_loops(program)
    assert len(found) == 2
    assert found[0].launches.total() > found[1].launches.total() >= 1


def test_a_missing_description_is_told(tmp_path):
    with pytest.raises(UserError, match=r"target: .*h200.txtpb cannot be read"):
        main([str(tmp_path / "h200.txtpb")])
