"""Predict the classes of new inputs by a trained model, and write them to a file.

jnl predict WORKDIR INPUTS [--out predictions.csv] [--point TITLE] [--run N] [--network N] [--probabilities]
    [--model MODULE:NAME]

INPUTS is what the training had: an image, a folder of images, a table (.csv or .parquet), an array (.npy, or .npz with
`inputs`), or texts (a .txt file with one in each line). The columns of the file are the input, its most likely class,
and the probability of this class. The probabilities are means over all runs and networks. A file that is no earlier
output of this command is not replaced.
"""

import argparse
import csv
from collections import Counter
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from jnl.cli._choice import add_choice
from jnl.inference.input_files import read
from jnl.inference.load import load
from jnl.support.errors import UserError, printable
from jnl.support.out_file import check_out_file, write_out_file
from jnl.support.paths import expanded
from jnl.support.text import encodable, listed
from jnl.support.warn import warn

_COLUMNS = ("input", "predicted", "probability")


def main(arguments: Sequence[str]) -> int:
    """Run the command and return the exit code 0."""
    parser = argparse.ArgumentParser(
        "jnl predict", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workdir", type=expanded, metavar="WORKDIR")
    parser.add_argument("inputs", type=expanded, metavar="INPUTS")
    parser.add_argument("--out", type=expanded, default=Path("predictions.csv"), help="the file to write")
    add_choice(parser)
    parser.add_argument("--probabilities", action="store_true", help="add a column for each class")
    asked = parser.parse_args(arguments)
    _check_out(asked.out, asked.inputs)
    model = load(asked.workdir, model=asked.model)
    inputs = read(asked.inputs, model.preparation)
    found = model.of_stored(inputs.stored, point=asked.point, run=asked.run, network=asked.network)
    names, best = model.class_names, found.argmax(1)
    columns = [*_COLUMNS, *(_columns_of(names) if asked.probabilities else ())]
    rows = [
        [name, names[which], f"{row[which]:.6f}", *(f"{value:.6f}" for value in (row if asked.probabilities else ()))]
        for name, which, row in zip(inputs.names, best, found, strict=True)
    ]
    table = StringIO()
    csv.writer(table, lineterminator="\n").writerows([columns, *rows])
    write_out_file(asked.out, encodable(table.getvalue()).encode())
    counts = ", ".join(f"{count:,} of class {names[which]}" for which, count in Counter(best.tolist()).most_common(5))
    print(printable(f"{len(rows):,} predictions are in {asked.out}: {counts}{', ...' if len(set(best)) > 5 else ''}"))
    return 0


def _columns_of(names: Sequence[str]) -> list[str]:
    """Return a column for each class. Its name differs from the class if a class has the name of another column."""
    taken = [name for name in names if name in _COLUMNS]
    if not taken:
        return list(names)
    warn(f"classes have names of other columns ({listed(taken)}), so the column of a class is called 'class NAME'")
    return [f"class {name}" for name in names]


def _check_out(out: Path, inputs: Path) -> None:
    """Raise `UserError` if the file to write is the input, another file that is no earlier output, or not writable."""
    if out.is_file() and inputs.exists() and out.samefile(inputs):
        raise UserError(f"--out: {out} is the file of inputs; give another file")
    header = ",".join(_COLUMNS).encode()
    check_out_file(out, lambda before: before.read(len(header)) == header, "predictions")
