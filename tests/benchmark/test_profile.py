"""The profile gives every operation its own time and the part of a step that it belongs to."""

import pytest

from jnl.benchmark import epochs
from jnl.benchmark.operations import functions
from jnl.benchmark.profile import Event, main, of_events, part
from jnl.support.errors import UserError

PROGRAM = """
%step (state: f32[4]) -> f32[4] {
  %state = f32[4]{0} parameter(0)
  ROOT %halved = f32[4]{0} multiply(%state, %state), metadata={op_name="jit(epoch)/optimizer/mul" stack_frame_id=1}
}

ENTRY %main (start: f32[4]) -> f32[4] {
  %start = f32[4]{0} parameter(0)
  ROOT %called = f32[4]{0} call(%start), to_apply=%step
}
"""


def test_an_operation_knows_its_source_and_a_call_its_function():
    (halved,), (called,) = functions(PROGRAM).values()
    assert (halved.name, halved.kind, halved.source) == ("halved", "multiply", "jit(epoch)/optimizer/mul")
    assert halved.bytes == 3 * 4 * 4  # the same argument twice, and the result
    assert (called.source, called.function) == ("", "step")


def test_time_inside_an_operation_is_not_counted_for_the_operation_around_it():
    first = [Event("b", 10, 20), Event("loop", 0, 100), Event("b", 40, 20), Event("c", 45, 5)]
    second = [Event("b", 95, 15)]
    found = of_events([first, second])
    assert found.time == {"loop": 60, "b": 20 + 15 + 15, "c": 5}
    assert found.launches == {"loop": 1, "b": 3, "c": 1}
    assert found.span == 110


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("jit(epoch)/while/jvp(vmap(MLP))/Dense_0/dot_general", "forward"),
        ("jit(epoch)/while/transpose(jvp(vmap(MLP)))/Dense_0/dot_general", "backward"),
        ("jit(epoch)/while/jvp(selection)/vmap()/sort", "selection"),
        ("jit(epoch)/while/transpose(jvp(selection))/mul", "backward"),
        ("jit(epoch)/evaluation/while/vmap(MLP)/Dense_0/dot_general", "evaluation"),
        ("jit(epoch)/while/optimizer/vmap()/add", "optimizer"),
        ("", "other"),
    ],
)
def test_the_part_of_a_step_follows_from_the_source(source, expected):
    assert part(source) == expected


@pytest.mark.slow
def test_a_training_is_profiled(monkeypatch, capsys):
    monkeypatch.setitem(epochs.WORK, "mlp", epochs.WORK["mlp"]._replace(train=512, test=128))
    monkeypatch.setattr("jnl.experiment.build._ON_CPU", 2**20)  # a training would cut the epoch
    assert main(["--runs", "2", "--axis", "map", "--rows", "3"]) == 0
    parts, operations = capsys.readouterr().out.split("\n\n")
    for name in ("forward", "backward", "selection", "optimizer", "metrics", "evaluation", "in no operation"):
        assert name in parts
    assert len(operations.splitlines()) == 1 + 3


def test_a_wrong_number_is_told():
    with pytest.raises(UserError, match="--runs: 0; give a whole number"):
        main(["--runs", "0"])
