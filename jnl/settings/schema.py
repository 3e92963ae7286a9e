"""The fields of a config: the default and the meaning of each. `docs/configuration.md` is made from this list.

The defaults are the published settings of the co-teaching papers, on the digits data, which need no download. The
options of a data set, a method and a network are the arguments of its function, and are not listed here.
"""

from typing import NamedTuple

from ml_collections import config_dict

from jnl.support import registry

Default = registry.Value | tuple[()] | None


class Field(NamedTuple):
    """One field of a config."""

    default: Default
    meaning: str  # a sentence for people, in Markdown
    kind: type | None = None  # the type of its values; None: the type of the default; `object`: several types

    def holder(self) -> Default | config_dict.FieldReference:
        """Return what a config holds for this field: its default, or a reference that accepts other types."""
        if self.kind is None:
            return self.default
        reference = config_dict.placeholder(self.kind)
        if self.default is not None:
            reference.set(self.default)
        return reference


FIELDS = {
    "data.name": Field("digits", "The data set. Its options are further fields of `data`."),
    "data.dir": Field(None, "The folder or file of the data set. Without it, the default folder of TFDS.", str),
    "data.validation": Field(0.0, "Share of the noisy training set that is held out, the same of each class."),
    "data.balanced": Field(
        False,
        "Whether each class has the same share of the batches of an epoch. After its warm-up, DivideMix draws "
        "batches of its own.",
    ),
    "data.stream": Field(
        "auto",
        "Whether the inputs stay on the host and are fed to the device: `always`, `never`, or `auto`, if they would "
        "fill half of the device.",
    ),
    "data.corrections": Field(
        None, "A file of decisions about labels, as the label audit writes it, or several, separated by commas.", str
    ),
    "noise.kind": Field("symmetric", "Which labels become wrong. `none` adds no noise, for labels that have some."),
    "noise.rate": Field(
        0.2, "Share of wrong labels. For labels that are noisy as they come: your estimate of this share."
    ),
    "noise.seed": Field(0, "Seed of the noise: one number for all runs, as published, or `per_run`.", object),
    "noise.file": Field(
        None, "For the kind `matrix`: a `.npy`, `.csv` or `.txt` file, C x C, with a row for each true class.", str
    ),
    "strategy.name": Field("standard", "The method. Its hyperparameters are further fields of `strategy`."),
    "strategy.forget_rate": Field(
        None,
        "Share of examples that is left out. Not set: as `noise.rate`. `auto` estimates it from the labels before the "
        "training. Only methods that leave out a share have this field and the next three.",
        object,
    ),
    "strategy.ramp_epochs": Field(10, "Number of epochs in which the forget rate rises."),
    "strategy.exponent": Field(1.0, "Exponent of the rise of the forget rate; 1 is linear."),
    "strategy.forget_schedule": Field(
        "paper", "How the forget rate rises: as in the `paper` or its code (`reference`)."
    ),
    "model.name": Field(
        "auto",
        "The network. Its options are further fields of `model`. `auto` is `mlp` for gray images and numbers, `cnn7` "
        "for color images and `newsnet` for texts.",
    ),
    "precision": Field(
        "auto",
        "Arithmetic of the networks: `bfloat16`, `tf32`, `float32`, or `auto`, the usual one of the device: products "
        "in TF32 on an NVIDIA GPU since Ampere, in bfloat16 on a TPU and in float32 on a CPU. Weights, losses, "
        "selection and updates are always float32.",
    ),
    "augment.pad": Field(0, "Images are shifted by up to this number of pixels; the border is black."),
    "augment.crop": Field(0, "Side of a random window of the image; the evaluation takes the center. 0: no windows."),
    "augment.random_resized_crop": Field(
        False,
        "Whether windows of 8 to 100 % of the image, with sides in a ratio of 3:4 to 4:3, are resized to `crop`.",
    ),
    "augment.flip": Field(False, "Whether half of the images are mirrored."),
    "augment.cutout": Field(
        0, "Side of a square in each image that is 0 after `normalize`, in pixels: black, or the mean color."
    ),
    "augment.shift": Field(
        0.0, "Images are shifted by up to this share of their side, not only by whole pixels; the border is repeated."
    ),
    "augment.rotate": Field(0.0, "Images are turned by up to this number of degrees; the border is repeated."),
    "augment.normalize": Field(
        "none",
        "`channels`: mean 0 and variance 1 of each channel over the training set; `image`: of each image; "
        "`mean_image`: minus the mean training image; `none`.",
    ),
    "epochs": Field(200, "Number of epochs. 0 follows the number of examples."),
    "batch_size": Field(128, "Number of examples in a batch. 0 follows the number of examples."),
    "optim.name": Field("adam", "The optimizer: `adam`, `adagrad` or `sgd`."),
    "optim.learning_rate": Field(1e-3, "Learning rate at the start."),
    "optim.weight_decay": Field(0.0, "Weight of the L2 penalty, which is added to gradients, as in PyTorch."),
    "optim.schedule": Field(
        "linear",
        "`linear`: from `decay_start` on the rate falls to 0; `staircase`: it is multiplied by `decay` at each of the "
        "`milestones`; `cosine`: it falls to `min_learning_rate` in every `cycle`.",
    ),
    "optim.decay_start": Field(80, "With `linear`: the epoch from which the rate falls and beta1 is `beta1_after`."),
    "optim.beta1": Field(0.9, "Adam's beta1 before `decay_start`."),
    "optim.beta1_after": Field(0.1, "Adam's beta1 from `decay_start` on."),
    "optim.momentum": Field(0.9, "Momentum of `sgd`."),
    "optim.step_decay": Field(0.0, "The rate is divided by 1 + `step_decay` times the number of steps so far."),
    "optim.decayed": Field(
        "",
        "A regular expression such as `kernel` or `Dense_0/`: weight decay acts only on parameters in whose path it "
        "occurs. Empty: on all.",
    ),
    "optim.fresh_each_epoch": Field(False, "Whether each epoch starts with a new optimizer."),
    "optim.milestones": Field(
        (), "With `staircase`: the epochs at which the rate changes, such as `(40, 80)`.", object
    ),
    "optim.decay": Field(0.1, "With `staircase`: one factor, or a tuple with one for each milestone.", object),
    "optim.cycle": Field(0, "With `cosine`: the number of epochs of a cycle. 0: one cycle over all epochs."),
    "optim.min_learning_rate": Field(0.0, "With `cosine`: the rate at the end of a cycle."),
    "seeds": Field(5, "The number of runs, or the seed of each: `(3, 7, 11)`.", object),
    "metrics": Field((), 'Metrics of other packages: `("package.module:function",)`.', object),
    "runs_axis": Field(
        "auto",
        "`devices`: runs spread over all devices; on one device `vmap`: one batched program, or `map`: one run after "
        "the other inside a program.",
    ),
    "runs_at_once": Field(0, "Number of runs of a program that train together. 0: as many as fit into memory."),
    "devices_per_batch": Field(1, "Number of devices that share each batch."),
    "checkpoint.every_epochs": Field(
        10, "With a workdir, jnl saves after this number of epochs or after `every_minutes`, whichever comes first."
    ),
    "checkpoint.every_minutes": Field(10.0, "See `checkpoint.every_epochs`."),
    "checkpoint.keep": Field(2, "Number of checkpoints that are kept."),
    "checkpoint.segment": Field(
        0,
        "Number of steps after which an epoch can be saved and stopped. 0: about 2 * 10^12 operations, half a minute "
        "on two CPU cores; on a GPU or TPU 64 times as many, some seconds.",
    ),
    "checkpoint.select": Field(
        "last",
        "Which weights predict: the weights of the `last` epoch, or of the epoch that a rule chooses: "
        "`at_best_validation`, `lowest_loss` or `label_wave`.",
    ),
    "checkpoint.changed_code": Field(
        False, "Whether a training continues after its code has changed. The names of the changed files are recorded."
    ),
    "minutes": Field(
        0.0,
        "A training with a workdir saves and stops before this number of minutes is over, with exit code 75. The same "
        "command continues it. 0: no limit.",
    ),
    "workdir": Field(None, "Folder of the results. `--workdir` and the argument of `jnl.run` come before it.", str),
    "report": Field(False, "Whether `jnl train` also writes the report of the workdir, into its folder `report/`."),
    "tensorboard": Field(False, "Whether to write events for TensorBoard to the workdir; needs `tensorboardX`."),
    "protocol.max_steps": Field(0, "Largest number of steps in an epoch. 0: no limit. `reference` sets `protocol`."),
    "protocol.first_epoch": Field(0, "The first epoch that trains, as in published code that counts from 1."),
    "protocol.drop_last_test": Field(False, "Whether test examples that do not fill a batch are left out."),
    "protocol.checkpoint": Field(
        "last",
        "Which column of the table is the result: `last`; with `data.validation` the epoch of the best accuracy "
        "(`at_best_validation`) or lowest loss (`lowest_loss`) on held-out noisy labels; or `label_wave`. The training "
        "does not depend on it.",
    ),
    "sweep": Field(
        (),
        'All combinations of values, in one table: `(("noise.rate", (0.2, 0.5)), ("seeds", 8))`. Values that are dicts '
        'set several fields together: `("strategy", ({"name": "bootstrap", "kind": "hard"},))`.',
        object,
    ),
    "sweep_filter": Field(
        "", "Only the points of the sweep with these words in their titles: one of them, `a,b`, or both, `a b`."
    ),
}
TOP_LEVEL = frozenset(name.partition(".")[0] for name in FIELDS)  # sections, and fields without a section
