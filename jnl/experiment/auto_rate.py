"""Estimate the share of wrong labels before a training, where `strategy.forget_rate` or `noise_rate` is `auto`."""

import copy
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from ml_collections import ConfigDict

from jnl import data
from jnl.data.arrays import split
from jnl.data.dataset import Dataset
from jnl.experiment.build import build
from jnl.experiment.fold_predictions import Plan, share_to_forget, train
from jnl.models import ModuleNetwork
from jnl.noise import posterior
from jnl.results.recorded import estimated_rate
from jnl.settings.config import complete
from jnl.settings.fields import AUTO, FROM_NOISE_RATE
from jnl.settings.parse import all_fields, seeds_of
from jnl.settings.sweep import points, swept_names, swept_values
from jnl.support.errors import UserError
from jnl.support.text import number

_SWEPT = ("data.", "noise.", "strategy.name", "cells")  # a sweep over one of them has no single rate


class Rated(NamedTuple):
    """A config whose rates are numbers."""

    config: ConfigDict
    line: str | None  # a sentence about the estimate, or None if nothing was estimated
    rate: float | None  # the estimate


def rated(
    config: ConfigDict,
    load: Callable[..., Dataset] = data.load,
    network: ModuleNetwork | None = None,
    workdir: str | os.PathLike[str] | None = None,
) -> Rated:
    """Return a config with an estimate in place of each rate that says `auto`.

    A short training on folds of the noisy labels of the first run, by cross entropy and then by Co-teaching, precedes
    the estimate. A training that continues takes the number that its workdir records.

    Args:
      config: the config.
      load: as for `build`.
      network: as for `build`.
      workdir: the folder of the training, if it has one.

    Raises:
      UserError: if the sweep gives several data sets or noises, the config cannot be used, or the workdir holds another
        training.
    """
    fields = [field.partition(".")[2] for field in FROM_NOISE_RATE]
    given = complete(config).strategy
    asked = [field for field in fields if given.get(field) == AUTO]
    for field, value in swept_values(config):
        if field in FROM_NOISE_RATE and value == AUTO:
            raise UserError(f"config.sweep: {field} cannot sweep {AUTO!r}; set config.{field}={AUTO} without a sweep")
    if not asked:
        return Rated(config, None, None)
    for name in swept_names(config):
        if name.startswith(_SWEPT):
            raise UserError(
                f"strategy.{asked[0]}: {AUTO}, but the sweep over {name} has several noises; give the rate as a number"
            )
    names = " and ".join(f"strategy.{field}" for field in asked)
    before = None if workdir is None else estimated_rate(Path(workdir), all_fields(config))
    if before is not None:
        return Rated(_with(config, asked, before), f"{names}: {before:.3f}, as estimated before", before)
    single = copy.deepcopy(config)
    with single.unlocked():
        single.seeds = seeds_of(next(points(config)).config.seeds)[:1]  # the noise can have the seed of the run
        single.sweep, single.sweep_filter = (), ""
        for field in asked:
            single.strategy[field] = None
    program_spec, *_ = build(single, load, network)
    labels = np.asarray(program_spec.runs[0].labels)
    noisy = program_spec.dataset._replace(train=split(np.asarray(program_spec.dataset.train.inputs), labels), test=None)
    plan = Plan(network)
    if (most := int(np.bincount(labels).max())) < plan.folds:
        raise UserError(
            f"strategy.{asked[0]}: {AUTO} trains on {plan.folds} folds of the labels, but no class has more than "
            f"{number(most, 'example')}; give the rate as a number"
        )
    plain = train(noisy, "standard", 0.0, plan, "noise rate").last
    found = train(noisy, "coteaching", share_to_forget(plain, labels), plan, "noise rate").last
    noise = posterior.estimate(posterior.explain(found, labels), labels)
    interval = f"95 % interval {noise.low:.3f} to {noise.high:.3f}; it does not include the errors of the models"
    line = f"{names}: {noise.rate:.3f}, estimated from the labels ({interval})"
    return Rated(_with(config, asked, noise.rate), line, noise.rate)


def _with(config: ConfigDict, fields: Sequence[str], rate: float) -> ConfigDict:
    """Return a copy of a config in which fields of the strategy have a rate."""
    config = copy.deepcopy(config)
    for field in fields:
        config.strategy[field] = rate
    return config
