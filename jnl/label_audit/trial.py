"""Try the audit on labels whose noise is known, and write how well it went.

python -m jnl.label_audit.trial --data mnist --dir ../shared/data --noise symmetric --rate 0.2 --seeds 3 --out FILE.csv

Each seed draws other noise and trains from other weights. A row of the file has the average precision of the ranking,
and beside it that of cleanlab's score (`get_label_quality_scores`: the probability of the given label) on the
out-of-sample probabilities of cross entropy, from the same folds, network and seed. With `--features` or `--quick` no
network trains, and cleanlab's score gets the probabilities of a logistic regression on the same features in five folds,
as its tutorials do. `--noise own` takes data sets that are noisy already, such as cifar10n, as they are
(`--set labels=worse_label`). The audit never sees the truth.
"""

import argparse
import csv
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jnl import data, models, noise
from jnl.data.arrays import split
from jnl.data.dataset import Dataset
from jnl.data.option_texts import parsed
from jnl.label_audit import logistic, precomputed
from jnl.label_audit.audit import audit
from jnl.label_audit.features import features_of
from jnl.label_audit.result import Audit
from jnl.label_audit.source import read_trainings
from jnl.parallel import devices
from jnl.support.command import exit_code
from jnl.support.errors import UserError, whole_number
from jnl.support.registry import Value

Row = dict[str, Value]


