"""A training that is killed at any moment, even inside a save, ends with the bits of one that never was."""

import random

import pytest
from helpers.faults import finish, kill, left_behind, start

from jnl import strategies

# Statistics of batches, dropout, augmentation; a save after almost every segment, of which an epoch has several.
NETWORK = [
    "--config.batch_size=64", "--config.protocol.max_steps=8", "--config.model.dropout=0.3", "--config.augment.pad=1",
    "--config.noise.seed=per_run", "--config.data.validation=0.1", "--config.checkpoint.every_minutes=0.0005",
    "--config.checkpoint.segment=4",
]  # fmt: skip


def same(broken, unbroken):
    """Equal to the bit; how many bytes were compared."""
    (arrays, records), (expected, wanted) = left_behind(broken), left_behind(unbroken)
    assert arrays.keys() == expected.keys()
    for name, array in arrays.items():
        assert array.tobytes() == expected[name].tobytes(), name
    assert records == wanted
    return sum(array.nbytes for array in arrays.values())


def killed_and_resumed(tmp_path, kills, chance, config, *options):
    """Kills and resumes, in the end lets it finish -> how many kills, how many bytes were compared."""
    unbroken, broken, done = tmp_path / "unbroken", tmp_path / "broken", 0
    code, _, error = finish(unbroken, config, *options)
    assert code == 0, error
    for number in range(kills):
        done += kill(start(broken, config, *options), broken, chance, inside_a_save=number % 2 == 1)
    code, out, error = finish(broken, config, *options)
    assert code == 0, error
    assert "last 10" in out
    return done, same(broken, unbroken)


def test_killed_and_resumed_gives_the_same_bits(tmp_path):
    done, _ = killed_and_resumed(
        tmp_path, 1, random.Random(7), "configs/jocor.py:quick,model=mlp", *NETWORK, "--config.epochs=8"
    )
    assert done == 1


@pytest.mark.slow
def test_a_network_with_statistics_killed_and_resumed(tmp_path):
    options = [*NETWORK, "--config.epochs=12", "--config.runs_axis=map"]
    config = "configs/jocor.py:quick,model=cnn_faces"
    done, compared = killed_and_resumed(tmp_path, 2, random.Random(7), config, *options)
    assert done == 2
    assert compared > 2**20


# What has phases goes through them in few epochs.
SHORT = {
    "confident_filter": ["--config.strategy.folds=2", "--config.strategy.fold_epochs=2"],
    "coteaching_plus": ["--config.strategy.warmup_epochs=2"],
    "cores2": ["--config.strategy.wait_epochs=1", "--config.strategy.sieve_from=3"],
    "dividemix": ["--config.strategy.warmup_epochs=2"],
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("strategy", "axis"), [*((name, "map") for name in strategies.names()), ("jocor", "vmap"), ("dividemix", "vmap")]
)
def test_every_strategy_killed_and_resumed(strategy, axis, tmp_path, record_property):
    """Two kills each, the second one inside a save. A kill that comes too late is not counted."""
    config, chance = f"configs/{strategy}.py:quick,model=mlp", random.Random(f"{strategy} {axis}")
    options = [*NETWORK, "--config.epochs=8", f"--config.runs_axis={axis}", *SHORT.get(strategy, [])]
    done, compared = killed_and_resumed(tmp_path, 2, chance, config, *options)
    record_property("kills", done)
    record_property("bytes", compared)
    assert done
