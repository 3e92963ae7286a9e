"""A training that would learn nothing, or the wrong thing, says so before it begins."""

import numpy as np
import pytest
from conftest import quick

import jnl
from jnl.experiment.build import build
from jnl.experiment.doubts import doubts

RANDOM = np.random.default_rng(0)


def of_digits(strategy="coteaching", **fields):
    return doubts(build(quick(strategy, **fields))[0])


def of_arrays(inputs, labels, strategy="standard", **fields):
    dataset = jnl.from_arrays(inputs, labels)
    config = jnl.get_config(strategy, "data=own")
    config.epochs, config.batch_size, config.seeds = 2, 8, 2
    for name, value in fields.items():
        config[name] = value
    with pytest.warns() as said:  # a warning of `run` stands at the line that calls it
        jnl.run(config, dataset=dataset)
    assert {str(one.message) for one in said if one.filename != __file__} == set()
    return [str(one.message) for one in said]


def test_a_usual_training_raises_no_doubt():
    assert of_digits() == of_digits("standard") == of_digits("jocor", noise__kind="pair", noise__rate=0.45) == []


def test_nothing_is_selected():
    (line,) = of_digits(batch_size=16, strategy__forget_rate=0.99, epochs=12)
    assert line.startswith("coteaching keeps none of the 16 examples of a batch from epoch 10 on; set strategy.forget_")


def test_nothing_is_forgotten():
    (line,) = of_digits(strategy__forget_rate=0.0)
    assert line.startswith("coteaching leaves no examples out in its 3 epochs: set strategy.forget_rate")


def test_much_more_is_forgotten_than_is_wrong(tmp_path):
    matrix = np.eye(10)
    matrix[3, 3], matrix[3, 5] = 0.4, 0.6
    np.savetxt(tmp_path / "one_class.txt", matrix)
    noise = {"noise__kind": "matrix", "noise__file": str(tmp_path / "one_class.txt")}
    (line,) = of_digits(**noise, strategy__forget_rate=0.6, epochs=12)
    assert line.startswith("coteaching leaves 60% of each batch out in the end, but 6.")
    assert line.endswith("% of the labels are wrong; set strategy.forget_rate to that share")
    assert of_digits("standard", **noise) == []


def test_all_inputs_are_the_same():
    (line,) = of_arrays(np.ones((200, 3)), np.arange(200) % 2)
    assert line.startswith("data: all training inputs are the same, so nothing can be learned from them")


def test_classes_are_as_many_as_their_examples():
    labels = np.repeat(np.arange(30), 4)
    (line,) = [line for line in of_arrays(RANDOM.normal(size=(120, 3)), labels) if line.startswith("data: ")]
    assert line.startswith("data: 30 of 30 classes have fewer training examples than there are classes ('0', '1', ")
    assert " and 25 more; the fewest are " in line


def test_the_validation_set_lacks_a_class():
    labels = np.array([0] * 100 + [1] * 98 + [2] * 3)
    line = "data.validation: the 20 examples held out have no label of the classes '2'; hold out a larger share"
    assert line in of_arrays(RANDOM.normal(size=(201, 3)), labels)


def test_few_batches_make_an_epoch():
    (line,) = of_arrays(RANDOM.normal(size=(200, 3)), np.arange(200) % 2, batch_size=64)
    assert line == (
        "config.batch_size: 180 training examples make only 2 batches of 64 in an epoch, so each epoch learns little; "
        "config.batch_size=18 gives 10"
    )
    lines = of_arrays(RANDOM.normal(size=(10, 3)), np.arange(10) % 2, batch_size=1)
    assert lines[-1].endswith("9 batches of 1 in an epoch, so each epoch learns little; give more examples")


def test_runs_share_their_lines():
    assert len(of_digits(strategy__forget_rate=0.0, seeds=3, noise__seed="per_run")) == 1


@pytest.mark.parametrize("clean", ["given", "given for most", "unknown"])
def test_noise_on_labels_that_are_not_known_to_be_true(clean):
    inputs, labels = RANDOM.normal(size=(400, 3)), np.arange(400) % 2
    truth = {"given": labels, "given for most": np.where(np.arange(400) < 9, -1, labels), "unknown": None}[clean]
    config = jnl.get_config("standard", "data=own,noise=symmetric,rate=0.2")
    config.epochs, config.batch_size = 1, 8
    dataset = jnl.from_arrays(inputs, labels, clean=truth)
    lines = doubts(build(config, lambda *given, **options: dataset)[0])
    assert lines == [] if clean == "given" else lines[0].startswith("own already has wrong labels, and noise.kind=symm")
