"""The hyperparameters at which the contract suite tries the strategies."""

from jnl import strategies
from jnl.support.errors import UserError

# Numbers at both ends of their range and inside, and all kinds.
VALUES = {
    "co_lambda": [0.0, 0.5, 1.0], "warmup_epochs": [1, 3, 9], "reference": [False, True], "networks": [1, 2],
    "q": [1e-3, 0.7, 1.0], "truncated": [False, True], "threshold": [0.1, 0.5, 0.9], "prune_from": [0, 9],
    "prune_every": [1, 5], "alpha": [0.0, 0.1, 6.0], "beta": [0.0, 1.0, 2.0],
    "kind": ["simple", "complex", "soft", "hard", "self_paced", "linear", "focal", "predefined"],
    "soft_beta": [0.5, 0.95, 1.0], "hard_beta": [0.5, 0.8, 1.0], "smoothing": [0.0, 0.1, 0.9],
    "confidence": [0.0, 1.0], "class_prior": [0.0, 1.0], "wait_epochs": [0, 9], "rise_epochs": [0, 9],
    "sieve_from": [0, 9], "floor": [1e-6, 1e-3, 0.5], "epsilon": [1e-8, 1e-5, 0.5],
    "alpha_plan": ["", "0:0 9:1"], "divide_rate": [False, True], "target_momentum": [0.0, 0.7, 1.0],
    "weight": [0.0, 3.0],
    "rate_u": [0.0, 1.0], "rate_v": [0.0, 10.0], "percentile": [0.3, 0.7, 97, 100], "decay": [0.0, 0.5, 1.0],
    "gamma": [0.5, 2.0], "burn_in": [0, 99], "dropout_rate": [0.0, 0.5], "bag_size": [1, 4, 8],
    "entropy": [0.0, 0.1], "estimation_epochs": [1, 9], "held_out": [0.1, 0.5],
    "pretrain_epochs": [0, 3, 9], "prior": [0.1, 0.46], "class_weights": [False, True], "noise_rate": [0.0, 0.5],
    "folds": [2, 5], "fold_epochs": [1],
    "prune": ["both", "by_class", "by_noise_rate", "off_diagonal", "predicted"], "reweight": [False, True],
    "unlabeled_weight": [0.0, 25.0], "temperature": [0.5, 1.0], "concentration": [0.5, 1.0, 4.0],
    "asymmetric": [False, True],
    "average_epochs": [1, 5], "ramp_steps": [0, 10], "first_epochs": [1, 9], "round_epochs": [1, 3],
    "neighbors": [1, 5], "outliers": [0.0, 0.5], "margin": [0.5, 2.0],
}  # fmt: skip


def _fits(name, hyper, value):
    """Two strategies may use one name for different things."""
    default = strategies.hypers(name)[hyper]
    if hyper == "kind":
        kinds = {"bootstrap": ("soft", "hard"), "mentornet": ("self_paced", "linear", "focal", "hard", "predefined")}
        return value in kinds.get(name, ("simple", "complex"))
    return type(value) is type(default) or (isinstance(default, float) and type(value) is float)


def _accepted(name, hyper, value):
    try:
        strategies.make(name, **{hyper: value})
    except UserError:
        return False
    return True


def hyper_values(name, hyper):
    """Return the values to try for a hyperparameter; for one that is not in the table, values around its default."""
    default = strategies.hypers(name)[hyper]
    if hyper in VALUES:
        return [value for value in VALUES[hyper] if _fits(name, hyper, value)]
    if isinstance(default, bool):
        return [False, True]
    if isinstance(default, str):
        return [default]
    near = dict.fromkeys(type(default)(factor * (default or 1)) for factor in (0, 0.5, 1, 2))
    return [value for value in near if _accepted(name, hyper, value)]
