"""A trained model: the networks of all runs of a training, and how inputs reach them."""

import logging
import os
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jnl.core.network import Network, Tree
from jnl.data.preparation import Inputs, Preparation
from jnl.ops.augment import Augment
from jnl.support.errors import UserError, unknown
from jnl.support.numerics import fixed_numerics
from jnl.support.text import number

_BYTES = 2**27  # of inputs that are on the device at the same time, as float32
_MOST = 1024  # examples of one batch; larger ones are not faster

_log = logging.getLogger(__name__)


class Program(NamedTuple):
    """The trained runs of one program. They have the same network."""

    network: Network
    augment: Augment  # evaluation normalizes as in training
    runs: tuple[int, ...]  # their numbers in `metrics.jsonl`
    points: tuple[str, ...]  # title of the point of the sweep of each run
    params: Tree  # [S, K, ...] on the host
    batch_stats: Tree  # [S, K, ...]
    failed: np.ndarray  # bool[S] runs whose loss was not finite

    @property
    def networks(self) -> int:
        """The number K of networks of a run."""
        return int(jax.tree.leaves(self.params)[0].shape[1])


class Chosen(NamedTuple):
    """A run that predicts."""

    network: Network
    augment: Augment
    run: int
    params: Tree  # [k, ...] of the networks that predict, on the device
    batch_stats: Tree


class TrainedModel(NamedTuple):
    """A trained model, such as `jnl.load` returns."""

    programs: tuple[Program, ...]
    class_names: tuple[str, ...]
    preparation: Preparation

    def __repr__(self) -> str:
        """Return a line with the networks, the classes and the inputs."""
        networks = number(sum(len(program.runs) * program.networks for program in self.programs), "network")
        kinds = ", ".join(dict.fromkeys(_name(program.network) for program in self.programs))
        return f"TrainedModel({networks} ({kinds}), {len(self.class_names)} classes, takes {self.preparation.wanted()})"

    def predict_proba(
        self, inputs: Inputs, *, point: str | None = None, run: int | None = None, network: int | None = None
    ) -> np.ndarray:
        """Return the probability of each class: the mean over all runs and networks, or of some of them.

        Inputs have the form that the data set of the training took: images of any size, rows of a table before they
        were standardized, texts, tokens. They are prepared as in training.

        Args:
          inputs: N inputs; `Preparation` says which.
          point: title of a point, if the training was a sweep with several points.
          run: number of a run, as in `metrics.jsonl`; None means all that have not failed.
          network: 1 or 2; None means both.

        Returns:
          f32[N, C], whose columns are the classes in the order of `class_names`.

        Raises:
          UserError: if the inputs do not fit, there is no such point, run or network, the run or all runs have failed,
            or a sweep has several points and none is chosen.
        """
        return self.of_stored(self.preparation(inputs), point=point, run=run, network=network)

    @fixed_numerics()
    def of_stored(
        self, stored: np.ndarray, *, point: str | None = None, run: int | None = None, network: int | None = None
    ) -> np.ndarray:
        """Return what `predict_proba` does, for inputs that are already prepared: [N, ...] -> f32[N, C]."""
        each = self.chosen(point, run, network)
        for chosen in each:
            _check_tokens(chosen.network, stored)
        total = sum((_of_all(chosen, stored) for chosen in each[1:]), _of_all(each[0], stored))
        return (total / len(each)).astype(np.float32)

    def predict(
        self, inputs: Inputs, *, point: str | None = None, run: int | None = None, network: int | None = None
    ) -> np.ndarray:
        """Return the most likely class of each input, str[N]. See `predict_proba` for arguments and errors."""
        probabilities = self.predict_proba(inputs, point=point, run=run, network=network)
        return np.array(self.class_names)[probabilities.argmax(-1)]

    def export(
        self,
        out: str | os.PathLike[str],
        *,
        point: str | None = None,
        run: int | None = None,
        network: int | None = None,
    ) -> list[Path]:
        """Write files that predict without jnl, and return them. See `jnl.inference.export`."""
        from jnl.inference.export import export  # imported here, because that file imports this one

        return export(self, Path(out), point=point, run=run, network=network)

    def chosen(self, point: str | None, run: int | None, network: int | None) -> list[Chosen]:
        """Return each run that predicts, with the weights of its networks. See `predict_proba`."""
        runs = self._runs(point, run)
        most = min(program.networks for program, _ in runs)
        if network is not None and not 1 <= network <= most:
            raise UserError(f"network: {network}; these runs have {number(most, 'network')}, the first one is 1")
        nets = slice(None) if network is None else slice(network - 1, network)
        return [
            Chosen(
                program.network,
                program.augment,
                program.runs[place],
                *jax.tree.map(partial(_weights, place, nets), (program.params, program.batch_stats)),
            )
            for program, place in runs
        ]

    def _runs(self, point: str | None, run: int | None) -> list[tuple[Program, int]]:
        """Return each run that predicts: its program, and its position in the program."""
        every = [(program, place) for program in self.programs for place in range(len(program.runs))]
        points = list(dict.fromkeys(program.points[place] for program, place in every))
        if point is not None and point not in points:
            raise unknown("point", point, points)
        if point is None and run is None and len(points) > 1:
            raise UserError(f"point: the training was a sweep; choose one of its points: {'; '.join(points)}")
        every = [(program, place) for program, place in every if point in (None, program.points[place])]
        if run is not None:
            chosen = [(program, place) for program, place in every if program.runs[place] == run]
            if not chosen:
                numbers = ", ".join(str(program.runs[place]) for program, place in every)
                raise UserError(f"run: {run}; the model has the runs {numbers}")
            every = chosen
        found = [(program, place) for program, place in every if not program.failed[place]]
        if not found and run is not None:
            raise UserError(f"run: {run}; this run has failed; choose another one, or train again")
        if not found:
            whole = "training" if point is None else "point"
            raise UserError(f"run: all runs of this {whole} have failed; train again with a smaller learning rate")
        if len(found) < len(every):
            _log.warning("%d of %d runs have failed and do not predict", len(every) - len(found), len(every))
        return found


