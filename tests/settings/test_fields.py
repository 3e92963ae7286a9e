"""The roles of the fields of a config: each list names fields that exist, and everything else changes the training."""

import pytest

from jnl import data, strategies
from jnl.settings import fields
from jnl.settings.config import default
from jnl.settings.fields import OnResume, Role, role
from jnl.support.json_values import leaves

FIELDS = {name for strategy in strategies.names() for name, _ in leaves(default(strategy).to_dict())}
FIELDS |= {f"data.{option}" for source in data.names() for option in data.options(source)}


@pytest.mark.parametrize("field", [*fields._ROLES, *fields.DATA_VARIANTS, *fields.FROM_NOISE_RATE])
def test_a_field_with_a_role_exists(field):
    assert field in FIELDS or any(name.startswith(f"{field}.") for name in FIELDS)


def test_a_field_without_an_entry_changes_the_training():
    assert role("optim.learning_rate") == Role(OnResume.REFUSE, separates=True, listed=True)


@pytest.mark.parametrize(
    ("field", "on_resume"),
    [
        ("noise.rate", OnResume.REFUSE),
        ("seeds", OnResume.REFUSE),
        ("checkpoint.segment", OnResume.REFUSE),
        ("runs_axis", OnResume.WARN),
        ("data.dir", OnResume.ACCEPT),
        ("checkpoint.keep", OnResume.ACCEPT),
    ],
)
def test_what_a_resume_does_with_another_value(field, on_resume):
    assert role(field).on_resume is on_resume


def test_seeds_and_placement_do_not_keep_runs_apart_in_a_report():
    assert not any(role(field).separates for field in ("seeds", "noise.seed", "runs_axis", "data.dir"))


@pytest.mark.parametrize("section", fields.SHARED)
def test_no_plug_in_has_an_option_of_the_name_of_a_shared_field(section):
    options = {
        "data": [data.options(name) for name in data.names()],
        "strategy": [strategies.hypers(name) for name in strategies.names()],
        "model": [],
    }[section]
    assert not set(fields.SHARED[section]) & {name for each in options for name in each}
