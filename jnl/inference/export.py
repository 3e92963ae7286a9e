"""Export a trained model to files that work without jnl: a program in StableHLO, and the weights."""

import json
from collections.abc import Sequence
from pathlib import Path

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
from jax import Array

from jnl.core.errors import UserError, reason
from jnl.core.numerics import fixed_numerics
from jnl.core.paths import check_own
from jnl.core.version import VERSION
from jnl.data.preparation import Preparation
from jnl.inference.trained_model import Chosen, TrainedModel, probabilities
from jnl.models import portable
from jnl.results.checkpoint import named_arrays

PLATFORMS = ("cpu", "cuda", "tpu")
PROGRAM, WEIGHTS, CLASSES, README = "model.stablehlo", "weights.safetensors", "classes.json", "README.md"
_README = """# A model trained by jnl {version}

`{program}` takes {wanted} and returns probabilities, float32 [N, {number}], in the order of `{classes}`. It needs
`pip install jax flatbuffers` and runs on {platforms}:

```python
import json, jax, numpy as np
from jax import export
model = export.deserialize(bytearray(open("{program}", "rb").read()))
inputs = np.zeros({one}, "{dtype}")  # put yours here, N at a time
probabilities = np.asarray(model.call(inputs))
names = np.array(json.load(open("{classes}")))[probabilities.argmax(1)]
```

The probabilities are the mean over {networks} networks. Their weights are inside the program, and also in
`{weights}`, one array for each layer, run and network.{columns}
"""


@fixed_numerics()
def export(
    model: TrainedModel,
    out: Path,
    *,
    point: str | None = None,
    run: int | None = None,
    network: int | None = None,
) -> list[Path]:
    """Write the program, the weights, the names of the classes and a README.

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
    chosen = model.chosen(point, run, network)
    content = {
        PROGRAM: _program(chosen, model.preparation),
        WEIGHTS: _weights(chosen),
        CLASSES: (json.dumps(model.class_names) + "\n").encode(),
        README: _readme(chosen, model).encode(),
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, held in content.items():
            (out / name).write_bytes(held)
    except OSError as error:
        raise UserError(
            f"--out: cannot write {error.filename or out} ({error.strerror}); give another folder"
        ) from error
    return [out / name for name in content]


def _program(chosen: Sequence[Chosen], form: Preparation) -> bytes:
    """Return the serialized program from inputs [N, ...] to the mean probabilities of all networks."""

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


def _readme(chosen: Sequence[Chosen], model: TrainedModel) -> str:
    """Return the README beside the program."""
    form = model.preparation
    return _README.format(
        version=VERSION,
        program=PROGRAM,
        weights=WEIGHTS,
        classes=CLASSES,
        wanted=form.wanted(),
        number=len(model.class_names),
        networks=sum(len(jax.tree.leaves(one.params)[0]) for one in chosen),
        platforms=", ".join(PLATFORMS),
        one=[1, *form.shape],
        dtype=form.dtype,
        columns=_columns(form),
    )


def _columns(form: Preparation) -> str:
    """Return what the columns of the inputs mean, if they come from a table or from texts."""
    if form.words:
        return f"\nTokens are numbers of words: {len(form.words):,} words have the numbers from 2, 1 is any other word."
    if not form.columns:
        return ""
    said = f"\nThe columns of the inputs, 1 or 0 where a word follows: {', '.join(form.feature_names())}."
    said += " Give the numbers as they are in the table; the program standardizes them." if form.mean else ""
    fills = [f"{value:g} in {name}" for name, value in form.fills.items()]
    return said + (f" For a missing number, give {', '.join(fills)}." if fills else "")
