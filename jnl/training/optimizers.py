"""The optimizer of one network.

It follows PyTorch: weight decay is L2, added to the gradient, and momentum sums gradients that are not yet multiplied
by the learning rate.
"""

import re
from typing import NamedTuple

import jax
import optax
from jax import Array
from jax.tree_util import keystr

from jnl.support.errors import UserError, unknown

NAMES = ["adagrad", "adam", "sgd"]
_ADAGRAD_EPSILON = 1e-7


class Optimizer(NamedTuple):
    """The settings of an optimizer. A call with the learning rate and beta1 of an epoch makes the optax transformation.

    AdaGrad starts from a sum of 0 and divides by sqrt(sum + 1e-14). Keras and TensorFlow divide by sqrt(sum) + 1e-7.
    optax adds epsilon inside the square root, so epsilon is squared here. The two forms differ only for gradients of
    about 1e-7.

    `step_decay` acts on the update after momentum, as the learning rate of the epoch does. In the SGD of Keras,
    momentum contains the learning rate, so earlier gradients keep the rate of their own step.
    """

    name: str
    momentum: float  # only for SGD; Adam uses beta1
    weight_decay: float
    step_decay: float = 0.0  # the learning rate is divided by 1 + step_decay * number of earlier steps
    decayed: str = ""  # regular expression; only parameters whose path contains a match decay; empty means all
    fresh_each_epoch: bool = False  # whether each epoch resets the optimizer state, including the number of steps

    def check(self) -> None:
        """Raise `UserError` if the name is unknown, a value is out of range or `decayed` cannot be used."""
        if self.name not in NAMES:
            raise unknown("optim.name", self.name, NAMES)
        if not 0 <= self.momentum < 1:
            raise UserError(f"optim.momentum: {self.momentum} is outside [0, 1); 0 means none")
        for field in ("weight_decay", "step_decay"):
            if not 0 <= getattr(self, field) < float("inf"):
                raise UserError(f"optim.{field}: {getattr(self, field)} is negative or not finite; 0 means none")
        try:
            re.compile(self.decayed)
        except (re.error, OverflowError, RecursionError) as error:
            raise UserError(
                f"optim.decayed: {self.decayed!r} is not a regular expression ({error}); give one such as kernel"
            ) from error
        if self.decayed and not self.weight_decay:
            raise UserError(f"optim.decayed: {self.decayed!r} chooses what decays, but optim.weight_decay is 0")

    def __call__(self, learning_rate: Array | float, beta1: Array | float) -> optax.GradientTransformation:
        """Return the transformation for one network, from the learning rate f32[] and beta1 f32[]."""
        mask = self._mask if self.decayed else None
        decay = [optax.add_decayed_weights(self.weight_decay, mask)] if self.weight_decay else []
        slower = [optax.scale_by_schedule(lambda steps: 1 / (1 + self.step_decay * steps))] if self.step_decay else []
        return optax.chain(*decay, self._own(learning_rate, beta1), *slower)

    def _own(self, learning_rate: Array | float, beta1: Array | float) -> optax.GradientTransformation:
        """Return the transformation without weight decay and step decay."""
        if self.name == "sgd":
            return optax.sgd(learning_rate, self.momentum or None)
        if self.name == "adagrad":
            return optax.adagrad(learning_rate, initial_accumulator_value=0.0, eps=_ADAGRAD_EPSILON**2)
        return optax.adam(learning_rate, b1=beta1)

    def _mask(self, params: optax.Params) -> optax.Params:
        """Return for each parameter whether weight decay acts on it."""
        paths = [keystr(path, simple=True, separator="/") for path, _ in jax.tree.leaves_with_path(params)]
        chosen = [re.search(self.decayed, path) is not None for path in paths]
        if not any(chosen):
            raise UserError(f"optim.decayed: {self.decayed!r} matches none of the parameters: {', '.join(paths)}")
        return jax.tree.unflatten(jax.tree.structure(params), chosen)