def _name(network: Network) -> str:
    """Return the name of the class or function that a network comes from."""
    return getattr(getattr(network, "source", None), "__name__", type(network).__name__)


def _check_tokens(network: Network, stored: np.ndarray) -> None:
    """Raise `UserError` if a token is none of those that the network knows. JAX would take another one for it."""
    if not network.vocabulary or stored.dtype != np.int32:
        return
    row, most = int(stored.max(1).argmax()), int(stored.max())
    if most >= network.vocabulary:
        raise UserError(
            f"inputs: token {most} in row {row} (the first is 0), but the model knows tokens up to "
            f"{network.vocabulary - 1}; leave such tokens out, or train with a larger model.vocabulary"
        )


def _weights(place: int, nets: slice, leaf: np.ndarray) -> Array:
    """Return the weights of some networks of one run on the device: [S, K, ...] -> [k, ...]."""
    return jnp.asarray(leaf[place, nets])


def _of_all(chosen: Chosen, stored: np.ndarray) -> np.ndarray:
    """Return the mean probabilities of the networks of a run for stored inputs: f32[N, C]."""
    most = max(1, min(_MOST, _BYTES // (4 * stored[0].size)))
    size = -(-len(stored) // -(-len(stored) // most))  # as many batches as needed, of equal size
    found = []
    for start in range(0, len(stored), size):
        batch = stored[start : start + size]
        missing = size - len(batch)
        if missing:  # all batches have one size, so that one program predicts them
            batch = np.concatenate([batch, np.repeat(batch[-1:], missing, 0)])
        found.append(_compiled(chosen.network, chosen.augment, chosen.params, chosen.batch_stats, batch))
    return np.concatenate(jax.device_get(found))[: len(stored)]


def probabilities(network: Network, augment: Augment, params: Tree, batch_stats: Tree, stored: Array) -> Array:
    """Return the mean probabilities of the networks of a run for one batch.

    Args:
      network: the network.
      augment: makes inputs of the network from stored inputs.
      params: [K, ...].
      batch_stats: [K, ...].
      stored: [B, ...].

    Returns:
      f32[B, C].
    """
    inputs, total = augment.evaluate(stored), jnp.zeros(())
    networks = len(jax.tree.leaves(params)[0])
    for place in range(networks):  # one after the other: convolutions are slower under vmap
        mine, statistics = jax.tree.map(lambda leaf: leaf[place], (params, batch_stats))  # noqa: B023
        logits, _, _ = network.apply(mine, statistics, inputs, False, jax.random.key(0))
        total = total + jax.nn.softmax(logits, -1)
    return total / networks


_compiled = jax.jit(probabilities, static_argnums=(0, 1))
