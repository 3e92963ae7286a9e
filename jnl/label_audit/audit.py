"""Audit the labels of a data set: which are probably wrong, and how many."""

import os
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral

import numpy as np
import pandas as pd
from flax import linen as nn
from numpy.typing import ArrayLike

from jnl import models
from jnl.data.dataset import Dataset
from jnl.data.from_arrays import from_arrays
from jnl.experiment.fold_predictions import Plan
from jnl.label_audit import estimates, evidence, precomputed, trouble
from jnl.label_audit.evidence import Evidence, Expert
from jnl.label_audit.reasons import reasons
from jnl.label_audit.refinement import refined
from jnl.label_audit.result import Audit
from jnl.label_audit.source import Source, check_writable
from jnl.noise import posterior
from jnl.support.errors import UserError, whole_number
from jnl.support.numerics import fixed_numerics
from jnl.support.paths import expanded
from jnl.support.text import encodable, listed
from jnl.support.warn import warn

_RARE = 5  # a class with fewer examples gets a warning
_DISAGREEMENT = 0.1  # a warning says it if two estimates of the noise rate differ by more
_LEAST_PREDICTED = 2 / 3  # of the labels that seem right; a warning says it if less of the labels are predicted,
_LEAST_OF_ALL = 1 / 3  # or less of all labels


@fixed_numerics()
def audit(
    inputs: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    *,
    pred_probs: ArrayLike | None = None,
    features: ArrayLike | None = None,
    dataset: Dataset | None = None,
    class_names: Sequence[str] = (),
    kind: str | None = None,
    model: nn.Module | Callable[..., object] | None = None,
    folds: int = 5,
    epochs: int = 0,
    batch_size: int = 0,
    seeds: int | Sequence[int] = 1,
    folder: str | os.PathLike[str] | None = None,
    quick: bool = False,
) -> Audit:
    """Find the labels of a data set that are probably wrong. No true label is used.

    With `inputs` or a `dataset` alone, networks are trained on folds of the data (by cross entropy and by Co-teaching),
    and each example is predicted by networks that did not train on it. With `quick`, `pred_probs` or `features`, no
    network is trained. Embeddings can also be given as `inputs`; then networks train on them, which takes longer and
    finds more.

    Args:
      inputs: images [N, H, W] or [N, H, W, channels], numbers [N, D], or tokens [N, T], as for `jnl.from_arrays`.
      labels: the labels [N] to audit: whole numbers from 0, or names of classes.
      pred_probs: f[N, C] probabilities from models that did not train on the example, in the order of the classes, or a
        frame whose columns have the names of the classes.
      features: f[N, D] embeddings of the examples, in which similar examples are near. With them, `inputs` are only
        shown on the page.
      dataset: a data set such as `jnl.data.load` returns, instead of `inputs` and `labels`.
      class_names: names of the classes 0 to C - 1. Without names, the classes have the order that `jnl.from_arrays`
        gives them.
      kind: `images`, `features` or `tokens`, see `jnl.from_arrays`.
      model: the network to train: a linen module, or an nnx class or function that is called with `rngs=`. Like the
        arguments below, it cannot be given where nothing is trained.
      folds: number of folds of the training.
      epochs: number of epochs of the training; 0 follows the number of examples.
      batch_size: number of examples of a batch; 0 follows the number of examples.
      seeds: number of trainings with different weights, whose predictions are averaged, or their seeds.
      folder: where finished trainings are kept, so that an interrupted audit continues with the next one.
      quick: whether no network is trained, so that only neighbors and a linear classifier judge. This is at least
        twice as fast.

    Returns:
      The audit: `noise_rate`, `transition`, `examples` and `suspects`.

    Raises:
      UserError: if the data cannot be used, or an argument is missing.
      Stopped: if a signal ended the audit. It says how many trainings `folder` has.

    Example:
      >>> import jnl, numpy as np
      >>> p = np.array([[0.9, 0.1]] * 6 + [[0.1, 0.9]] * 6)
      >>> found = jnl.audit(pred_probs=p, labels=[0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1])
      >>> found.suspects["index"].tolist()
      [5]
    """
    class_names = () if class_names is None else class_names
    if dataset is not None and not (inputs is None and labels is None and len(class_names) == 0 and kind is None):
        raise UserError("dataset: given with inputs, labels, class_names or kind, which it has itself; leave these out")
    if quick and not (features is None and pred_probs is None):
        raise UserError("quick: given with features or pred_probs, with which no network trains; leave it out")
    trains = features is None and pred_probs is None and not quick
    plan = Plan(
        model=None if model is None or not trains else models.wrap(model),
        folds=whole_number("folds", folds, 2),
        epochs=whole_number("epochs", epochs, 0),
        batch_size=whole_number("batch_size", batch_size, 0),
        seeds=_seeds(seeds),
    )
    of_training = {"model": model is not None, "folder": folder is not None}
    numbers = ("folds", "epochs", "batch_size", "seeds")
    of_training |= {name: getattr(plan, name) != getattr(Plan(), name) for name in numbers}
    for name, is_given in of_training.items():
        if is_given and not trains:
            raise UserError(
                f"{name}: given with quick, features or pred_probs, with which no network trains; leave it out"
            )
    embedded = None if features is None else precomputed.features(features)
    predicted = None if pred_probs is None else precomputed.probabilities(pred_probs)
    data = dataset if dataset is not None else _dataset(inputs, labels, embedded, predicted, class_names, kind)
    number = len(data.train.labels)
    for name, matrix in (("features", embedded), ("pred_probs", predicted)):
        if matrix is not None and len(matrix) != number:
            raise UserError(f"{name}: {len(matrix):,} rows for {number:,} labels; give one row for each label")
    if predicted is not None:
        predicted = precomputed.in_order(predicted, pred_probs, data.class_names, np.asarray(data.train.labels))
    if trains:
        _check_folds(data, plan.folds)
    _warn_of_classes(data)
    kept = None if folder is None else expanded(folder)
    if kept is not None:
        check_writable(kept)
    source = Source(data, embedded, plan if trains else None, kept)
    with source.says_what_is_kept():
        found = {} if predicted is not None and embedded is None else evidence.collect(source)
        if predicted is not None:
            predicted = posterior.soften(predicted, source.labels)
            own = predicted[np.arange(number), source.labels]
            found = {"pred_probs": Evidence({"pred_probs": own}, Expert(predicted, "the given model")), **found}
        return _judged(source, found)


