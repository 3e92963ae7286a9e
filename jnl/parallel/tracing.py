"""What an epoch of one run needs, from tracing it: the shapes of its state, and its floating-point operations."""

from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jnl.core.train_state import TrainState
from jnl.data.dataset import Split
from jnl.parallel import flops
from jnl.support.errors import UserError
from jnl.training.epoch import train_epoch
from jnl.training.evaluation import predictor
from jnl.training.single_run import init_state
from jnl.training.spec import RunInputs, TrainSpec


class TracedEpoch(NamedTuple):
    """What tracing an epoch says."""

    state: TrainState  # the shapes and types of the arrays of one run
    operations: int  # of one run


def trace_epoch(spec: TrainSpec, train: Split, run: RunInputs, classes: int) -> TracedEpoch:
    """Trace an epoch of one run. If all its code is jnl's, an equal epoch is not traced again in this process.

    Args:
      spec: what is the same for all runs.
      train: the training set; only shapes and types matter, so that no memory-mapped file is read.
      run: one run; only shapes and types matter.
      classes: number of classes.

    Raises:
      UserError: the network does not fit the inputs, or does not return one logit for each example and class.
    """
    leaves, structure = jax.tree.flatten((train, run))
    shapes = tuple(jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves)
    return spec.cached(_trace)(spec, structure, shapes, classes)


@lru_cache(maxsize=32)
def _trace(
    spec: TrainSpec, structure: jax.tree_util.PyTreeDef, shapes: tuple[jax.ShapeDtypeStruct, ...], classes: int
) -> TracedEpoch:
    train, run = jax.tree.unflatten(structure, shapes)
    state = jax.eval_shape(partial(init_state, spec), train, run)
    _check_logits(spec, state, train.inputs, classes)
    return TracedEpoch(state, flops.count(partial(train_epoch, spec), train, run, state, jnp.int32(0)))


def _check_logits(spec: TrainSpec, state: TrainState, inputs: jax.ShapeDtypeStruct, classes: int) -> None:
    """Raise `UserError` unless the network returns one logit for each example and class."""
    batch = jax.ShapeDtypeStruct((2, *inputs.shape[1:]), inputs.dtype)
    logits, _ = jax.eval_shape(lambda state, batch: predictor(spec, state)(batch), state, batch)
    if logits.shape[1:] != (2, classes) or not jnp.issubdtype(logits.dtype, jnp.floating):
        raise UserError(
            f"model: for 2 inputs of {classes} classes the network returns {logits.dtype} {list(logits.shape[1:])}; it "
            f"must return logits float32 [2, {classes}]"
        )
