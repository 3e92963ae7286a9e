"""Oracle: the settings of the co-teaching papers."""

from jnl.settings.method import Method

METHOD = Method(reference="it is an upper bound and no method")
