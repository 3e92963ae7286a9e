"""Plans over epochs, made on the host in float64: forget rate, keep counts, learning rate, Adam's beta1."""

from collections.abc import Sequence

import numpy as np

from jnl.core.errors import UserError, unknown

KINDS = ["paper", "reference"]


def forget_rate(
    rate: float, epochs: int, ramp_epochs: int = 10, exponent: float = 1.0, kind: str = "reference"
) -> np.ndarray:
    """Share of each batch that is not trained on, per epoch: -> float64[epochs].

    `paper`: f(e) = rate * min(e^exponent / ramp_epochs, 1) (Co-teaching, Han et al. 2018, algorithm 1).
    `reference`: the published code's linspace(0, rate^exponent, ramp_epochs), then `rate`: it reaches `rate` one epoch
    earlier, and jumps at the end of the ramp unless exponent = 1.

    Raises:
      UserError: rate outside [0, 1], ramp_epochs < 1, exponent <= 0 or an unknown kind.
    """
    if not 0 <= rate <= 1:
        raise UserError(
            f"strategy.forget_rate: {rate} is outside [0, 1]; give the share of labels expected to be wrong"
        )
    if ramp_epochs < 1:
        raise UserError(f"strategy.ramp_epochs: {ramp_epochs} is below 1; use 1 for no ramp")
    if not 0 < exponent < np.inf:
        raise UserError(f"strategy.exponent: {exponent} is not positive; the published value is 1")
    if kind == "paper":
        with np.errstate(over="ignore"):  # the ramp ends at 1
            return rate * np.minimum(np.arange(epochs) ** exponent / ramp_epochs, 1.0)
    if kind == "reference":
        plan = np.full(epochs, float(rate))
        plan[:ramp_epochs] = np.linspace(0, rate**exponent, ramp_epochs)[:epochs]
        return plan
    raise unknown("strategy.forget_schedule", kind, KINDS)


def keep_counts(forget: np.ndarray, batch_size: int) -> np.ndarray:
    """int((1 - f) * n) for n = 0..batch_size: float64[E] -> int32[E, B + 1].

    On the host because float32 inside a compiled program gives other counts than the published Python code.
    """
    return ((1.0 - forget)[:, None] * np.arange(batch_size + 1)).astype(np.int32)


def linear(base: float, epochs: int, decay_start: int) -> np.ndarray:
    """`base` until `decay_start`, then linearly towards 0 at `epochs` (all co-teaching papers): -> float32[epochs]."""
    left = (epochs - np.arange(epochs)) / max(epochs - decay_start, 1)
    return (base * np.minimum(left, 1.0)).astype(np.float32)


def staircase(base: float, epochs: int, milestones: Sequence[int], factor: float | Sequence[float]) -> np.ndarray:
    """`base`, times `factor` (or one for each) from each of the milestones on: -> float32[epochs]."""
    passed = np.arange(epochs)[:, None] >= np.array(milestones, int)
    return (base * np.where(passed, factor, 1.0).prod(1)).astype(np.float32)


def cosine(base: float, epochs: int, cycle: int, minimum: float) -> np.ndarray:
    """Half a cosine from `base` to `minimum` every `cycle` epochs (SGDR, Loshchilov & Hutter 2017): float32[epochs]."""
    phase = np.arange(epochs) % cycle / cycle
    return (minimum + (base - minimum) / 2 * (1 + np.cos(np.pi * phase))).astype(np.float32)


def beta1(before: float, after: float, epochs: int, decay_start: int) -> np.ndarray:
    """Adam's beta1: `before` until `decay_start`, then `after` (published code: 0.9, then 0.1): -> float32[epochs]."""
    return np.where(np.arange(epochs) < decay_start, before, after).astype(np.float32)
