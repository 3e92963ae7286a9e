"""An epoch of jnl's own code is traced once in a process; code of the caller, which may change, is traced each time."""

import pytest
from conftest import quick

from jnl.experiment.build import build
from jnl.parallel.tracing import trace_epoch
from jnl.support.errors import UserError


@pytest.mark.parametrize("only_jnl_code", [True, False])
def test_an_equal_epoch_is_traced_again_only_if_its_code_may_have_changed(only_jnl_code):
    (one,), (other,) = (build(quick("standard", noise__seed=seed)) for seed in (1, 2))
    found = [
        trace_epoch(each.train_spec._replace(only_jnl_code=only_jnl_code), each.dataset.train, each.runs[0], 10)
        for each in (one, other)
    ]
    assert (found[0] is found[1]) is only_jnl_code
    assert found[0].operations == found[1].operations == one.operations > 0


def test_a_network_of_other_classes_is_refused():
    (program_spec,) = build(quick("standard"))
    with pytest.raises(UserError, match=r"it must return logits float32 \[2, 11\]"):
        trace_epoch(program_spec.train_spec, program_spec.dataset.train, program_spec.runs[0], 11)
