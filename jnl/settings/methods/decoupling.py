"""Decoupling: the settings of the co-teaching papers."""

from jnl.settings.method import Method
from jnl.settings.protocols import co_teaching

METHOD = Method(reference=co_teaching)
