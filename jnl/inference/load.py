"""Load a trained model from a workdir."""

import json
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from jnl import models
from jnl.core.network import Tree
from jnl.inference.description import ModelDescription, ProgramDescription, network_digest
from jnl.inference.trained_model import Program, TrainedModel
from jnl.results.checkpoint import SELECTED, latest, named_arrays
from jnl.results.files import CHECKPOINTS, MODEL, SUMMARY
from jnl.support.errors import UserError, reason
from jnl.support.foreign import is_foreign
from jnl.support.numerics import fixed_numerics
from jnl.support.paths import expanded

_log = logging.getLogger(__name__)


@fixed_numerics()
def load(
    workdir: str | os.PathLike[str], *, model: nn.Module | Callable[..., object] | str | None = None
) -> TrainedModel:
    """Return the trained model of a workdir.

    No code of the workdir runs: its files only name a network of jnl, and hold numbers. If `model` is another network
    than the one that was trained, although its weights have the same shapes, a warning says it.

    Args:
      workdir: the folder of a training. If the training has not finished, the newest checkpoint is loaded.
      model: the network, if the training had one of the caller (`jnl.run(config, model=...)`). If its config named the
        network, such as `my_package.my_module:MyModule`, this name, which allows jnl to import it.

    Raises:
      UserError: if the folder has no model, its files are damaged, or the weights do not fit the network.

    Example:
      >>> import jnl, tempfile
      >>> workdir = tempfile.mkdtemp()
      >>> history = jnl.run(jnl.get_config("jocor", "quick"), workdir)
      >>> digits = jnl.data.load("digits").test
      >>> jnl.load(workdir).predict_proba(digits.inputs).shape
      (355, 10)
    """
    path = expanded(workdir)
    description = _description(path)
    own = model if model is None or isinstance(model, str) else models.wrap(model)
    found = [
        _program(path / CHECKPOINTS / str(number), program, description, own)
        for number, program in enumerate(description.programs)
    ]
    programs = tuple(program for program in found if program is not None)
    if not programs:
        raise UserError(f"workdir: {path} holds no checkpoint that can be read, so there are no weights to load")
    if not (path / SUMMARY).exists():
        _log.warning("the training in %s has not finished; this is its newest checkpoint", path)
    if len(programs) < len(found):
        _log.warning(
            "%d of %d programs in %s have no checkpoint, so their points are not loaded",
            len(found) - len(programs), len(found), path,
        )  # fmt: skip
    return TrainedModel(programs, description.class_names, description.preparation)


def _description(path: Path) -> ModelDescription:
    file = path / MODEL
    try:
        return ModelDescription.from_json(json.loads(file.read_text("utf-8")))
    except FileNotFoundError as error:
        raise UserError(
            f"workdir: {path} has no {MODEL}; give the folder of a training by this version of jnl"
        ) from error
    except (OSError, UserError, TypeError, KeyError, ValueError, RecursionError) as error:
        raise UserError(f"workdir: {file} cannot be used ({reason(error)}); train again, or restore it") from error


def _program(
    folder: Path, program: ProgramDescription, whole: ModelDescription, own: models.ModuleNetwork | str | None
) -> Program | None:
    """Return the trained runs of one program, or None if it has no checkpoint."""
    made = own if isinstance(own, models.ModuleNetwork) else _network(program, len(whole.class_names), own)
    network = replace(made, precision=program.precision)
    checkpoint = latest(folder)
    if checkpoint is None:
        return None
    dtype = whole.preparation.dtype
    sample = jax.eval_shape(
        program.augment.evaluate, jax.ShapeDtypeStruct((2, *whole.preparation.shape), jnp.dtype(dtype))
    )
    if own is not None and _trained_digest(program, whole, sample) not in (None, network_digest(network, sample)):
        _log.warning(
            "model: this is another network than the one that was trained in %s, or another version of JAX or Flax; if "
            "only the versions differ, its predictions are right", folder,
        )  # fmt: skip
    expected = jax.eval_shape(network.init, jax.random.key(0), sample)
    number = (len(program.runs), program.networks)
    selected = f"{SELECTED}epochs" in checkpoint.arrays
    restore = partial(_restored, checkpoint.arrays, number, folder, SELECTED if selected else "states/")
    params, batch_stats = restore("params", expected[0]), restore("batch_stats", expected[1])
    failed = checkpoint.arrays.get("states/failed")
    if failed is None or failed.shape != number[:1] or len(program.points) != number[0]:
        raise UserError(f"workdir: the checkpoint in {folder} does not fit {MODEL}; train again, or restore both")
    return Program(network, program.augment, program.runs, program.points, params, batch_stats, failed)


def _trained_digest(program: ProgramDescription, whole: ModelDescription, sample: jax.ShapeDtypeStruct) -> str | None:
    """Return the digest of the network that was trained, or None if it was one of another version of jnl."""
    if program.network_digest is not None or not models.is_of_jnl(program.network):
        return program.network_digest
    made = replace(_network(program, len(whole.class_names), None), precision=program.precision)
    return network_digest(made, sample)


def _network(program: ProgramDescription, classes: int, allowed: str | None) -> models.ModuleNetwork:
    """Return a network by its name. Raise `UserError` if it is neither one of jnl nor the one that is allowed."""
    if allowed not in (None, program.network) and models.is_of_jnl(program.network):
        raise UserError(f"model: {allowed!r}, but the training had the network {program.network!r}; leave `model` out")
    if program.network != allowed and not models.is_of_jnl(program.network):
        how = "in Python by jnl.load(workdir, model=MyModule(...)); a command cannot take it"
        if is_foreign(program.network):
            how = (
                f"by jnl.load(workdir, model={program.network!r}) or --model={program.network}, if you trust this code"
            )
        raise UserError(
            f"model: jnl does not have {program.network!r}, the network of this training; give the same one {how}"
        )
    return models.wrap(models.make(program.network, classes, **program.options))


def _restored(
    arrays: dict[str, np.ndarray], number: tuple[int, int], folder: Path, start: str, name: str, expected: Tree
) -> Tree:
    """Return the arrays of a tree, [S, K, ...]. Raise `UserError` unless each has the expected shape."""

    def one(key: str, leaf: np.ndarray) -> np.ndarray:
        array = arrays.get(key)
        if array is None or array.shape != (*number, *leaf.shape):
            found = "nothing" if array is None else list(array.shape)
            raise UserError(
                f"model: the checkpoint in {folder} has {found} for {key}, and the network needs "
                f"{[*number, *leaf.shape]}; give the network that was trained"
            )
        return array

    found = [one(key, leaf) for key, leaf in named_arrays(expected, f"{start}{name}/")]
    return jax.tree.unflatten(jax.tree.structure(expected), found)
