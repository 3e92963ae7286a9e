"""`reference`: each method as its published code trains it, field by field, or one line that there is none.

The values are read in the repositories that each entry names, not in jnl.
"""

import pytest
from conftest import ROOT

from jnl import strategies
from jnl.experiment.build import build
from jnl.settings.config_file import load
from jnl.support.errors import UserError
from jnl.support.json_values import leaves

SGD = {"optim.name": "sgd", "optim.momentum": 0.9, "optim.schedule": "staircase", "batch_size": 128}
CROPS = {"augment.pad": 4, "augment.flip": True, "augment.normalize": "channels"}
CORRECTION = {"data.validation": 0.1, "protocol.checkpoint": "lowest_loss", "batch_size": 128, "noise.seed": "per_run"}
CO_TEACHING = {
    "optim.name": "adam", "optim.learning_rate": 1e-3, "epochs": 200, "batch_size": 128,
    "protocol.drop_last_test": True,
}  # fmt: skip
PUBLISHED = {
    # bhanML/Co-teaching, xingruiyu/coteaching_plus, hongxin001/JoCoR
    "coteaching data=mnist": CO_TEACHING | {"protocol.max_steps": 401, "protocol.first_epoch": 1},
    "coteaching data=mnist,noise=asymmetric": {"strategy.forget_rate": 0.2, "noise.rate": 0.4},
    "coteaching data=cifar100": {"optim.decay_start": 100},
    "coteaching_plus data=cifar10,noise=asymmetric": {"protocol.max_steps": 0, "strategy.forget_rate": 0.2},
    "coteaching_plus data=cifar10": {"strategy.warmup_epochs": 20, "model.name": "cnn_small"},
    "small_loss data=mnist,noise=asymmetric": {"strategy.forget_rate": 0.2},
    "jocor data=cifar100,noise=asymmetric": {"strategy.forget_rate": 0.2, "strategy.co_lambda": 0.85},
    "coteaching data=mnist,noise=pair": {"strategy.forget_rate": None, "noise.rate": 0.45},
    "decoupling data=mnist": CO_TEACHING,
    "standard data=cifar10": CO_TEACHING,
    # giorgiop/loss-correction
    "forward_correction data=mnist": CORRECTION
    | {"optim.name": "adagrad", "optim.learning_rate": 0.01, "epochs": 40, "strategy.estimation_epochs": 40,
       "model.width": 128, "model.layers": 2, "model.dropout": 0.2, "model.dropout_every_layer": True},
    "forward_correction data=cifar10": CORRECTION | SGD
    | {"optim.learning_rate": 0.1, "optim.milestones": (41, 81), "epochs": 120, "strategy.estimation_epochs": 120,
       "optim.weight_decay": 2e-4, "optim.decayed": "kernel", "augment.shift": 0.1, "augment.flip": True,
       "augment.pad": 0, "augment.normalize": "mean_image", "strategy.percentile": 97},
    "backward_correction data=cifar100": CORRECTION | SGD
    | {"optim.milestones": (81, 121), "epochs": 150, "strategy.estimation_epochs": 150, "optim.weight_decay": 2e-3,
       "model.name": "preact_resnet", "model.depth": 44, "strategy.percentile": 100},
    # xiaoboxia/CDR
    "cdr data=mnist": SGD
    | {"optim.learning_rate": 0.01, "optim.weight_decay": 1e-3, "optim.milestones": (9, 19), "epochs": 100,
       "batch_size": 32, "model.name": "lenet", "data.validation": 0.1, "protocol.checkpoint": "at_best_validation",
       "augment.pad": 0, "augment.normalize": "channels"},
    "cdr data=cifar100": SGD | CROPS
    | {"optim.milestones": (39, 79), "epochs": 200, "batch_size": 64, "model.name": "resnet50",
       "model.small_images": True, "protocol.checkpoint": "at_best_validation"},
    # YisenWang/symmetric_cross_entropy_for_noisy_labels
    "symmetric_cross_entropy data=mnist": SGD
    | {"optim.learning_rate": 0.1, "optim.milestones": (11, 31), "optim.step_decay": 1e-4, "epochs": 50,
       "model.name": "cnn2", "strategy.alpha": 0.01, "noise.kind": "symmetric_exact", "augment.shift": 0.0},
    "symmetric_cross_entropy data=cifar10": SGD
    | {"optim.learning_rate": 0.01, "optim.milestones": (41, 81), "optim.step_decay": 1e-4, "epochs": 120,
       "model.name": "cnn6", "augment.shift": 0.2, "augment.rotate": 0.0, "optim.weight_decay": 0.02,
       "optim.decayed": "Dense_0"},
    "symmetric_cross_entropy data=cifar100": SGD
    | {"optim.learning_rate": 0.1, "optim.milestones": (81, 121), "optim.step_decay": 5e-3, "epochs": 150,
       "model.depth": 44, "augment.rotate": 20.0, "strategy.alpha": 6.0, "strategy.beta": 0.1},
    # weijiaheng/Multi-class-Peer-Loss-functions
    "peer_loss data=mnist": {
        "optim.name": "adam", "optim.learning_rate": 1e-4, "epochs": 300, "optim.fresh_each_epoch": True,
        "strategy.divide_rate": True, "strategy.alpha_plan": "119:0 120:0 299:1",
        "protocol.checkpoint": "at_best_validation",
        "data.validation": 1 / 6, "model.dropout": 0.5,
    },
    "peer_loss data=cifar10": SGD | CROPS
    | {"optim.learning_rate": 0.1, "optim.milestones": tuple(range(40, 300, 40)), "optim.weight_decay": 1e-4,
       "optim.fresh_each_epoch": True, "model.name": "preact_resnet18", "data.validation": 0.2, "augment.rotate": 15.0},
    # LiJunnan1992/DivideMix
    "dividemix data=cifar10,rate=0.5": SGD | CROPS
    | {"epochs": 301, "optim.milestones": (150,), "optim.learning_rate": 0.02, "optim.weight_decay": 5e-4,
       "noise.kind": "symmetric_inclusive_exact", "strategy.unlabeled_weight": 25.0, "strategy.warmup_epochs": 10},
    "dividemix data=cifar10,noise=symmetric_exact": {"noise.kind": "symmetric_exact"},
    "dividemix data=cifar10,noise=asymmetric": {"noise.kind": "asymmetric_cifar10", "strategy.unlabeled_weight": 0.0},
    # shengliu66/ELR, shengliu66/SOP
    "elr data=cifar10": SGD | CROPS
    | {"optim.schedule": "cosine", "optim.cycle": 10, "optim.min_learning_rate": 1e-3, "epochs": 150,
       "data.validation": 0.1,
       "noise.kind": "symmetric_inclusive_exact", "optim.weight_decay": 1e-3},
    "elr_plus data=cifar10,noise=asymmetric": {"strategy.target_momentum": 0.9, "strategy.weight": 1.0, "epochs": 200},
    "elr_plus data=cifar100": {
        "strategy.target_momentum": 0.9, "strategy.weight": 7.0, "strategy.ramp_steps": 40_000,
        "strategy.reweight": True, "epochs": 250, "optim.milestones": (200,), "noise.kind": "symmetric_inclusive_exact",
    },
    "sop data=cifar10,noise=asymmetric": SGD | CROPS
    | {"optim.learning_rate": 0.02, "optim.milestones": (40, 80), "optim.weight_decay": 5e-4, "epochs": 120,
       "model.name": "resnet34", "strategy.rate_u": 10.0, "strategy.rate_v": 10.0},
    # AlanChou/Truncated-Loss (unofficial), haochenglouis/cores
    "gce data=cifar100": SGD | CROPS | {"strategy.truncated": True, "strategy.prune_from": 79, "epochs": 150},
    "cores2 data=cifar10": CROPS
    | {"optim.momentum": 0.0, "batch_size": 64, "strategy.divide_rate": True, "epochs": 100},
    "mixup data=cifar10": SGD | CROPS | {"optim.learning_rate": 0.1, "optim.milestones": (100, 150), "epochs": 200},
    # YisenWang/ONL
    "iterative_open_set data=cifar10_open_set": {"data.recipe": "tail", "epochs": 95, "batch_size": 100},
}  # fmt: skip
NOTHING_TO_FOLLOW = set(strategies.names()) - {key.split()[0] for key in PUBLISHED}


