"""The core strategies on Tiny ImageNet."""

from ml_collections import ConfigDict

from jnl.settings.published import of_data


def tiny_imagenet(arg: str | None = None) -> ConfigDict:
    """Return the config: PreAct ResNet-18 without batch norm after its stem.

    Images are random 56 x 56 crops, half of them mirrored, with normalized channels.
    """
    config = of_data("tiny_imagenet", arg)
    if config.model.name == "preact_resnet18":
        config.model.stem_norm = False
    config.augment.update(crop=56, random_resized_crop=True, flip=True, normalize="channels")
    return config
