"""Tables for people of the labels that the runs of a program took for wrong. They never contain the true labels."""

from operator import itemgetter

import jax
import numpy as np

from jnl.core.train_state import TrainState
from jnl.experiment.program_spec import ProgramSpec, RunInfo

Table = list[list[str]]  # the names of the columns, then a row for each example


def tables(program_spec: ProgramSpec, states: TrainState) -> list[Table | None] | None:
    """Return the table of each run, or None if the strategy takes no labels for wrong.

    A run that has failed has None in place of its table.
    """
    if program_spec.settings.strategy.instance.suspects is None:
        return None
    every = (jax.tree.map(itemgetter(number), states) for number in range(len(program_spec.run_infos)))
    return [
        None if state.failed else _table(program_spec, run_info, state)
        for run_info, state in zip(program_spec.run_infos, every, strict=True)
    ]


def _table(program_spec: ProgramSpec, run_info: RunInfo, state: TrainState) -> Table:
    """Return one row for each label that the run took for wrong, below the names of the columns."""
    suspects = run_info.settings.strategy.instance.suspects
    assert suspects is not None
    listed, names, origin = suspects.listed(state), program_spec.dataset.class_names, program_spec.dataset.origin
    rows = np.flatnonzero(np.asarray(listed.wrong))
    columns = {"index": [str(row) for row in rows]}
    if origin is not None:
        columns["file"] = [origin(row) for row in rows.tolist()]
    columns["given"] = [names[label] for label in np.asarray(run_info.run.labels)[rows]]
    if listed.suggested is not None:
        columns["suggested"] = [names[label] for label in np.asarray(listed.suggested)[rows]]
    for name, values in listed.numbers.items():
        chosen = np.asarray(values)[rows].tolist()
        columns[name] = [str(value) if isinstance(value, int) else f"{value:.6f}" for value in chosen]
    return [list(columns), *(list(row) for row in zip(*columns.values(), strict=True))]
