"""Epochs and batches follow the number of examples of a user's own data, where the user has set none."""

import numpy as np
import pytest
from ml_collections import ConfigDict

import jnl
from jnl.experiment.build import build
from jnl.settings.config import default
from jnl.settings.sizes import fit_to


@pytest.mark.parametrize(
    ("examples", "batch_size", "epochs"),
    [(2, 1, 200), (10, 5, 200), (300, 8, 82), (1_000, 32, 97), (20_000, 128, 20), (1_000_000, 128, 20)],
)
def test_a_training_has_about_3000_steps(examples, batch_size, epochs):
    config = default()
    config.epochs = config.batch_size = 0
    fit_to(config, examples)
    assert (config.batch_size, config.epochs, config.optim.decay_start) == (batch_size, epochs, int(0.4 * epochs))


def test_what_is_set_stays():
    config = default()
    config.epochs, config.batch_size, config.optim.decay_start = 0, 64, 7
    fit_to(config, 640)
    assert (config.batch_size, config.epochs, config.optim.decay_start) == (64, 200, 7)


@pytest.mark.parametrize("name", ["arrays", "folder", "own", "table"])
def test_only_data_of_users_have_no_published_sizes(name):
    config = jnl.get_config("jocor", f"data={name},rate=0.2")
    assert (config.epochs, config.batch_size) == (0, 0)
    assert (jnl.get_config("jocor", "data=mnist").epochs, jnl.get_config("jocor").batch_size) == (200, 128)


def dataset():
    return jnl.from_arrays(np.random.default_rng(0).normal(size=(300, 4)), np.arange(300) % 3)


def test_a_training_takes_them():
    config = jnl.get_config("standard", "data=own,rate=0.2")
    config.data = ConfigDict({"name": "own", "validation": 0.1})
    (program,) = build(config, lambda *arguments, **options: dataset())
    assert (program.settings.batch_size, len(program.epochs)) == (8, 82)
    whole, part = (
        jnl.get_config("standard", "data=own,rate=0.2"),
        ConfigDict({"epochs": 0, "batch_size": 0, "data": {"name": "own"}}),
    )
    plans = [build(each, lambda *a, **b: dataset())[0].settings.plan.learning_rate for each in (whole, part)]
    np.testing.assert_array_equal(*plans)  # also without a section `optim`
    assert (config.epochs, config.batch_size) == (0, 0)  # the config of the caller stays as it is


def test_a_sweep_over_the_data_needs_them():
    config = jnl.get_config("standard", "data=arrays,rate=0.2")
    config.sweep = (("data.dir", ("a.npz", "b.npz")),)
    with pytest.raises(jnl.UserError, match="the sweep changes the data; give config.epochs and config.batch_size"):
        build(config)
