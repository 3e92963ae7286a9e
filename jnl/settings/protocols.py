"""The protocols of published code that several methods share. Configs have them with the argument `reference`."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from ml_collections import ConfigDict

from jnl import strategies
from jnl.settings.config import family, set_model
from jnl.support.errors import UserError

Setting = TypeVar("Setting")


def co_teaching(config: ConfigDict) -> None:
    """Set the protocol of the published code of the co-teaching papers, which their tables use for all methods.

    Under asymmetric noise the forget rate of every method is half of the noise rate, because only half of the classes
    flip. This is what the code of JoCoR does, also for CIFAR-100, where all classes flip.
    """
    config.protocol.update(max_steps=401, drop_last_test=True)
    if strategies.make(config.strategy.name).memory is None:
        config.protocol.first_epoch = 1  # strategies with a memory count their phases from epoch 0
    if "reference" in config.strategy:
        config.strategy.reference = True
    if "forget_schedule" in config.strategy:
        config.strategy.forget_schedule = "reference"
    if "forget_rate" in config.strategy and config.noise.kind.startswith("asymmetric"):
        config.strategy.forget_rate = config.noise.get_ref("rate") * 0.5  # follows --config.noise.rate
    if "bn_scale_init" in config.model:
        config.model.bn_scale_init = "uniform"
    if family(config.data.name) == "cifar100":
        config.optim.decay_start = 100


def train_by_sgd(
    config: ConfigDict,
    learning_rate: float,
    weight_decay: float,
    epochs: int,
    milestones: Sequence[int] = (),
    decay: float = 0.1,
    batch_size: int = 128,
    model: str = "resnet34",
) -> None:
    """Set what later papers share on CIFAR: SGD with momentum 0.9, a staircase, a residual network, crops and flips.

    The learning rate is multiplied by `decay` at each of the `milestones`, which are epochs. Channels are normalized by
    the mean and standard deviation of the training set; the papers use their own numbers, which are close to these.
    """
    config.optim.update(name="sgd", learning_rate=learning_rate, weight_decay=weight_decay)
    config.optim.update(schedule="staircase", milestones=tuple(milestones), decay=decay)
    config.epochs, config.batch_size = epochs, batch_size
    set_model(config, model)
    config.augment.update(pad=4, flip=True, normalize="channels")


def for_data(config: ConfigDict, settings: Mapping[str, Setting]) -> Setting:
    """Return the entry of `settings` (data set -> entry) for the data set of a config.

    Raises:
      UserError: if there is no entry, so there is no published code to follow.
    """
    name = config.data.name if config.data.name in settings else family(config.data.name)
    if name not in settings:
        raise UserError(
            f"the config's argument: reference; jnl follows the code of {config.strategy.name} on "
            f"{', '.join(settings)}, not on {config.data.name}"
        )
    return settings[name]


def draw_symmetric_noise_as(config: ConfigDict, kind: str) -> None:
    """Replace the noise kind `symmetric` by `kind`, the kind of the published numbers."""
    if config.noise.kind == "symmetric":
        config.noise.kind = kind


def loss_correction(config: ConfigDict) -> None:
    """Set the protocol of Patrini et al. 2017 (giorgiop/loss-correction) for forward and backward correction.

    Both trainings have the same number of epochs, hold out the same 10 % of the noisy labels, and evaluate the weights
    with the lowest loss on these labels.

    Departures from the published code: For CIFAR-10 the network has 32 layers (`model.depth=14` gives the other
    network). Inputs are in [0, 1] before their mean is subtracted. An epoch has only as many batches as the training
    examples fill. The loss that chooses the weights does not include the L2 penalties; the loss of Keras includes them
    (there are none on MNIST).

    Raises:
      UserError: if the data set does not have the images of MNIST, CIFAR-10 or CIFAR-100.
    """
    follow = for_data(config, {"mnist": _mnist, "cifar10": _cifar10, "cifar100": _cifar100})
    config.data.validation, config.protocol.checkpoint = 0.1, "lowest_loss"
    config.noise.seed = "per_run"
    follow(config)
    config.strategy.estimation_epochs = config.epochs


def _mnist(config: ConfigDict) -> None:
    config.epochs = 40
    config.optim.update(name="adagrad", schedule="staircase", learning_rate=0.01)
    set_model(config, "mlp", width=128, layers=2, dropout=0.2, dropout_every_layer=True, he_normal=True)


def _cifar10(config: ConfigDict) -> None:
    _residual(config, 120, (41, 81), 32, 2e-4)


def _cifar100(config: ConfigDict) -> None:
    _residual(config, 150, (81, 121), 44, 2e-3)


def _residual(config: ConfigDict, epochs: int, milestones: tuple[int, int], depth: int, weight_decay: float) -> None:
    """Set a residual network. `weight_decay` is twice the L2 factor of Keras, whose penalty has no factor of 1/2."""
    train_by_sgd(config, 0.1, weight_decay, epochs, milestones)
    config.optim.decayed = "kernel"
    set_model(config, "preact_resnet", depth=depth)
    config.augment.update(pad=0, shift=0.1, flip=True, normalize="mean_image")
