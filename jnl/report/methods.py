"""The published names of methods, data sets and networks, and the order of the methods in the published tables."""

from collections import Counter
from collections.abc import Collection

# In the order of the table columns of Wei et al. 2020, then the other methods. The position is also the look of a
# method, so add new methods at the end.
TITLES = {
    "standard": "Standard",
    "forward_correction": "F-correction",
    "decoupling": "Decoupling",
    "coteaching": "Co-teaching",
    "coteaching_plus": "Co-teaching+",
    "jocor": "JoCoR",
    "small_loss": "Small loss",
    "mentornet": "MentorNet",
    "backward_correction": "B-correction",
    "bootstrap": "Bootstrap",
    "s_model": "S-model",
    "s_model_decoupling": "S-model + Decoupling",
    "regularized": "Regularized",
    "mixup": "MixUp",
    "gce": "GCE",
    "symmetric_cross_entropy": "SCE",
    "iterative_open_set": "Iterative open-set",
    "peer_loss": "Peer loss",
    "cdr": "CDR",
    "dividemix": "DivideMix",
    "elr": "ELR",
    "elr_plus": "ELR+",
    "cores2": "CORES2",
    "confident_filter": "Confident learning",
    "sop": "SOP",
    "buckets": "Buckets",
    "oracle": "Oracle",
}
UPPER_BOUND = "oracle"  # it sees the true labels, so it is never the best method
_ORDER = {name: number for number, name in enumerate(TITLES)}
_OTHERS = {
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "cifar10n": "CIFAR-10N",
    "cifar100n": "CIFAR-100N",
    "cifar10_open_set": "CIFAR-10 (open set)",
    "clothing1m": "Clothing1M",
    "digits": "Digits",
    "fashion_mnist": "Fashion-MNIST",
    "lfw": "LFW",
    "mnist": "MNIST",
    "news": "20 Newsgroups",
    "tiny_imagenet": "Tiny-ImageNet",
    "cnn2": "2-layer CNN",
    "cnn6": "6-layer CNN",
    "cnn7": "7-layer CNN",
    "cnn9": "9-layer CNN",
    "cnn_small": "small CNN",
    "lenet": "LeNet",
    "mlp": "MLP",
    "newsnet": "NewsNet",
    "preact_resnet18": "PreAct ResNet-18",
    "resnet18": "ResNet-18",
    "resnet34": "ResNet-34",
    "resnet50": "ResNet-50",
}


def title(strategy: str) -> str:
    """Return the published name of a method. A method of another package has the name of its function."""
    return TITLES.get(strategy) or strategy.rpartition(":")[2] or strategy


def titles(strategies: Collection[str]) -> dict[str, str]:
    """Return a title for each method: name -> title. No two have the same."""
    often = Counter(map(title, {*strategies, *TITLES}))
    return {name: title(name) if name in TITLES or often[title(name)] == 1 else name for name in strategies}


def in_order(strategies: Collection[str]) -> list[str]:
    """Return the names of methods in the published order. Those that jnl does not have follow by name."""
    return sorted(set(strategies), key=lambda name: (_ORDER.get(name, len(_ORDER)), name))


def title_of_data(name: str) -> str:
    """Return the published name of a data set, with its variant after a colon: `cifar10n:worst` -> `CIFAR-10N, worst`.

    A data set of another package has the name of its function.
    """
    known, _, variant = name.partition(":")
    if known not in _OTHERS:
        function, _, option = variant.partition(":")  # of `package.module:function`, perhaps with a variant
        return f"{function}, {option.replace('_', ' ')}" if option else function or name
    return f"{_OTHERS[known]}, {variant.replace('_', ' ')}" if variant else _OTHERS[known]


def title_of_network(name: str) -> str:
    """Return the published name of a network. A network of another package has the name of its function or class."""
    return _OTHERS.get(name) or name.rpartition(":")[2] or name
