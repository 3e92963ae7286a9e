"""The records that cross files.

Axes, the same letters everywhere: S runs, K networks, G loss rows, B batch, N examples, C classes, E epochs.
All code is written for one run; only `jnl/runs.py` knows the S axis.
"""

from collections.abc import Callable
from typing import NamedTuple

from jax import Array

Json = (
    None | bool | int | float | str | list["Json"] | tuple["Json", ...] | dict[str, "Json"]
)  # what a result file can hold


class Split(NamedTuple):
    """One part of a data set, on the device."""

    inputs: Array  # u8[N, H, W, channels] images or f32[N, D] features
    labels: Array  # i32[N] what training sees; the same as `clean` until noise is added
    clean: Array  # i32[N] the truth, or -1 where nobody knows it; only metrics may read it


class Dataset(NamedTuple):
    """A data set; the index of an example is its row, in the order of the original files."""

    train: Split
    test: Split
    class_names: tuple[str, ...]


class Context(NamedTuple):
    """All that a strategy may know besides logits and labels."""

    epoch: Array  # i32[]
    batch: Array  # i32[] position of the batch in its epoch
    keep: Array  # i32[B + 1] how many of n examples to keep in this epoch, for n = 0..B
    index: Array  # type: ignore[assignment]  # i32[B] which examples these are


class Selection(NamedTuple):
    """What a strategy answers: a masked per-example loss. G = K where each network has its own loss, G = 1 if joint."""

    loss: Array  # f32[G, B]
    mask: Array  # bool[G, B] which examples train row g
    count: Array  # type: ignore[assignment]  # f32[G] what each row's masked sum is divided by


class Strategy(NamedTuple):
    """One method: how many networks it trains and which examples train them."""

    num_nets: int
    select: Callable[[Array, Array, Context], Selection]  # (logits f32[K, B, C], labels i32[B], Context)
    forgets: bool = False  # it reads `Context.keep`, so a forget rate matters to it


class Run(NamedTuple):
    """What may differ between the runs of one program: arrays only, so that a runs axis can be put before them."""

    seed: Array  # u32[] the root of all randomness of the run: initial weights, data order, dropout
    labels: Array  # i32[N] noisy labels
    train_index: Array  # i32[N_train] rows that train
    validation_index: Array  # i32[N_validation] rows held out, noisy as they are
    keep: Array  # i32[E, B + 1] keep-count table
    learning_rate: Array  # f32[E]
    beta1: Array  # f32[E]
    hyper: dict[str, Array]  # the strategy's number hyper-values, f32[]
