"""What is published for one method. Each file of `settings/methods/` holds one record of this type, `METHOD`."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ml_collections import ConfigDict

Change = Callable[[ConfigDict], None]  # changes a config in place


def nothing(config: ConfigDict) -> None:
    """Leave a config as it is."""


class Method(NamedTuple):
    """The published settings of a method, as far as they differ from the defaults of all methods.

    The functions are called in this order, and each sees what those before it have set.
    """

    settings: Change = nothing  # sets the published values for the data set and the noise of a config
    reference: Change | str = "jnl does not know published code of this strategy"  # protocol of the code, or why not
    quick: Change = nothing  # shortens the phases of the method, for a training of seconds
    networks: Mapping[str, str] = {}  # data set -> network, where the method is published with its own
