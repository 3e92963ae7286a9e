"""The README of an exported model. It says how inputs are made without jnl."""

import numpy as np

from jnl.data.preparation import Preparation
from jnl.support.version import VERSION

PLATFORMS = ("cpu", "cuda", "tpu")
PROGRAM, WEIGHTS, CLASSES, README = "model.stablehlo", "weights.safetensors", "classes.json", "README.md"
WORDS = "words.txt"
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
`{weights}`, one array for each layer, run and network.

## Inputs

{inputs}
"""
_TEXTS = """Texts become the numbers of their first {length} words. `{words}` has a word in each line: the first one has
the number 2, 1 is any other word, and 0 follows after the end of a text.

```python
import re, unicodedata, numpy as np
numbers = {{word: number for number, word in enumerate(open("{words}", encoding="utf-8").read().split("\\n")[:-1], 2)}}
{splitting}
def tokens(text):
    found = [numbers.get(word, 1) for word in words(text)[:{length}]]
    return found + [0] * ({length} - len(found))
inputs = np.array([tokens(text) for text in ["a text", "another one"]], "int32")
```"""
_ENGLISH = """def words(text):
    return re.findall("[a-z]+|[0-9]+", text.lower())"""
_OF_ANY_LANGUAGE = r"""signs = "".join(c for c in map(chr, range(0x300, 0x20000)) if unicodedata.category(c)[0] == "M")
signs = rf"(?:[{re.escape(signs)}]|[\u200c\u200d]+(?=[^\W\d_]))+"  # they belong to the letter before
pattern = re.compile(rf"[^\W\d_]+(?:{signs}[^\W\d_]*)*|\d+")
def words(text):
    return pattern.findall(unicodedata.normalize("NFC", text).lower())"""


def readme(form: Preparation, classes: int, networks: int, vocabulary: int) -> str:
    """Return the README of an exported model.

    Args:
      form: how inputs are prepared.
      classes: number of classes.
      networks: number of networks.
      vocabulary: number of tokens that the networks know; 0 if this is unknown.
    """
    return _README.format(
        version=VERSION,
        program=PROGRAM,
        weights=WEIGHTS,
        classes=CLASSES,
        wanted=form.wanted(),
        number=classes,
        networks=networks,
        platforms=", ".join(PLATFORMS),
        one=[1, *form.shape],
        dtype=form.dtype,
        inputs=_inputs(form, vocabulary),
    )


def too_fine(form: Preparation) -> list[int]:
    """Return the features whose differences float32 does not hold, so that the caller must subtract their means."""
    with np.errstate(over="ignore"):
        steps = np.spacing(np.abs(np.array(form.mean)).astype(np.float32))
    return np.flatnonzero(~(steps <= np.array(form.std) / 100)).tolist()


def _inputs(form: Preparation, vocabulary: int) -> str:
    """Return how inputs of the program are made."""
    if form.words:
        splitting = _OF_ANY_LANGUAGE if form.columns else _ENGLISH  # as `Preparation` splits texts
        return _TEXTS.format(length=form.shape[0], words=WORDS, splitting=splitting)
    if form.dtype == "int32":
        most = f", from 0 to {vocabulary - 1}: check it, because the program does not" if vocabulary else ""
        return f"Tokens are numbers as in the training{most}."
    if form.dtype == "uint8":
        return _images(form)
    names = form.feature_names()
    said = [f"The columns of the inputs, 1 or 0 where a word follows: {', '.join(names)}."] if names else []
    if form.mean:
        said.append("Give the numbers as they were before jnl standardized them; the program standardizes them.")
    if form.fills:
        said.append(
            f"For a missing number, give {', '.join(f'{value!r} in {name}' for name, value in form.fills.items())}."
        )
    if fine := too_fine(form):
        constants = ", ".join(
            f"{form.mean[place]!r} from {names[place] if names else f'column {place}'}" for place in fine
        )
        said.append(
            f"float32 holds too few digits of some columns. Then subtract these numbers in float64: {constants}."
        )
    return " ".join(said)


def _images(form: Preparation) -> str:
    """Return how images of the program are made."""
    said = "Images have levels from 0 (black) to 255 (white). Resize images of another size before."
    if not form.range:
        return said
    black, white = form.range
    return (
        f"{said} In the training, {black!r} was black and {white!r} was white. Scale such images:\n\n```python\n"
        f'inputs = np.rint((images - {black!r}) * (255 / ({white!r} - {black!r}))).astype("uint8")\n```'
    )
