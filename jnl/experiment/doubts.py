"""What may make a training learn nothing, or the wrong thing: said before it begins."""

import numpy as np

from jnl import data
from jnl.data.dataset import Dataset
from jnl.experiment.program_spec import ProgramSpec, RunInfo
from jnl.settings.records import Settings
from jnl.support.errors import printable
from jnl.support.text import listed, number

_BATCHES = 10  # an epoch with fewer batches gets a warning
_CHUNK = 4096  # inputs that are compared at once


def doubts(program_spec: ProgramSpec) -> list[str]:
    """Return a line for each setting, and each property of the data, that may be a mistake."""
    settings, dataset = program_spec.settings, program_spec.dataset
    lines = [*_noise_on_noise(settings, dataset), *_constant(dataset)]
    for run_info in program_spec.run_infos:
        lines += [
            *run_info.point.doubts,
            *_selection(run_info),
            *_believed_rate(run_info),
            *_small_classes(dataset, run_info),
            *_validation(dataset, run_info),
            *_batches(run_info),
        ]
    return [printable(line) for line in dict.fromkeys(lines)]


def _noise_on_noise(settings: Settings, dataset: Dataset) -> list[str]:
    name, kind = settings.data.name, settings.noise.kind
    all_true = np.array_equal(dataset.train.labels, dataset.train.clean)  # False if the truth is unknown
    if kind == "none" or not data.noisy_already(name) or all_true:
        return []
    return [f"{name} already has wrong labels, and noise.kind={kind} adds more; set noise.kind=none to add none"]


def _constant(dataset: Dataset) -> list[str]:
    inputs = dataset.train.inputs
    if any((inputs[begin : begin + _CHUNK] != inputs[0]).any() for begin in range(0, len(inputs), _CHUNK)):
        return []
    return ["data: all training inputs are the same, so nothing can be learned from them; are they the right ones?"]


def _selection(run_info: RunInfo) -> list[str]:
    """Return a doubt if the small-loss selection keeps all examples, none, or far fewer than have true labels."""
    settings, wrong = run_info.settings, run_info.realized_rate
    if not settings.strategy.instance.uses_forget_rate:
        return []
    name, batch = settings.strategy.name, settings.batch_size
    kept = np.asarray(run_info.run.keep_counts)[:, -1]
    left_out = 1 - kept[-1] / batch
    if (kept == batch).all():
        return [
            f"{name} leaves no examples out in its {number(len(kept), 'epoch')}: set strategy.forget_rate to the share "
            "of labels that may be wrong, or to auto, which estimates it, and strategy.ramp_epochs to less than the "
            "epochs"
        ]
    if not kept.all():
        return [
            f"{name} keeps none of the {number(batch, 'example')} of a batch from epoch {int((kept == 0).argmax())} "
            "on; set strategy.forget_rate to the share of labels that may be wrong, or use a larger batch"
        ]
    if left_out > max(2 * wrong, wrong + 0.1):  # False if the share is unknown
        return [
            f"{name} leaves {left_out:.0%} of each batch out in the end, but {wrong:.1%} of the labels are wrong; set "
            "strategy.forget_rate to that share"
        ]
    return []


def _believed_rate(run_info: RunInfo) -> list[str]:
    settings = run_info.settings
    if not data.noisy_already(settings.data.name) or float(run_info.run.hyper.get("noise_rate", 1)) != 0:
        return []
    return [
        f"{settings.strategy.name} treats all labels as correct: set strategy.noise_rate to the share of them that may "
        "be wrong"
    ]


def _small_classes(dataset: Dataset, run_info: RunInfo) -> list[str]:
    names = dataset.class_names
    labels = np.asarray(run_info.run.labels)[np.asarray(run_info.run.train_index)]
    counts = np.bincount(labels, minlength=len(names))
    small = [name for name, count in zip(names, counts, strict=True) if count < len(names)]
    if not small:
        return []
    few = int(counts.argmin())
    return [
        f"data: {len(small)} of {len(names)} classes have fewer training examples than there are classes "
        f"({listed(small)}; the fewest are {counts[few]:,} of {names[few]!r}); little can be learned about them: give "
        "more examples, or merge classes"
    ]


def _validation(dataset: Dataset, run_info: RunInfo) -> list[str]:
    held_out = np.asarray(run_info.run.labels)[np.asarray(run_info.run.validation_index)]
    counts = np.bincount(held_out, minlength=len(dataset.class_names))
    missing = [name for name, count in zip(dataset.class_names, counts, strict=True) if not count]
    if not missing or not len(held_out):
        return []
    return [
        f"data.validation: the {number(len(held_out), 'example')} held out have no label of the classes "
        f"{listed(missing)}; hold out a larger share"
    ]


def _batches(run_info: RunInfo) -> list[str]:
    settings, examples = run_info.settings, len(run_info.run.train_index)
    batches = examples // settings.batch_size
    if batches >= _BATCHES:
        return []
    smaller = max(examples // _BATCHES, 1)
    advice = "give more examples"
    if smaller < settings.batch_size:
        advice = f"config.batch_size={smaller} gives {examples // smaller}"
    return [
        f"config.batch_size: {number(examples, 'training example')} make only {batches} "
        f"batch{'es' * (batches != 1)} of {settings.batch_size} in an epoch, so each epoch learns little; {advice}"
    ]
