"""Configs of published tables: one cell for each method and noise, with the settings of the method's own config."""

from collections.abc import Mapping, Sequence

from ml_collections import ConfigDict

from jnl.settings.config import CORE, complete
from jnl.settings.protocols import co_teaching
from jnl.settings.published import get_config, options, shorten
from jnl.support.errors import UserError

# The cells of tables 2 to 4 of JoCoR (Wei et al. 2020).
METHODS = ("standard", "forward_correction", "decoupling", "coteaching", "coteaching_plus", "jocor")
NOISES = (
    "noise=symmetric,rate=0.2",
    "noise=symmetric,rate=0.5",
    "noise=symmetric,rate=0.8",
    "noise=asymmetric,rate=0.4",
)


def table(strategies: Sequence[str], noises: Sequence[str], data: str, arg: str | None) -> ConfigDict:
    """Return the config of a published table: one cell for each strategy and noise, with 8 seeds unless `quick`.

    Args:
      strategies: names of the strategies.
      noises: arguments such as `noise=symmetric,rate=0.2`.
      data: name of the data set. Options for all cells may follow it (`cifar10,model=cnn7`).
      arg: `quick`, `reference`, both or nothing.

    Raises:
      UserError: if `arg` has another option.
    """
    if other := sorted(options(arg).keys() - {"quick", "reference"}):
        raise UserError(
            f"the config's argument: every cell of this sweep sets its own {other[0]}; choose cells with "
            "config.sweep_filter"
        )
    cells = {}
    for noise in noises:
        for strategy in strategies:
            argument = ",".join(filter(None, (f"data={data}", noise, arg)))
            cells[",".join(filter(None, (strategy, noise)))] = cell = of_table(strategy, argument)
            if "quick" not in options(arg):
                cell.seeds = 8
    return grid(cells)


def of_table(strategy: str, arg: str) -> ConfigDict:
    """Return the config of a strategy as the co-teaching papers train it for their tables.

    It is `get_config(strategy, arg)`, but `reference` means the protocol of the tables also for the strategies of other
    papers, whose own code has another one.
    """
    given = options(arg)
    if "reference" not in given or strategy in CORE:
        return get_config(strategy, arg)
    config = get_config(strategy, ",".join(part for part in arg.split(",") if part != "reference"))
    co_teaching(config)
    if "quick" in given:
        shorten(config)
    return config


def grid(cells: Mapping[str, ConfigDict]) -> ConfigDict:
    """Return one config whose points are these cells: title -> config.

    Fields with the same value in all cells can be changed for all cells at once.
    """
    every = {title: complete(cell).to_dict() for title, cell in cells.items()}
    first, *others = every.values()
    differ = [field for field in first if any(other[field] != first[field] for other in others)]
    config = complete(next(iter(cells.values())))
    rows = tuple({"title": title, **{field: cell[field] for field in differ}} for title, cell in every.items())
    config.sweep = (("cells", rows),)
    return config