def main(arguments: Sequence[str]) -> int:
    """Run the trial that the arguments describe, and return the exit code 0."""
    asked = _parsed(arguments)
    devices.use_cores()
    dataset, features = _data(asked)
    for seed in range(asked.seeds):
        noisy, kind = _noisy(dataset, asked.noise, asked.rate, seed)
        found = _measured(noisy, features, asked, seed)
        row: Row = {"data": asked.title or asked.data, "noise": kind, "seed": seed, **found}
        print(", ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        if asked.out is not None:
            _add(asked.out, row)
    return 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits", help="a data set with true labels")
    parser.add_argument("--dir", help="the folder of the data set")
    parser.add_argument("--set", action="append", default=[], metavar="OPTION=TEXT", help="an option of the data set")
    parser.add_argument("--title", help="the name of the data in the rows; by default that of the data set")
    parser.add_argument("--noise", default="symmetric", help="the kind of noise; own draws none")
    parser.add_argument("--rate", type=float, default=0.2)
    parser.add_argument("--examples", type=int, default=0, help="number of examples, from the first on; 0 means all")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--features", type=Path, help="embeddings of the examples: .npy, [N, D]")
    parser.add_argument("--model", help="the network, such as cnn_small")
    parser.add_argument("--epochs", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="train no network")
    parser.add_argument("--out", type=Path, help="the file to which rows are added")
    asked = parser.parse_args(arguments)
    whole_number("--examples", asked.examples, 0)
    whole_number("--seeds", asked.seeds, 1)
    if not _trains(asked) and (asked.model or asked.epochs):
        raise UserError("--model, --epochs: no network trains with --features or --quick; leave them out")
    return asked


def _trains(asked: argparse.Namespace) -> bool:
    return asked.features is None and not asked.quick


def _data(asked: argparse.Namespace) -> tuple[Dataset, np.ndarray | None]:
    """Return the data set and the embeddings, or None without any, of so many examples as are asked for."""
    dataset = data.load(asked.data, asked.dir, **parsed(asked.data, asked.set))
    features = precomputed.saved_features(asked.features)
    if asked.examples:
        train = dataset.train
        features = None if features is None else features[: asked.examples]
        dataset = dataset._replace(
            train=split(*(np.asarray(part)[: asked.examples] for part in (train.inputs, train.labels, train.clean)))
        )
    return dataset, features


def _measured(dataset: Dataset, features: np.ndarray | None, asked: argparse.Namespace, seed: int) -> Row:
    """Return how well an audit of noisy data went, and how long it took."""
    classes, trains = len(dataset.class_names), _trains(asked)
    model = models.make(asked.model, classes) if asked.model else None
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that estimates differ; they are in the row
        begin = time.perf_counter()
        if trains:
            found = audit(dataset=dataset, model=model, epochs=asked.epochs, seeds=(seed,), folder=folder)
        else:
            found = audit(dataset=dataset, features=features, quick=asked.quick)
        seconds = time.perf_counter() - begin
        if trains:
            plain = read_trainings(Path(folder))["standard"].last
        else:
            # On features of any scale, a logistic regression of scikit-learn can take minutes.
            known = logistic.scaled(features_of(dataset)) if features is None else features
            plain = _logistic_regression(known, np.asarray(dataset.train.labels), classes)
    return {**compare(found, dataset, plain), "seconds": round(seconds)}


def compare(found: Audit, dataset: Dataset, plain: np.ndarray) -> Row:
    """Return how well an audit went, and cleanlab's score beside it.

    Args:
      found: the audit.
      dataset: the data set with its true labels.
      plain: f32[N, C] out-of-sample probabilities of cross entropy.
    """
    from sklearn.metrics import average_precision_score as average_precision

    labels, true = np.asarray(dataset.train.labels), np.asarray(dataset.train.clean)
    wrong, suspicion = labels != true, found.examples["probability"].to_numpy()
    other = 1 - plain[np.arange(len(labels)), labels]
    number = round(found.noise_rate * len(labels))
    suspected = suspicion > 0.5
    suggested = found.examples["suggested"].to_numpy()
    right = suggested == (true if suggested.dtype.kind in "iu" else np.asarray(found.class_names)[true])

    def precision(score: np.ndarray) -> float:
        return float(wrong[np.argsort(-score, kind="stable")[:number]].mean()) if number else 0.0

    values = {
        "average_precision": average_precision(wrong, suspicion),
        "average_precision_cleanlab": average_precision(wrong, other),
        "precision": precision(suspicion),
        "precision_cleanlab": precision(other),
        "rate": found.noise_rate,
        "low": found.noise_interval[0],
        "high": found.noise_interval[1],
        "true_rate": float(wrong.mean()),
        **{f"rate_{name}": each.rate for name, each in found.estimates.items() if name != "maximum_likelihood"},
        "suspects": float(suspected.mean()),
        "suspects_wrong": float(wrong[suspected].mean()) if suspected.any() else 0.0,
        "suggestions_right": float(right[suspected & wrong].mean()) if (suspected & wrong).any() else 0.0,
    }
    return {"examples": len(labels), **{name: round(float(value), 4) for name, value in values.items()}}


def _logistic_regression(features: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Return out-of-sample probabilities f64[N, C] of a logistic regression. A class without examples gets 0."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    p = np.zeros((len(labels), classes))
    model = LogisticRegression(max_iter=1000)
    p[:, np.unique(labels)] = cross_val_predict(model, features, labels, cv=5, method="predict_proba")
    return p


def _noisy(dataset: Dataset, kind: str, rate: float, seed: int) -> tuple[Dataset, str]:
    """Return the data set with noisy labels and its truth, and the noise in words."""
    true = np.asarray(dataset.train.clean)
    if (true < 0).any():
        raise UserError("--data: some true labels are unknown; use a data set that has them")
    if kind == "own":
        return dataset, kind
    noisy = noise.draw(kind, true, len(dataset.class_names), rate, seed, dataset.train.inputs)
    return dataset._replace(train=split(np.asarray(dataset.train.inputs), noisy, true)), f"{kind} {rate}"


def _add(file: Path, row: Row) -> None:
    """Add a row to a CSV file. A column that a row lacks stays empty."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        before = list[dict[str, str]]()
        if file.exists():
            with file.open(encoding="utf-8", newline="") as written:
                before = list(csv.DictReader(written))
        columns = list(dict.fromkeys([*(before[0] if before else ()), *row]))
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows([*before, row])
    except OSError as error:
        raise UserError(f"--out: cannot write {file} ({error.strerror}); give another file") from error


if __name__ == "__main__":
    sys.exit(exit_code(main, sys.argv[1:]))
