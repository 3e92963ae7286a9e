"""jnl: training when some labels are wrong, many runs in one compiled program."""

from typing import TYPE_CHECKING

from jnl import data, models, noise, strategies
from jnl.data.from_arrays import from_arrays
from jnl.experiment.run import History, run
from jnl.inference.load import load
from jnl.inference.trained_model import TrainedModel
from jnl.ops import losses, schedules, selection
from jnl.parallel import devices
from jnl.settings import sweep
from jnl.settings.published import get_config
from jnl.support.errors import UserError
from jnl.support.signals import Stopped
from jnl.support.version import VERSION as __version__

if TYPE_CHECKING:
    from jnl.experiment.classifier import NoisyLabelClassifier
    from jnl.label_audit.audit import audit

__all__ = [
    "History", "NoisyLabelClassifier", "Stopped", "TrainedModel", "UserError", "__version__", "audit", "data",
    "devices", "from_arrays", "get_config", "load", "losses", "models", "noise", "run", "schedules", "selection",
    "strategies", "sweep",
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> object:
    if name == "NoisyLabelClassifier":
        from jnl.experiment.classifier import NoisyLabelClassifier  # scikit-learn takes more than a second to import

        return NoisyLabelClassifier
    if name == "audit":
        from jnl.label_audit.audit import audit  # pandas takes half a second to import

        return audit
    raise AttributeError(f"module 'jnl' has no attribute {name!r}")