def reference(name, argument):
    return load(f"{ROOT / 'configs' / name}.py:{argument},reference")


@pytest.mark.parametrize("key", PUBLISHED)
def test_every_field_is_as_published(key):
    name, argument = key.split()
    fields = dict(leaves(reference(name, argument).to_dict()))
    assert {field: fields[field] for field in PUBLISHED[key]} == PUBLISHED[key]


@pytest.mark.parametrize("name", sorted(NOTHING_TO_FOLLOW))
def test_one_line_says_why_there_is_nothing_to_follow(name):
    with pytest.raises(UserError, match=f"reference; {name} has none: ") as refused:
        reference(name, "data=mnist")
    assert "\n" not in str(refused.value)


def test_other_data_than_the_papers_are_refused():
    with pytest.raises(UserError, match="cdr on mnist, fashion_mnist, cifar10, cifar100, not on digits"):
        reference("cdr", "rate=0.5")


@pytest.mark.parametrize("name", ["cdr", "forward_correction", "peer_loss", "symmetric_cross_entropy"])
@pytest.mark.slow
def test_a_published_protocol_builds_on_real_images(name, shared_data):
    """Settings, network and images fit together: all but the training itself."""
    config = reference(name, "data=mnist,rate=0.5")
    config.data.dir, config.seeds = str(shared_data), 1
    (program_spec,) = build(config)
    assert program_spec.operations > 0
