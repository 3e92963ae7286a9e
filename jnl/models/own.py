"""A network of the caller: `jnl.run(config, model=MyModule(...))`. It cannot be made by its name."""

from flax import linen as nn

from jnl.core.errors import UserError


def own(num_classes: int) -> nn.Module:
    """Raise `UserError`, because the network is an object of another program."""
    raise UserError(
        "model.name: 'own' means a network in memory; give it with jnl.run(config, model=MyModule(...)), or choose a "
        "network by its name"
    )
