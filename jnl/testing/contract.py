"""The contract that every strategy keeps. The strategies of jnl pass the same checks."""

from jnl.core.strategy import Strategy, no_select
from jnl.support import registry
from jnl.support.errors import UserError, whole_number
from jnl.support.numerics import fixed_numerics
from jnl.support.tracing_errors import TRACING_ERRORS, explained
from jnl.testing._hyper_values import BATCH, MakeStrategy, divided
from jnl.testing.selection import OF_SELECTION, ask
from jnl.testing.step import check_step, check_suspects


@fixed_numerics()
def check_strategy(make: MakeStrategy, *, together: int = 1, **hyper: registry.Value) -> None:
    """Raise `AssertionError` with the part of the contract that a method breaks.

    The selection of a method is compared for one batch in several situations: permuted, with the networks swapped, with
    other forget rates, under `jax.jit` and `jax.vmap`. A method with `custom_step` takes steps in three epochs. One
    with `suspects` lists the labels that it takes for wrong after 20 steps; the list may be empty.

    Args:
      make: the function that returns the `Strategy`; each argument has a default.
      together: the number of neighboring examples that the method looks at together, such as bags of 8.
      **hyper: hyperparameters that replace the defaults.

    Raises:
      AssertionError: if the method breaks a part of the contract.
      UserError: if a hyperparameter is out of its range, `num_nets` is below 1, `select` returns no `Selection`,
        weights as its mask, a wrong shape or a memory of other types, or `together` does not divide the batch of 16
        examples.

    Example:
      >>> from jnl.testing import check_strategy
      >>> from jnl.strategies.jocor import jocor
      >>> check_strategy(jocor, co_lambda=0.5)
    """
    try:
        _check(make, together, hyper)
    except TRACING_ERRORS as error:
        raise AssertionError(explained(error)) from error


def _check(make: MakeStrategy, together: int, hyper: dict[str, registry.Value]) -> None:
    if BATCH % whole_number("together", together, 1):
        raise UserError(f"together: {together}; give a number that divides the {BATCH} examples of the batch")
    traced, static = divided(registry.keywords(make) | hyper)
    made = make(**dict(static), **traced)
    name = getattr(make, "__qualname__", repr(make))
    strategy = registry.made(made, Strategy, name, "strategy")
    whole_number(f"num_nets of {name!r}", strategy.num_nets, 1)
    selects = strategy.select not in (None, no_select)
    assert selects or strategy.custom_step, "the strategy has neither `select` nor `custom_step`; give one"
    if strategy.custom_step:
        check_step(make, hyper)
    if selects:
        answers = ask(make, hyper, together)
        for check in OF_SELECTION:
            check(answers)
    if strategy.suspects:
        check_suspects(make, hyper)
