"""jnl: training when some labels are wrong, many runs in one compiled program."""

from jnl import config, data, devices, losses, models, noise, schedules, selection, strategies, sweep
from jnl.errors import UserError
from jnl.experiment import History, run

__all__ = [
    "History", "UserError", "config", "data", "devices", "losses", "models", "noise", "run", "schedules", "selection",
    "strategies", "sweep",
]  # fmt: skip