def _judged(source: Source, found: dict[str, Evidence]) -> Audit:
    """Return the audit that follows from the evidence."""
    labels, origin = source.labels, source.dataset.origin
    names = tuple(map(encodable, source.dataset.class_names))
    known = {name: each.expert for name, each in found.items() if each.expert is not None}
    experts, pooled, judged, judge, explained, says_something = refined(source, known)
    least_disturbed = known[judge].probabilities if judge else experts.get("pred_probs", pooled)
    neighbors = source.neighbors if "neighbors" in found else None
    explained = explained or posterior.explain(least_disturbed, labels, even=False)
    noise = estimates.estimate(estimates.View(labels, least_disturbed, explained, neighbors))
    used = noise[estimates.USED]
    if not says_something:
        used = used._replace(low=0.0, high=1.0)
        noise[estimates.USED] = used
        warn("the labels have nothing to do with the examples, as far as the models see, so the rate is not known")
    _warn_of_disagreement(noise)
    _warn_of_weak_predictions(least_disturbed, labels, used.rate, source.plan is not None)
    wrong = posterior.calibrate(judged.wrong(labels), used.rate)
    others = judged.true.copy()
    others[np.arange(len(labels)), labels] = 0
    suggested = others.argmax(1)
    table = {
        "index": np.arange(len(labels)),
        **({} if origin is None else {"file": [encodable(origin(row)) for row in range(len(labels))]}),
        "given": _named(labels, names),
        "suggested": _named(suggested, names),
        "probability": wrong,
        "suggested_probability": wrong * others.max(1) / np.maximum(others.sum(1), 1e-12),
    }
    for each in found.values():
        table.update(each.columns)
    mixed, second = trouble.overlap(judged.true)
    table["overlap"] = mixed
    if neighbors is not None:
        table["duplicate_of"] = trouble.duplicate_of(neighbors, source.images)
        table["distance"], table["outlier"] = trouble.outlier(neighbors, source.features)
    learned = [known[name]._replace(probabilities=p) for name, p in experts.items()]
    table["reasons"] = reasons(table, labels, suggested, second, learned, neighbors, names)
    assert used.transition is not None
    return Audit(
        noise_rate=used.rate, noise_interval=(used.low, used.high), transition=used.transition, estimates=noise,
        examples=pd.DataFrame(table), class_names=names, dataset=source.dataset, neighbors=neighbors,
    )  # fmt: skip


