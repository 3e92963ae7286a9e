"""Find the labels of a data set that are probably wrong.

jnl audit DATA [--out audit] [--label COLUMN] [--set OPTION=VALUE] [--corrections FILE] [--features FILE] [--quick]
    [--model NAME] [--folds 5] [--epochs N] [--seeds N]

DATA is a folder of images with one folder for each class, a table (.csv or .parquet), arrays (.npz with `inputs` and
`labels`), or the name of a data set that jnl knows, such as `digits`. OPTION is an option of the data set, as in
`--set separator=';'`, `--set text=review` (a column of texts) or `--set range=0,4095`. --corrections takes the
decisions of an earlier audit of these data, to audit them again. It also takes several files, separated by commas, each
of an audit of the data after those before it. --features takes embeddings of the examples, an array [N, D] (.npy). With
them, and with --quick, no network is trained, which is at least twice as fast.

The folder `--out` gets `index.html`, a page to go through the suspects; `suspects.csv` and `suspects.parquet`;
`examples.parquet` with all examples; and `audit.json` with the estimates. The same command continues an audit that was
interrupted.
"""

import argparse
import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from jnl import data, models
from jnl.data.corrections import corrected_rows
from jnl.data.dataset import Dataset
from jnl.data.notes import data_warnings_hidden
from jnl.data.option_texts import parsed
from jnl.data.readers import tables
from jnl.label_audit.audit import audit
from jnl.label_audit.precomputed import saved_features
from jnl.label_audit.result import FILES
from jnl.label_audit.source import check_writable
from jnl.support.errors import UserError, printable, whole_number
from jnl.support.json_values import Json, as_list, as_object
from jnl.support.paths import expanded


def main(arguments: Sequence[str]) -> int:
    """Run the command and return the exit code 0."""
    parser = argparse.ArgumentParser(
        "jnl audit", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", metavar="DATA")
    parser.add_argument("--out", type=expanded, default=Path("audit"), help="the folder to write")
    parser.add_argument("--dir", help="the folder of a data set that jnl knows by name")
    parser.add_argument("--label", help="the column of a table with the labels")
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="an option of the data set")
    parser.add_argument("--corrections", help="decisions.csv of an earlier audit of these data")
    parser.add_argument("--features", type=expanded, help="embeddings of the examples: .npy, [N, D]")
    parser.add_argument("--model", help="the network to train, such as cnn_small or MODULE:NAME")
    parser.add_argument("--folds", type=int, default=5, help="number of folds of the training")
    parser.add_argument("--epochs", type=int, default=0, help="number of epochs; 0 follows the number of examples")
    parser.add_argument("--seeds", type=int, default=1, help="number of trainings whose predictions are averaged")
    parser.add_argument("--quick", action="store_true", help="train no network")
    asked = parser.parse_args(arguments)
    for name, least in (("folds", 2), ("epochs", 0), ("seeds", 1)):
        whole_number(f"--{name}", getattr(asked, name), least)
    given = [*asked.set, *([] if asked.label is None else [f"label={asked.label}"])]
    record: dict[str, Json] = {"data": _place(asked.data, asked.dir), "options": sorted(given)}
    command = shlex.join(["jnl", "audit", *arguments])
    replaced = _check_folder(asked.out, record)
    if replaced not in ("", command):
        print(printable(f"this audit will replace the one in {asked.out}, which was made by: {replaced}"), flush=True)
    record["command"] = command
    with data_warnings_hidden():
        dataset = _dataset(asked.data, asked.dir, given)
        features, number = saved_features(asked.features), len(dataset.train.labels)
        if asked.corrections is not None:
            dataset, rows = corrected_rows(dataset, asked.corrections)
            if features is not None and len(features) == number:  # they are of all examples, also of those dropped
                features = features[rows]
    print(printable(f"{len(dataset.train.labels):,} examples of {len(dataset.class_names)} classes"), flush=True)
    for note in dataset.notes:
        print(printable(note), flush=True)
    check_writable(asked.out)
    model = models.make(asked.model, len(dataset.class_names)) if asked.model else None
    found = audit(
        dataset=dataset, features=features, model=model, folds=asked.folds, epochs=asked.epochs,
        seeds=asked.seeds, folder=None if asked.features or asked.quick else asked.out, quick=asked.quick,
    )  # fmt: skip
    files = found.save(asked.out, record)
    for line in found.describe().splitlines()[1:]:  # the first line was printed before the audit
        print(printable(line))
    print(printable(f"open {files[-1]} to go through them; {files[1]} has those more likely wrong than right"))
    return 0


def _place(name: str, folder: str | None) -> str:
    """Return which data an audit is of: a path, or a name with its folder."""
    file = expanded(name)
    return str(file.resolve()) if file.exists() else " in ".join([name, *([folder] if folder else [])])


def _check_folder(folder: Path, record: dict[str, Json]) -> str:
    """Return the command of the audit that a folder holds, or "".

    Raises:
      UserError: The folder is a file, has files of others, or an audit of other data or with other options.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"--out: {folder} is a file; give a folder")
    try:
        before = {**record, **as_object(json.loads((folder / "audit.json").read_text("utf-8")))}
    except (OSError, ValueError, TypeError) as error:  # there is none, or it is not of an audit
        for name in FILES:
            if (folder / name).exists():
                raise UserError(
                    f"--out: {folder} has a file {name} that is of no audit, and the audit would replace it; give "
                    "another folder"
                ) from error
        return ""
    if any(before[name] != value for name, value in record.items()):
        options = as_list(before["options"])
        used = f" with {' '.join(map(str, options))}" if options else ""
        raise UserError(f"--out: {folder} holds an audit of {before['data']}{used}; give another folder")
    return str(before.get("command", ""))


def _dataset(name: str, folder: str | None, given: Sequence[str]) -> Dataset:
    """Return the data set of a path or a name, with options such as `label=species`."""
    file = expanded(name)
    if file.is_dir():
        return data.load("folder", file, **parsed("folder", given))
    if file.suffix.lower() in tables.ENDINGS:
        return data.load("table", file, **parsed("table", given))
    if file.suffix == ".npz" or file.exists():
        return data.load("arrays", file, **parsed("arrays", given))
    if name.partition(":")[0] not in data.names():
        raise UserError(f"{name}: no such folder, file or data set; give one, or a name such as digits")
    return data.load(name, folder, **parsed(name, given))
