"""The contract that every strategy keeps; a new file in strategies/ is tested by being there."""

import inspect
from functools import cache

import pytest
from conftest import slow_but
from helpers import of_others
from helpers.hyper_values import hyper_values

from jnl import strategies
from jnl.core.strategy import no_select
from jnl.support.errors import UserError
from jnl.testing import check_strategy, selection, step

SMALL = {"iterative_open_set": {"neighbors": 5}}


def others(name):
    """The hyperparameters that are tested beside the defaults, one at a time."""
    defaults = strategies.hypers(name)
    return [{hyper: value} for hyper in defaults for value in hyper_values(name, hyper) if value != defaults[hyper]]


CASES = [
    pytest.param(
        (name, hyper),
        id="-".join([name, *(f"{key}={value}" for key, value in hyper.items())]),
        marks=[pytest.mark.slow] if hyper else [],  # the defaults alone are part of the default suite
    )
    for name in strategies.names()
    for hyper in [{}, *others(name)]
]
MASKED_LOSS = [case for case in CASES if strategies.make(case.values[0][0]).select is not no_select]
SUSPECTING = [case for case in CASES if strategies.make(case.values[0][0], **case.values[0][1]).suspects]
OWN_STEP = [
    case
    for case in CASES
    if strategies.make(case.values[0][0]).custom_step
    and case.values[0] != ("dividemix", {"warmup_epochs": 9})  # its epochs 0 to 5 are those of the default
]


@cache
def factory(name):
    return strategies.registry.function(strategies, name, "strategy.name")


@pytest.fixture(scope="module", params=MASKED_LOSS)
def case(request):
    name, hyper = request.param
    return name, hyper, answers(name, hyper, alone=False)


def answers(name, hyper, alone):
    together = hyper.get("bag_size", 8) if name == "buckets" else 1
    return selection.ask(factory(name), SMALL.get(name, {}) | hyper, together, alone)


AMONG_OTHERS = [check for check in selection.OF_SELECTION if check is not selection.check_jit_and_vmap]


@pytest.mark.parametrize("check", AMONG_OTHERS, ids=lambda check: check.__name__)
def test_a_selection(check, case):
    name, hyper, said = case
    if check is selection.check_nothing_kept and (name, hyper) == ("coteaching_plus", {"reference": True}):
        pytest.skip("its published code trains on some even then")
    check(said)


@pytest.mark.parametrize(
    "name", slow_but("jocor", [name for name in strategies.names() if strategies.make(name).select is not no_select])
)
def test_a_selection_alone_and_among_others(name):
    selection.check_jit_and_vmap(answers(name, {}, alone=True))


@pytest.mark.parametrize("case", SUSPECTING)
def test_what_it_takes_for_wrong(case):
    name, hyper = case
    assert step.check_suspects(factory(name), SMALL.get(name, {}) | hyper).wrong.any()


@pytest.mark.slow
@pytest.mark.parametrize("case", OWN_STEP)
def test_a_step_of_its_own(case):
    name, hyper = case
    step.check_step(factory(name), SMALL.get(name, {}) | hyper, compare=not hyper)


class TestMethodsOfUsers:
    """`jnl.testing.check_strategy` in a test of a user."""

    def test_a_good_one(self):
        check_strategy(of_others.weighted, weight=2.0)

    def test_a_denominator_may_be_a_sum_of_weights(self):
        """Its last bit depends on the order of the sum."""
        check_strategy(of_others.normalized)

    @pytest.mark.parametrize(
        ("method", "message"),
        [
            (of_others.trains_on_everything, "examples train that the mask leaves out"),
            (of_others.says_nothing_about_forgetting, "the mask depends on keep_counts; set it to True"),
            (of_others.prefers_the_first_network, "the networks are not treated alike"),
            (of_others.asks_a_hyperparameter, "an `if`, .* depends on .*; use jnp.where"),
            (of_others.indexes_with_a_mask, "an array is indexed with a mask"),
            (of_others.converts_a_loss, r"an `if`, float\(\), int\(\) or the size of an array"),
            (of_others.trains_nothing, "the strategy has neither `select` nor `custom_step`; give one"),
            (
                of_others.counts_in_whole_numbers,
                "the types of loss, mask and denominator are float32, bool, int32, not float32, bool, float32",
            ),
        ],
    )
    def test_what_breaks_the_contract_is_said(self, method, message):
        with pytest.raises(AssertionError, match=message):
            check_strategy(method)

    def test_three_networks(self):
        check_strategy(of_others.in_a_ring)

    def test_the_networks_of_an_own_step_may_share_a_loss(self):
        check_strategy(of_others.shares_a_row)

    def test_the_evidence_may_be_learned_in_the_steps(self):
        check_strategy(of_others.self_adaptive)
        check_strategy(of_others.self_adaptive, momentum=1.0)  # the targets never change, so no label is suspect

    def test_a_method_without_networks_is_refused(self):
        said = "num_nets of '.*without_networks': 0; give a whole number of at least 1"
        with pytest.raises(UserError, match=said):
            check_strategy(of_others.without_networks)
        with pytest.raises(UserError, match=said):
            strategies.make("helpers.of_others:without_networks")

    @pytest.mark.parametrize("method", [of_others.changes_a_type, of_others.loses_an_array])
    def test_a_memory_that_changes_is_refused(self, method):
        with pytest.raises(UserError, match="returned the memory {'seen': .*}, but before it was {'"):
            check_strategy(method)

    def test_groups_of_examples_must_fit_into_the_batch(self):
        with pytest.raises(UserError, match="together: 3; give a number that divides the 16 examples"):
            check_strategy(of_others.weighted, together=3)

    def test_a_metric_is_no_strategy(self):
        with pytest.raises(UserError, match="strategy: 'confidence' returns Metric, not a Strategy"):
            check_strategy(of_others.confidence)

    def test_the_mean_loss_is_refused(self):
        with pytest.raises(UserError, match=r"masked_mean: the loss has the shape \[\]; give \[G, B\], one value"):
            check_strategy(of_others.averages)

    def test_the_loss_alone_is_no_selection(self):
        with pytest.raises(UserError, match=r"it returned an array of shape \(1, \d+\)"):
            check_strategy(of_others.returns_the_loss)


@pytest.mark.parametrize("name", strategies.names())
def test_documented_and_small(name):
    module = inspect.getmodule(strategies.registry.find(strategies, name, "strategy.name").__dict__[name])
    assert module.__doc__
    own_step = strategies.make(name).custom_step is not None
    assert len(inspect.getsource(module).splitlines()) <= (160 if own_step else 65)
    assert strategies.make(name).num_nets in (1, 2)


def test_wrong_names_list_the_right_ones():
    with pytest.raises(UserError, match="did you mean 'jocor'"):
        strategies.make("jocorr")
    with pytest.raises(UserError, match="strategy.co_lamda.*did you mean 'co_lambda'"):
        strategies.make("jocor", co_lamda=0.5)
    with pytest.raises(UserError, match="co_lambda: 1.5 is outside"):
        strategies.make("jocor", co_lambda=1.5)
    with pytest.raises(UserError, match="warmup_epochs: -1"):
        strategies.make("coteaching_plus", warmup_epochs=-1)
