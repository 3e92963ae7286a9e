"""The networks of one run: any Flax module is one."""

import jax
import jax.numpy as jnp
import optax
import pytest
from flax import linen as nn

from jnl import strategies
from jnl.core.train_state import forward, init, predict
from jnl.models import wrap
from jnl.support.errors import UserError


class Plain(nn.Module):
    """A network that knows nothing of jnl."""

    @nn.compact
    def __call__(self, x, train):
        return nn.Dense(4)(x)


PLAIN = wrap(Plain())


def start(strategy):
    sample = jnp.ones((1, 3))
    return init(PLAIN, 2, optax.sgd(0.1), jax.random.key(0), sample, 5, strategies.make(strategy).init_params)


def test_a_network_does_not_have_to_record_features():
    state = start("jocor")
    inputs = jnp.ones((6, 3))
    logits, features, _ = forward(PLAIN, state.params, state.batch_stats, inputs, jax.random.key(1))
    assert (logits.shape, features) == ((2, 6, 4), None)
    assert predict(PLAIN, state.params, state.batch_stats, inputs)[1] is None


def test_a_strategy_that_needs_features_says_so():
    with pytest.raises(UserError, match="the network does not record its features.*self.sow"):
        start("iterative_open_set")
