"""Epochs and batches that fit the number of examples, where nobody has chosen them."""

from ml_collections import ConfigDict

OWN = ("arrays", "folder", "own", "table")  # data sets of users, for which no epochs and batches are published
_BATCHES = 20  # an epoch has about this number of batches, if they have neither too many nor too few examples
_SMALLEST, _LARGEST = 8, 128
_STEPS = 3000  # number of steps of the whole training
_FEWEST, _MOST = 20, 200  # epochs
_DECAY = 0.4  # share of the epochs after which the learning rate falls, as published: 80 of 200


def follows_data(config: ConfigDict) -> bool:
    """Return whether a config leaves the number of epochs or the batch size to the data set (0)."""
    return config.get("epochs") == 0 or config.get("batch_size") == 0


def fit_to(config: ConfigDict, examples: int) -> None:
    """Set the epochs and the batch size of a config, where they are 0, for a number of training examples.

    The batch size is the power of two from 8 to 128 that gives 20 to 40 batches, or comes nearest. The epochs are as
    many as give about 3,000 steps, from 20 to 200; then the learning rate falls after 40 % of them, unless another
    epoch is set.
    """
    if config.batch_size == 0:
        size = min(_SMALLEST, max(1, examples // 2))
        while 2 * size * _BATCHES <= examples and size < _LARGEST:
            size *= 2
        config.batch_size = size
    if config.epochs == 0:
        steps = max(1, examples // config.batch_size)
        config.epochs = min(max(-(-_STEPS // steps), _FEWEST), _MOST)
        if config.optim.decay_start == 80:
            config.optim.decay_start = int(_DECAY * config.epochs)
