"""Plug-ins outside of jnl, as users write them: a method, a kind of noise, a metric, networks and a data set."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from flax import nnx

import jnl
from jnl.core.example_weights import ExampleWeighting
from jnl.core.memory import Memory
from jnl.core.strategy import Strategy
from jnl.core.suspects import Listed, Suspects
from jnl.noise.kind import flips
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean, small_loss
from jnl.training.metric import Metric


def weighted(weight: float = 1.0, both: bool = True):
    """Co-teaching with a weight."""

    def select(logits, labels, context):
        loss = weight * cross_entropy(logits, labels)
        mask = small_loss(loss, context.keep_counts[len(labels)])
        return masked_mean(loss, mask[::-1])

    return Strategy(2 if both else 1, select, uses_forget_rate=True)


def normalized(power: float = 0.7):
    """Small losses count more, and the weights are divided by their sum."""

    def select(logits, labels, context):
        loss = cross_entropy(logits, labels)
        weights = jax.lax.stop_gradient((0.1 + loss) ** -power)
        return masked_mean(weights * loss, denominator=weights.sum(-1))

    return Strategy(1, select)


def broken(change, networks=1, **fields):
    """A method whose selection is changed, so that it breaks the contract."""

    def select(logits, labels, context):
        loss = cross_entropy(logits, labels)
        return change(masked_mean(loss, small_loss(loss, context.keep_counts[len(labels)])), loss)

    return Strategy(networks, select, **{"uses_forget_rate": True, **fields})


def trains_on_everything():
    return broken(lambda selection, loss: selection._replace(loss=loss + loss.mean()))


def says_nothing_about_forgetting():
    return broken(lambda selection, loss: selection, uses_forget_rate=False)


def prefers_the_first_network():
    return broken(lambda selection, loss: selection._replace(loss=loss * jnp.array([[1.0], [2.0]])), networks=2)


def takes_weights_for_a_mask():
    def select(logits, labels, context):
        loss = cross_entropy(logits, labels)
        return masked_mean(loss, jnp.exp(-loss))

    return Strategy(1, select)


def returns_the_loss():
    return Strategy(1, lambda logits, labels, context: cross_entropy(logits, labels))


def averages():
    return Strategy(1, lambda logits, labels, context: masked_mean(cross_entropy(logits, labels).mean()))


def asks_a_hyperparameter(weight: float = 0.5):
    return broken(lambda selection, loss: selection._replace(loss=loss * weight) if weight > 0 else selection)


def counts_in_whole_numbers():
    return broken(lambda selection, loss: selection._replace(denominator=jnp.full(1, 3)))


def in_a_ring():
    """Three networks; each selects for the next one."""
    return broken(lambda selection, loss: selection._replace(mask=jnp.roll(selection.mask, 1, 0)), networks=3)


def shares_a_row():
    """Two networks with one loss, in a step of its own."""

    def select(logits, labels, context):
        return masked_mean(cross_entropy(logits, labels).mean(0, keepdims=True))

    return Strategy(2, select, custom_step=lambda default_step, training, state, context: default_step(state, context))


def self_adaptive(momentum: float = 0.9):
    """Learns targets in its steps, and takes for wrong the labels that the targets have left."""

    def init(start):
        return {"labels": start.labels, "targets": jax.nn.one_hot(start.labels, len(start.transition))}

    def select(logits, labels, context):
        log_p, rows = jax.nn.log_softmax(logits), context.example_index
        new = momentum * context.memory["targets"][rows] + (1 - momentum) * jax.lax.stop_gradient(jnp.exp(log_p[0]))
        memory = context.memory | {"targets": context.memory["targets"].at[rows].set(new)}
        return masked_mean(-(new[None] * log_p).sum(-1))._replace(memory=memory)

    def listed(state):
        targets = state.memory["targets"]
        assert (np.abs(targets.sum(-1) - 1) < 1e-4).all() and state.params  # it has trained
        return Listed(targets.argmax(-1) != state.memory["labels"], {"confidence": targets.max(-1)})

    return Strategy(1, select, memory=Memory(init), suspects=Suspects(listed))


def without_networks():
    return broken(lambda selection, loss: selection, networks=0)


def remembers(first, change):
    """A method whose memory begins as `first` and is changed by `change`."""

    def select(logits, labels, context):
        loss = cross_entropy(logits, labels)
        return masked_mean(loss)._replace(memory=change(context.memory))

    return Strategy(1, select, memory=Memory(lambda start: first))


def changes_a_type():
    return remembers({"seen": jnp.zeros(3, jnp.float16)}, lambda memory: {"seen": memory["seen"].astype(jnp.float32)})


def loses_an_array():
    return remembers({"seen": jnp.zeros(3), "lost": jnp.zeros(3)}, lambda memory: {"seen": memory["seen"]})


def returns_a_mean():
    return broken(lambda selection, loss: selection._replace(loss=loss.mean(0)))


def next_even():
    """Each label changes to the next even class."""
    return flips(lambda classes: {clean: (clean // 2 * 2 + 2) % classes for clean in range(classes)})


def confidence():
    """Mean probability of the predicted class."""
    return Metric(per_example=lambda logits, labels: nn.softmax(logits).max(-1))


def keeps_a_share(share: float = 1.0):
    """Trains on the first examples."""

    def weights(labels, truth, p):
        return (np.arange(len(labels)) < float(share) * len(labels)).astype(np.float64)

    def select(logits, labels, context):
        return masked_mean(cross_entropy(logits, labels), (context.weights > 0)[None])

    return Strategy(1, select, example_weights=ExampleWeighting(weights))


def right():
    """Share of right predictions."""
    return Metric(per_example=lambda logits, labels: logits.argmax(-1) == labels[None])


def batches():
    """Number of batches for each network."""
    return Metric(lambda batch: (1, len(batch.output.logits)), is_share=False)


def takes_predictions(logits, labels):
    """Not a function that returns a metric, but what a metric computes."""
    return logits.argmax(-1) == labels[None]


def takes_logits_alone():
    """A metric without labels."""
    return Metric(per_example=lambda logits: logits.max(-1))


def of_one_number():
    """A metric with the wrong shape."""
    return Metric(per_example=lambda logits, labels: logits.max())


def rounds_down():
    """A metric that takes a number out of the compiled program."""
    return Metric(per_example=lambda logits, labels: jnp.full(labels.shape, int(logits.max())))


def asks_a_batch():
    """A metric with an `if`."""
    return Metric(per_batch=lambda batch: (1, 1) if batch.predictions.sum() else (0, 1))


def test_accuracy():
    """A name that jnl has."""
    return confidence()._replace(caption="Accuracy of others")


def precision():
    """A name that a field of the config has."""
    return confidence()


def indexes_with_a_mask():
    return broken(lambda selection, loss: selection._replace(loss=loss + loss[loss > 0].mean()))


def converts_a_loss():
    return broken(lambda selection, loss: selection._replace(loss=loss + float(loss.mean())))


def measures_nothing():
    return Metric()


def one_number_of_a_batch():
    return Metric(per_batch=lambda batch: batch.predictions.mean())


def no_number():
    return Metric(per_example=lambda logits, labels: None)


def trains_nothing():
    return Strategy(1)


class OfLinen(nn.Module):
    num_classes: int
    width: int = 32
    activation: object = nn.relu

    @nn.compact
    def __call__(self, x):
        x = self.activation(nn.Dense(self.width)(x.reshape(len(x), -1)))
        return nn.Dense(self.num_classes)(x)


class Noisy(nn.Module):
    """Noise by a random key that jnl does not give."""

    @nn.compact
    def __call__(self, x):
        logits = nn.Dense(10)(x.reshape(len(x), -1))
        return logits + jax.random.normal(self.make_rng("noise"), logits.shape)


class WithStatistics(nn.Module):
    """Batch norm and dropout, without convolutions, which compile slowly."""

    num_classes: int
    dropout: float = 0.3

    @nn.compact
    def __call__(self, x, train):
        x = nn.relu(nn.BatchNorm(use_running_average=not train)(nn.Dense(1024)(x.reshape(len(x), -1))))
        return nn.Dense(self.num_classes)(nn.Dropout(self.dropout, deterministic=not train)(x))


class OfNnx(nnx.Module):
    def __init__(self, rngs, width: int = 16):
        self.first, self.last = nnx.Linear(64, width, rngs=rngs), nnx.Linear(width, 10, rngs=rngs)

    def __call__(self, x):
        return self.last(nnx.relu(self.first(x.reshape(len(x), -1))))


def few_digits(number: int = 500):
    """The first digits."""
    digits = jnl.data.load("digits")
    train = digits.train
    return digits._replace(train=train._replace(**{name: getattr(train, name)[:number] for name in train._fields}))
