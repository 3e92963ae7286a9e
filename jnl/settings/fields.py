"""The role of each field of a config outside the training itself. All lists of fields with a special role are here."""

from enum import Enum
from typing import NamedTuple


class OnResume(Enum):
    """What a resumed training does if the config has another value than the workdir."""

    REFUSE = "refuse"  # it would be another training
    WARN = "warn"  # the last bits may differ
    ACCEPT = "accept"  # the results are the same


class Role(NamedTuple):
    """What depends on a field outside the training."""

    on_resume: OnResume = OnResume.REFUSE
    separates: bool = True  # the report compares only runs that agree in this field
    listed: bool = True  # the report lists the field among the settings of a training


_BOOKKEEPING = Role(OnResume.ACCEPT, separates=False, listed=False)
_PLACEMENT = Role(OnResume.WARN, separates=False)
# Every other field changes what is trained. It has the role `Role()`.
_ROLES = {
    "seeds": Role(separates=False),
    "noise.seed": Role(separates=False),
    "data.dir": Role(OnResume.ACCEPT, separates=False),
    "data.stream": Role(separates=False),
    "runs_axis": _PLACEMENT,
    "runs_at_once": _PLACEMENT,
    "devices_per_batch": _PLACEMENT,
    "checkpoint": Role(separates=False, listed=False),  # of the fields of this section that have no entry
    "checkpoint.every_epochs": _BOOKKEEPING,
    "checkpoint.every_minutes": _BOOKKEEPING,
    "checkpoint.keep": _BOOKKEEPING,
    "checkpoint.changed_code": _BOOKKEEPING,
    "workdir": _BOOKKEEPING,
    "report": _BOOKKEEPING,
    "tensorboard": _BOOKKEEPING,
    "minutes": _BOOKKEEPING,
    "metrics": Role(separates=False, listed=False),
    "protocol.checkpoint": Role(listed=False),  # the report applies every rule to the curves
    "sweep": Role(listed=False),
    "sweep_filter": Role(listed=False),
}

# Fields of a section that all plug-ins share. The other fields are options of the plug-in that the section names.
SHARED = {
    "data": ("name", "dir", "validation", "balanced", "stream", "corrections"),
    "strategy": ("name", "forget_rate", "ramp_epochs", "exponent", "forget_schedule"),
    "model": ("name",),
}
OF_ANY_DATA = tuple(name for name in SHARED["data"] if name != "dir")  # they do not say how data are read
FORGET_FIELDS = SHARED["strategy"][1:]  # only strategies that forget have these
DATA_VARIANTS = ("data.labels", "data.outside")  # options that give other data under the same name
AUTO = "auto"  # such a field is estimated from the labels before the training
FROM_NOISE_RATE = ("strategy.forget_rate", "strategy.noise_rate")  # these follow noise.rate unless they are set


def role(field: str) -> Role:
    """Return the role of a field, such as `noise.seed`: its own entry, or the entry of its section."""
    return _ROLES.get(field) or _ROLES.get(field.partition(".")[0]) or Role()
