"""The core strategies on Clothing1M."""

from ml_collections import ConfigDict

from jnl.settings.published import of_data, options


def clothing1m(arg: str | None = None) -> ConfigDict:
    """Return the config: ResNet-18 from scratch, 15 epochs of batches of 64, three learning rates for 5 epochs each.

    The paper tried forget rates of 0.2 to 0.4 and does not say which it took: here it is 0.3, unless `rate=` is given.
    Its input pipeline is not recorded either. Here it has the usual 224 x 224 crops, mirror images and normalized
    channels. With `--config.data.balanced=True` each class has the same share of an epoch.
    """
    config = of_data("clothing1m", arg)
    config.batch_size = 64
    if "rate" not in options(arg):
        config.noise.rate = 0.3
    config.optim.update(learning_rate=8e-4, schedule="staircase", milestones=(5, 10), decay=(0.625, 0.1))
    config.augment.update(crop=224, flip=True, normalize="channels")
    if "quick" not in options(arg):
        config.epochs, config.seeds = 15, 3
    return config
