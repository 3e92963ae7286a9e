"""No input ends in a stack trace: whatever a config or file holds, it works, or one printable line says what is wrong.

Config values are checked by `build`, so nothing trains here.
"""

from functools import cache

import pytest
from conftest import ROOT, judge
from helpers.fuzz_values import values
from hypothesis import given
from hypothesis import strategies as st

from jnl import data, strategies
from jnl.cli._flags import parse
from jnl.experiment.build import build
from jnl.settings import config as settings
from jnl.settings.published import get_config
from jnl.support.errors import printable

# Configs

BASES = [
    {}, {"optim.schedule": "staircase", "optim.milestones": (1, 2)}, {"optim.schedule": "cosine"},
    {"noise.kind": "instance"}, {"data.validation": 0.2}, {"augment.crop": 6, "augment.pad": 1},
    {"data.balanced": True}, {"data.stream": "always"}, {"protocol.drop_last_test": True},
]  # fmt: skip
methods = st.sampled_from(strategies.names())
arguments = st.sampled_from(["quick", "quick,model=mlp", "quick,model=cnn_small"])


def leaves(fields, path=""):
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{path}{name}.")
        yield path + name


@cache
def fields(method, argument):
    return sorted(leaves(settings.complete(get_config(method, argument)).to_dict()))


@cache
def digits():
    return data.load("digits")


def load(name, dir=None, **options):
    return digits() if (name, dir, options) == ("digits", None, {}) else data.load(name, dir, **options)


def change(config, field, value):
    """Whatever the type."""
    *parents, leaf = field.split(".")
    for parent in parents:
        config = config[parent]
    with config.unlocked(), config.ignore_type():
        config[leaf] = value


@given(methods, arguments, st.sampled_from(BASES), values, st.data())
def test_any_field_may_hold_anything(method, argument, base, value, drawn):
    config = get_config(method, argument)
    field = drawn.draw(st.sampled_from(fields(method, argument)))
    try:
        for name, content in {**base, field: value}.items():
            change(config, name, content)
    except (TypeError, ValueError, AttributeError, OverflowError):
        return  # ml_collections does not even take it, so no config holds it
    judge(build, config, load)


@given(methods, arguments, st.data())
@pytest.mark.slow
def test_any_sweep_is_planned_or_told(method, argument, drawn):
    names = st.sampled_from(fields(method, argument)) | st.text(max_size=5)
    swept = st.tuples(names, st.lists(values, max_size=2).map(tuple) | values)
    config = get_config(method, argument)
    try:
        config.sweep = drawn.draw(st.lists(swept, max_size=2).map(tuple) | values)
    except ValueError:
        return
    for program_spec in judge(build, config, load) or []:
        assert all(run_info.point.title.isprintable() for run_info in program_spec.run_infos)


WORDS = [
    "--", "-", "--config", "--workdir", "--workdir=\0", "--noconfig.epochs", "--flagfile=/etc/passwd", "--flagfile",
    "--undefok=x", "--config.seeds=((((", "--config.sweep=" + "(" * 5000, "--config.sweep=" + "-" * 9000 + "1",
    "--config.seeds=" + "9" * 5000, "--config.seeds=0x" + "f" * 5000, "--config.epochs[3]=1", "--config.seeds[0]=1",
    "--config.noise.kind[0]=1", "--config.data[0]=1", "--config.=1", "--config=" + "x" * 300, "--config=\0",
]  # fmt: skip


@given(methods, st.data())
def test_any_command_line_is_read_or_told(method, drawn):
    names = st.sampled_from(fields(method, "quick,model=mlp"))
    written = st.text(max_size=8) | values.filter(lambda value: not isinstance(value, int) or value < 10**30)
    word = st.one_of(
        st.sampled_from(WORDS),
        st.text(max_size=10),
        st.builds(lambda name, value: f"--config.{name}={value}", names, written),
        st.builds(lambda name, index: f"--config.{name}[{index}]=1", names, st.integers() | st.text(max_size=3)),
    )
    pair = st.builds(
        lambda name, value: f"{name}={value}", st.sampled_from(["data", "noise", "rate", "model", "quick"]), written
    )
    argument = st.lists(pair | st.text(max_size=6), max_size=2).map(",".join)
    line = [f"--config={ROOT}/configs/{method}.py:{drawn.draw(argument)}", *drawn.draw(st.lists(word, max_size=3))]
    found = judge(parse, line)
    if found is not None:
        judge(build, found[0], load)


@given(st.text())
def test_what_is_printable_has_one_line_and_no_commands(text):
    shown = printable(text)
    assert shown.isprintable()
    assert shown == text or not text.isprintable()
