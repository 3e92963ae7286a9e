"""Workdirs written by hand, of any form that a report must read."""

import json
import math
from pathlib import Path

import numpy as np

from jnl.report import grouping
from jnl.report.reading import read
from jnl.report.tables import Table

# what a test leaves out that writes a report and does not look at these: a figure takes a good part of a second to draw
LEAN = ("class_accuracy", "disagreement", "divergence", "label_precision", "selected_fraction")


def metrics(accuracy: float, seed: int, epochs: int = 12, networks: int = 2, classes: int = 3) -> dict[str, np.ndarray]:
    """Curves of a run that goes up to `accuracy`."""
    generator = np.random.default_rng(seed)
    test = accuracy - 0.3 * np.exp(-np.arange(epochs)) + generator.normal(0, 0.004, epochs)
    test = test[:, None] + np.linspace(0, 0.01, networks)
    return {
        "class_accuracy": np.repeat(test[:, :, None], classes, 2) + np.linspace(-0.05, 0.05, classes),
        "disagreement": np.linspace(0.3, 0.1, epochs) if networks > 1 else np.full(epochs, math.nan),
        "divergence": np.linspace(0.2, 0.05, epochs) if networks > 1 else np.full(epochs, math.nan),
        "label_precision": np.linspace(0.5, 0.9, epochs) + generator.normal(0, 0.01, epochs),
        "selected_fraction": np.linspace(1, 0.5, epochs),
        "test_accuracy": test,
        "train_loss": np.linspace(2, 1, epochs),
    }


def workdir(
    path: Path,
    strategy: str = "jocor",
    accuracy: float = 0.9,
    seeds: tuple[int, ...] = (1, 2, 3),
    noise_seeds: tuple[int, ...] | None = None,
    failed: tuple[int, ...] = (),
    data: str = "mnist",
    rate: float = 0.5,
    class_names: tuple[str, ...] = ("a", "b", "c"),
    title: str | None = None,
    first_epoch: int = 0,
    preparing: int = 0,
    more: dict[str, np.ndarray] | None = None,
    without: tuple[str, ...] = (),
    **settings: object,
) -> Path:
    """A finished training; `more` and `without`: curves to add and to leave out, `settings`: fields, `a__b` is a.b."""
    path.mkdir(parents=True)
    noise_seeds = noise_seeds or (0,) * len(seeds)
    epochs = int(settings.get("epochs", 12))
    fields = {"epochs": epochs, "batch_size": 128, "strategy.name": strategy, "model.name": "mlp", "optim.name": "adam"}
    fields |= {name.replace("__", "."): value for name, value in settings.items()}
    config: dict = {}
    for name, value in fields.items():
        *parents, leaf = name.split(".")
        inner = config
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[leaf] = value
    rows, per_run = [], []
    for run, (seed, noise_seed) in enumerate(zip(seeds, noise_seeds, strict=True)):
        length = preparing + epochs - first_epoch
        curves = metrics(accuracy, seed, length, classes=len(class_names)) | (more or {})
        if run in failed:
            curves["train_loss"] = curves["train_loss"] + math.nan
        per_run.append(None if run in failed else float(curves["test_accuracy"][-10:].mean()))
        for number in range(length):
            row = {"epoch": first_epoch + number, "run": run, "seed": seed, "noise_seed": noise_seed}
            row |= {name: plain(curve[number]) for name, curve in curves.items() if name not in without}
            rows.append(row | {"failed": run in failed, "epoch_seconds": 3.0})
    point = {
        "title": title or strategy,
        "swept": {},
        "strategy": strategy,
        "data": data,
        "noise": {"kind": "symmetric", "rate": rate, "realized": [rate] * len(seeds), "matrix": matrix(class_names)},
        "runs": list(range(len(seeds))),
        "seeds": list(seeds),
        "noise_seeds": list(noise_seeds),
        "class_accuracy": {"best": dict.fromkeys(class_names, 0.5), "last": dict.fromkeys(class_names, 0.5)},
        "failed_runs": list(failed),
        "failed_epochs": [first_epoch] * len(failed),
    }
    summary = {"points": [point], "programs": [{"runs": len(seeds)}], "failed_runs": list(failed)}
    whole = {"config": config, "models": ["mlp"], "command": "python train.py", "versions": {"jax": "0.7.2"}}
    (path / "config.json").write_text(json.dumps(whole | {"device": "1 x cpu", "git_revision": "0123456789abcdef"}))
    (path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (path / "summary.json").write_text(json.dumps(summary))
    return path


def matrix(class_names: tuple[str, ...]) -> list[list[float]]:
    """Half of the labels stay."""
    count = len(class_names)
    return (0.5 * np.eye(count) + 0.5 / count).tolist()


def plain(value: np.ndarray) -> object:
    """As JSON, null for NaN."""
    if np.ndim(value):
        return [plain(item) for item in value]
    return float(value) if math.isfinite(value) else None


def leaderboards(*paths: Path) -> list[grouping.Leaderboard]:
    """What a report makes of workdirs."""
    return grouping.leaderboards(read(paths))[0]


def leaderboard(*paths: Path) -> grouping.Leaderboard:
    """The only one."""
    (one,) = leaderboards(*paths)
    return one


def row(table: Table, label: str) -> dict[str, object]:
    """The row about a result: column -> text, and whether it is marked."""
    (one,) = [row for row in table.rows if row.label == label]
    return dict(zip(table.columns, one.texts, strict=True)) | {"marked": one.marked}
