"""Schedules over epochs: forget rate, keep counts, learning rate, Adam's beta1. The host computes them in float64."""

from collections.abc import Sequence

import numpy as np

from jnl.support.errors import UserError, check_shape, unknown, whole_number

__all__ = ["KINDS", "beta1", "cosine", "forget_rate", "keep_counts", "linear", "staircase"]

KINDS = ["paper", "reference"]


def __dir__() -> list[str]:
    return __all__


def forget_rate(
    rate: float, epochs: int, ramp_epochs: int = 10, exponent: float = 1.0, kind: str = "paper"
) -> np.ndarray:
    """Return the share of each batch that does not train, for each epoch.

    The kinds:

    - `paper`: f(e) = rate * min(e^exponent / ramp_epochs, 1) (Co-teaching, Han et al. 2018, algorithm 1).
    - `reference`, as in the published code: linspace(0, rate^exponent, ramp_epochs), then `rate`. It reaches `rate` one
      epoch earlier than `paper`, and jumps at the end of the ramp unless the exponent is 1.

    Args:
      rate: final share, 0 to 1.
      epochs: E.
      ramp_epochs: number of epochs of the ramp, at least 1.
      exponent: exponent of the ramp, above 0.
      kind: a name in `KINDS`.

    Returns:
      f64[E].

    Raises:
      UserError: the rate, a number of epochs or the exponent is out of range, or the kind is unknown.
    """
    whole_number("epochs", epochs, 1)
    if not 0 <= rate <= 1:
        raise UserError(
            f"strategy.forget_rate: {rate} is outside [0, 1]; give the share of labels expected to be wrong"
        )
    if ramp_epochs < 1:
        raise UserError(f"strategy.ramp_epochs: {ramp_epochs} is below 1; 1 reaches the rate after the first epoch")
    if not 0 < exponent < np.inf:
        raise UserError(f"strategy.exponent: {exponent} is not positive; the published value is 1")
    if kind == "paper":
        with np.errstate(over="ignore"):  # an infinite power is harmless, because the minimum with 1 follows
            return rate * np.minimum(np.arange(epochs) ** exponent / ramp_epochs, 1.0)
    if kind == "reference":
        plan = np.full(epochs, float(rate))
        plan[:ramp_epochs] = np.linspace(0, rate**exponent, ramp_epochs)[:epochs]
        return plan
    raise unknown("strategy.forget_schedule", kind, KINDS)


def keep_counts(forget: np.ndarray, batch_size: int) -> np.ndarray:
    """Return int((1 - f) * n), the number of n examples that train, for n = 0..B: f64[E] -> i32[E, B + 1].

    The host computes it, because float32 in a compiled program gives other counts than the published Python code.

    Raises:
      UserError: a share is outside [0, 1], the shares are not a list, or the batch has no example.
    """
    whole_number("batch_size", batch_size, 1)
    forget = np.asarray(forget, np.float64)
    check_shape("forget_rate", forget.shape, "[E]")
    if not ((0 <= forget) & (forget <= 1)).all():
        raise UserError(f"forget_rate: {forget} has shares outside [0, 1]; give shares such as 0.2")
    return ((1.0 - forget)[:, None] * np.arange(batch_size + 1)).astype(np.int32)


def linear(base: float, epochs: int, decay_start: int) -> np.ndarray:
    """Return a learning rate that falls linearly, as in all co-teaching papers.

    Args:
      base: learning rate until `decay_start`.
      epochs: E; the rate falls towards 0 at this epoch.
      decay_start: epoch in which the rate begins to fall.

    Returns:
      f32[E].
    """
    left = (epochs - np.arange(epochs)) / max(epochs - decay_start, 1)
    return (base * np.minimum(left, 1.0)).astype(np.float32)


def staircase(base: float, epochs: int, milestones: Sequence[int], factor: float | Sequence[float]) -> np.ndarray:
    """Return a learning rate that changes by a factor at each milestone.

    Args:
      base: learning rate before the first milestone.
      epochs: E.
      milestones: epochs from which on the rate is multiplied.
      factor: one factor for all milestones, or one for each.

    Returns:
      f32[E].

    Raises:
      UserError: there are several factors, but not one for each milestone.
    """
    if np.shape(factor) not in ((), (1,), np.shape(milestones)):
        raise UserError(
            f"factor: {np.size(factor)} factors for {len(milestones)} milestones; give one factor, or one for each"
        )
    passed = np.arange(epochs)[:, None] >= np.array(milestones, int)
    return (base * np.where(passed, factor, 1.0).prod(1)).astype(np.float32)


def cosine(base: float, epochs: int, cycle: int, minimum: float) -> np.ndarray:
    """Return a learning rate that follows half a cosine in each cycle (SGDR, Loshchilov & Hutter 2017).

    Args:
      base: learning rate at the start of each cycle.
      epochs: E.
      cycle: number of epochs in a cycle.
      minimum: learning rate at the end of a cycle, which the last epoch of a cycle does not quite reach.

    Returns:
      f32[E].

    Raises:
      UserError: the cycle has no epoch.
    """
    whole_number("cycle", cycle, 1)
    phase = np.arange(epochs) % cycle / cycle
    return (minimum + (base - minimum) / 2 * (1 + np.cos(np.pi * phase))).astype(np.float32)


def beta1(before: float, after: float, epochs: int, decay_start: int) -> np.ndarray:
    """Return Adam's beta1 for each epoch: -> f32[E].

    It is `before` until the epoch `decay_start`, and `after` from then on (published code: 0.9, then 0.1).
    """
    return np.where(np.arange(epochs) < decay_start, before, after).astype(np.float32)
