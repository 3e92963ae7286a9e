"""SOP (Liu et al. 2022, "Robust Training under Label Noise by Over-parameterization"): the label noise is learned.

Each example has trained numbers u and v, whose squares model the noise of its label. The loss compares p + U - V with
the label, where p is the prediction, U is u^2 at the class of the label and V is v^2 at the other classes. As in the
published code, V passes no gradient in the cross entropy and is trained by the squared error of the hard prediction; u
and v are updated by plain SGD, each with its own learning rate. Rates of the published code: 1 and 10 (CIFAR-100,
50 %), 0.1 and 100 (asymmetric; the paper has 1).
Departures: for other data the rates 1 and 10 are our choice. The options of SOP+ are not implemented.
"""

import jax
import jax.numpy as jnp
from jax import Array, lax

from jnl.core.memory import Arrays, Memory, MemoryInit
from jnl.core.strategy import Selection, StepContext, Strategy
from jnl.ops.selection import masked_mean
from jnl.support.errors import within


def sop(rate_u: float = 1.0, rate_v: float = 10.0) -> Strategy:
    """Train with learned label noise; `rate_u` and `rate_v` are the learning rates of u and v."""
    within("strategy.rate_u", rate_u, 0, 1e6, "published: 0.1 to 10")
    within("strategy.rate_v", rate_v, 0, 1e6, "published: 1 to 100")

    def select(logits: Array, labels: Array, context: StepContext) -> Selection:
        y = jax.nn.one_hot(labels, logits.shape[-1])
        p = jax.nn.softmax(logits[0])
        hard = jax.nn.one_hot(p.argmax(-1), p.shape[-1])

        def loss(p: Array, u: Array, v: Array) -> Array:
            of_label, of_rest = jnp.clip(u**2 * y, 0, 1), jnp.clip(v**2 * (1 - y), 0, 1)
            mixed = jnp.maximum(p + of_label - lax.stop_gradient(of_rest), 1e-4)
            mixed = jnp.clip(mixed / mixed.sum(-1, keepdims=True), 1e-4, 1.0)
            return -(y * jnp.log(mixed)).sum(-1) + jnp.square(hard + of_label - of_rest - y).sum(-1)

        u, v = (context.memory[name][context.example_index] for name in ("u", "v"))
        down_u, down_v = jax.grad(lambda *both: loss(lax.stop_gradient(p), *both).mean(), (0, 1))(u, v)
        memory = {
            "u": context.memory["u"].at[context.example_index].add(-rate_u * down_u),
            "v": context.memory["v"].at[context.example_index].add(-rate_v * down_v),
        }
        return masked_mean(loss(p, u, v)[None])._replace(memory=memory)

    def init(given: MemoryInit) -> Arrays:
        of_u, of_v = jax.random.split(given.key)
        shapes = (len(given.labels), 1), (len(given.labels), len(given.transition))
        return {"u": 1e-8 * jax.random.normal(of_u, shapes[0]), "v": 1e-8 * jax.random.normal(of_v, shapes[1])}

    return Strategy(1, select, memory=Memory(init))
