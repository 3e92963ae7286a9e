"""Export a trained model to files that work without jnl: a program in StableHLO, and the weights."""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
from jax import Array

from jnl.data.preparation import Preparation
from jnl.inference.export_readme import CLASSES, PLATFORMS, PROGRAM, README, WEIGHTS, WORDS, readme, too_fine
from jnl.inference.trained_model import Chosen, TrainedModel, probabilities
from jnl.models import portable
from jnl.results.checkpoint import named_arrays
from jnl.support.errors import UserError, reason
from jnl.support.numerics import fixed_numerics
from jnl.support.paths import PART, check_own


@fixed_numerics()
def export(
    model: TrainedModel,
    out: Path,
    *,
    point: str | None = None,
    run: int | None = None,
    network: int | None = None,
) -> list[Path]:
    """Write the program, the weights, the names of the classes and a README; for texts also the words.

    Args:
      model: the trained model.
      out: the folder to write: a new or empty one, or one with an earlier export.
      point: see `TrainedModel.predict_proba`.
      run: see `TrainedModel.predict_proba`.
      network: see `TrainedModel.predict_proba`.

    Returns:
      The files.

    Raises:
      UserError: if there is no such point, run or network, or the files cannot be written, or the folder holds others.
    """
    check_own(out, PROGRAM, "export")
    chosen, form = model.chosen(point, run, network), model.preparation
    networks = sum(len(jax.tree.leaves(one.params)[0]) for one in chosen)
    content = {
        PROGRAM: _program(chosen, form),
        WEIGHTS: _weights(chosen),
        CLASSES: (json.dumps(model.class_names) + "\n").encode(),
        README: readme(form, len(model.class_names), networks, chosen[0].network.vocabulary).encode(),
    }
    if form.words:
        content[WORDS] = "".join(f"{word}\n" for word in form.words).encode()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=PART, dir=out) as part:  # so that a full disk spoils no earlier export
            for name, held in content.items():
                (Path(part) / name).write_bytes(held)
            (out / WORDS).unlink(missing_ok=True)  # of an earlier export
            return [(Path(part) / name).replace(out / name) for name in content]
    except OSError as error:
        raise UserError(f"--out: cannot write {out} ({error.strerror}); give another folder") from error


def _program(chosen: Sequence[Chosen], form: Preparation) -> bytes:
    """Return the serialized program from inputs [N, ...] to the mean probabilities of all networks."""
    fine = too_fine(form)  # the README says to subtract these means before
    form = form._replace(mean=tuple(0.0 if place in fine else mean for place, mean in enumerate(form.mean)))

    @jax.vmap  # so that a network sees a batch of 1, and the program takes batches of any size
    def predict(one_input: Array) -> Array:
        stored = form.standardized(one_input[None])
        each = [probabilities(one.network, one.augment, one.params, one.batch_stats, stored) for one in chosen]
        return jnp.stack(each).mean(0)[0]

    (batch,) = jax.export.symbolic_shape("batch")
    sample = jax.ShapeDtypeStruct((batch, *form.shape), jnp.dtype(form.dtype))
    try:
        with portable():
            return bytes(jax.export.export(jax.jit(predict), platforms=PLATFORMS)(sample).serialize())
    except Exception as error:  # a network is the user's own program, so it can raise anything
        raise UserError(f"export: the network cannot be exported ({type(error).__name__}: {reason(error)})") from error


def _weights(chosen: Sequence[Chosen]) -> bytes:
    """Return the file of weights, with one array for each layer, run and network."""
    from safetensors.numpy import save

    weights = {}
    for one in chosen:
        for name, leaf in named_arrays({"params": one.params, "batch_stats": one.batch_stats}):
            for number, array in enumerate(np.asarray(leaf), 1):
                weights[f"run{one.run}/network{number}/{name}"] = np.ascontiguousarray(array)
    return save(weights)