def _seeds(asked: int | Sequence[int]) -> tuple[int, ...]:
    """Return the seeds 0 to n - 1 for a number n, or those that are listed."""
    if isinstance(asked, Integral):
        return tuple(range(whole_number("seeds", asked, 1)))
    seeds = tuple(whole_number("seeds", seed, 0) for seed in asked) if isinstance(asked, Iterable) else ()
    if not seeds or len(set(seeds)) < len(seeds) or max(seeds) >= 2**32:
        raise UserError(
            f"seeds: {asked!r}; give the number of trainings, such as 3, or different seeds, such as (3, 7)"
        )
    return seeds


def _named(labels: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Return labels as the caller knows them: numbers if the classes have no other names."""
    return labels if precomputed.are_numbers(names) else np.array(names)[labels]


def _dataset(
    inputs: ArrayLike | None, labels: ArrayLike | None, features: np.ndarray | None, predicted: np.ndarray | None,
    class_names: Sequence[str], kind: str | None,
) -> Dataset:  # fmt: skip
    """Return the data set of the arguments. Without inputs, the features or the predictions stand in their place."""
    if labels is None:
        raise UserError("labels: missing; give the labels to audit, or a dataset")
    if inputs is not None:
        return from_arrays(inputs, labels, class_names=class_names, kind=kind)
    stand_in = predicted if features is None else features
    if stand_in is None:
        raise UserError("inputs: missing; give inputs, features or pred_probs")
    if predicted is not None and len(class_names) == 0:
        class_names = precomputed.class_names(labels, predicted.shape[1])
    return from_arrays(stand_in, labels, class_names=class_names, kind="features", standardize=False)


def _check_folds(dataset: Dataset, folds: int) -> None:
    most = np.bincount(np.asarray(dataset.train.labels)).max()
    if most < 2:
        raise UserError("labels: each class has only one example, so nothing can be learned about it; give more")
    if most < folds:
        raise UserError(f"folds: {folds}, but no class has more than {most} examples; give at most as many folds")


def _warn_of_classes(dataset: Dataset) -> None:
    counts = np.bincount(np.asarray(dataset.train.labels), minlength=len(dataset.class_names))
    if not counts.all():
        empty = [dataset.class_names[label] for label in np.flatnonzero(counts == 0)]
        warn(f"{len(empty):,} of {len(counts):,} classes have no example: {listed(empty)}")
    rare = [
        f"{dataset.class_names[label]} ({counts[label]})" for label in np.flatnonzero((counts > 0) & (counts < _RARE))
    ]
    if rare:
        warn(f"classes with fewer than {_RARE} examples cannot be judged well: {listed(rare)}")


def _warn_of_disagreement(noise: dict[str, posterior.NoiseEstimate]) -> None:
    rates = {name: each.rate for name, each in noise.items() if name != "mixture"}  # which is often far too high
    if len(rates) > 1 and max(rates.values()) - min(rates.values()) > _DISAGREEMENT:
        each = ", ".join(f"{estimates.words(name)} {rate:.0%}" for name, rate in rates.items())
        warn(
            f"estimates of the noise rate differ: {each}. The audit uses {estimates.words(estimates.USED)}; look at "
            "some suspects before you trust one of the numbers"
        )


def _warn_of_weak_predictions(p: np.ndarray, labels: np.ndarray, rate: float, trained: bool) -> None:
    """Warn if probabilities f[N, C] say too little about the labels i[N].

    Labels that are right should be predicted. The share of labels that seem to be wrong is `rate`. If networks were
    `trained`, the advice is about them.
    """
    predicted = float((p.argmax(1) == labels).mean())
    advice = "let networks train on the inputs, or give embeddings of another pretrained network as features"
    if trained:
        advice = "train longer, with a larger network, or give embeddings of a pretrained network as features"
    if predicted < max(_LEAST_PREDICTED * (1 - rate), _LEAST_OF_ALL):
        warn(
            f"the models predict only {predicted:.0%} of the labels, and {rate:.0%} seem to be wrong. So the audit can "
            f"hardly tell wrong labels from difficult examples: {advice}"
        )
