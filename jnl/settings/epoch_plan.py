"""The plans of a config, with one value for each epoch: forget rate, learning rate, beta1."""

from numbers import Real
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict

from jnl import data, noise
from jnl.ops import schedules
from jnl.ops.curves import rules
from jnl.support.errors import UserError, unknown, within

_MOST = 2**25  # largest number of entries in `EpochPlan.keep_counts`


class EpochPlan(NamedTuple):
    """The values that change from epoch to epoch."""

    keep_counts: jax.Array  # i32[E, B + 1] how many of n examples are kept, for n = 0..B
    learning_rate: jax.Array  # f32[E]
    beta1: jax.Array  # f32[E]


def epoch_plan(config: ConfigDict, restart: int) -> EpochPlan:
    """Return the plans of a config.

    Args:
      config: a complete config.
      restart: number of epochs before the networks start again. The plans begin with these epochs, then start again.

    Raises:
      UserError: if a value is out of range.
    """
    epochs, optim, strategy, protocol = config.epochs, config.optim, config.strategy, config.protocol
    if not 0 <= protocol.first_epoch < epochs:
        raise UserError(
            f"config.epochs: {epochs} leaves no epoch after protocol.first_epoch={protocol.first_epoch}; give more"
        )
    if config.batch_size < 1:
        raise UserError(f"config.batch_size: {config.batch_size}; give at least 1, the published value is 128")
    if (restart + epochs) * (config.batch_size + 1) > _MOST:
        raise UserError(
            f"config.epochs: {restart + epochs:,} epochs of batches of {config.batch_size:,} are too many to plan; "
            f"their product may be at most {_MOST:,}; use less"
        )
    if protocol.max_steps < 0:
        raise UserError(f"protocol.max_steps: {protocol.max_steps} is negative; 0 means no limit")
    check_rule("protocol.checkpoint", protocol.checkpoint, config.data.validation)
    if not 0 < optim.learning_rate < float(np.finfo(np.float32).max):
        raise UserError(f"optim.learning_rate: {optim.learning_rate} is not positive and finite; published: 0.001")
    if optim.decay_start < 0:
        raise UserError(f"optim.decay_start: {optim.decay_start} is negative; the published epoch is 80")
    for name in ("beta1", "beta1_after"):
        if not 0 <= optim[name] < 1:
            raise UserError(f"optim.{name}: {optim[name]} is outside [0, 1); published values are 0.9, then 0.1")
    forget = np.zeros(epochs)
    if "forget_rate" in strategy:
        rate = noise_rate(config) if strategy.forget_rate is None else strategy.forget_rate
        check_rate("strategy.forget_rate", rate)
        forget = schedules.forget_rate(rate, epochs, strategy.ramp_epochs, strategy.exponent, strategy.forget_schedule)
    switch = optim.decay_start if optim.schedule == "linear" else epochs
    every = (
        schedules.keep_counts(forget, config.batch_size),
        _learning_rate(optim, epochs),
        schedules.beta1(optim.beta1, optim.beta1_after, epochs, switch),
    )
    again = np.concatenate([np.arange(restart) % epochs, np.arange(epochs)])
    return EpochPlan(*(jnp.asarray(plan[again]) for plan in every))


def check_rule(field: str, chosen: str, validation: float) -> None:
    """Raise `UserError` if a rule does not exist, or if it needs held-out labels that are missing.

    Args:
      field: the field that names the rule.
      chosen: its value.
      validation: share of the training set that is held out.
    """
    known = rules()
    if chosen not in ["last", *known]:
        raise unknown(field, chosen, ["last", *known])
    if chosen != "last" and known[chosen].criterion.startswith("validation") and not validation:
        raise UserError(f"{field}: {chosen} needs labels that are held out; set data.validation to 0.1")


def check_result_epoch(chosen: str, has_test_set: bool) -> None:
    """Raise `UserError` if the rule `protocol.checkpoint` needs a test set that the data do not have."""
    known = rules()
    if chosen in known and known[chosen].criterion.startswith("validation") and not has_test_set:
        raise UserError(
            f"protocol.checkpoint: {chosen} chooses the epoch that is reported on the test set, but there is no test "
            "set; use last"
        )


def check_rate(field: str, rate: object) -> None:
    """Raise `UserError` if a rate is not a number."""
    if isinstance(rate, bool) or not isinstance(rate, Real):
        raise UserError(f"{field}: {rate!r}; give the share of wrong labels, or auto to estimate it")


def noise_rate(config: ConfigDict) -> float:
    """Return the value of a strategy's forget rate and noise rate if they are not set.

    It is the nominal rate of the noise. For labels that are noisy already, it is the user's estimate, `noise.rate`.
    """
    if config.noise.kind == "none" and data.noisy_already(config.data.name):
        return float(config.noise.rate)
    return noise.assumed_rate(config.noise.kind, config.noise.rate, config.noise.file)


def _learning_rate(optim: ConfigDict, epochs: int) -> np.ndarray:
    """Return the learning rate of each epoch: f32[E]. Raise `UserError` if a value is out of range."""
    if optim.schedule == "linear":
        return schedules.linear(optim.learning_rate, epochs, optim.decay_start)
    if optim.schedule == "staircase":
        many = isinstance(optim.milestones, tuple | list)
        if not many or not all(isinstance(epoch, int) and not isinstance(epoch, bool) for epoch in optim.milestones):
            raise UserError(f"optim.milestones: {optim.milestones!r}; give epochs, such as (40, 80)")
        each = optim.decay if isinstance(optim.decay, tuple | list) else [optim.decay] * len(optim.milestones)
        right = all(isinstance(factor, int | float) and 0 <= factor <= 1 for factor in each)
        if not right or len(each) != len(optim.milestones):
            raise UserError(
                f"optim.decay: {optim.decay!r}; give a factor such as 0.1, or a tuple of one for each milestone"
            )
        return schedules.staircase(optim.learning_rate, epochs, optim.milestones, optim.decay)
    if optim.schedule == "cosine":
        if optim.cycle < 0:
            raise UserError(f"optim.cycle: {optim.cycle} is negative; 0 means one cycle over all epochs")
        within("optim.min_learning_rate", optim.min_learning_rate, 0, optim.learning_rate, "give the rate at the end")
        return schedules.cosine(optim.learning_rate, epochs, optim.cycle or epochs, optim.min_learning_rate)
    raise unknown("optim.schedule", optim.schedule, ["cosine", "linear", "staircase"])
