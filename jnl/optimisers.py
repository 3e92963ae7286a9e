"""The optimiser of one network, as PyTorch has it: L2 is added to the gradient, momentum does not know the rate."""

from typing import NamedTuple

import optax
from jax import Array

from jnl.errors import UserError, unknown

NAMES = ["adam", "sgd"]


class Optimiser(NamedTuple):
    """Called with the rate and beta1 of an epoch, gives the transformation."""

    name: str
    momentum: float  # of SGD; Adam has beta1
    weight_decay: float

    def check(self) -> None:
        """Raises `UserError` for an unknown name or a value out of range."""
        if self.name not in NAMES:
            raise unknown("optim.name", self.name, NAMES)
        if not 0 <= self.momentum < 1:
            raise UserError(f"optim.momentum: {self.momentum} is outside [0, 1); 0 is none")
        if not 0 <= self.weight_decay < float("inf"):
            raise UserError(f"optim.weight_decay: {self.weight_decay} is negative or not finite; 0 is none")

    def __call__(self, learning_rate: Array | float, beta1: Array | float) -> optax.GradientTransformation:
        """f32[], f32[] -> for one network."""
        decay = [optax.add_decayed_weights(self.weight_decay)] if self.weight_decay else []
        if self.name == "sgd":
            return optax.chain(*decay, optax.sgd(learning_rate, self.momentum or None))
        return optax.chain(*decay, optax.adam(learning_rate, b1=beta1))
