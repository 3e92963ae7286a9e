"""A matrix from a file, noise of others, and arguments that are refused."""

import jax.numpy as jnp
import numpy as np
import pytest
from conftest import quick

from jnl import noise
from jnl.experiment.build import build
from jnl.noise.kind import NoiseKind
from jnl.support.errors import UserError

MATRIX = np.array([[0.7, 0.3, 0.0], [0.0, 1.0, 0.0], [0.1, 0.29999991, 0.6]])  # the last row is rounded


@pytest.mark.parametrize("name", ["t.npy", "t.csv", "t.txt"])
def test_a_matrix_from_a_file(tmp_path, name):
    file = tmp_path / name
    if name == "t.npy":
        np.save(file, MATRIX.astype(np.float32))
    else:
        np.savetxt(file, MATRIX, delimiter="," if name == "t.csv" else " ")
    found = noise.transition("matrix", 3, 0.9, str(file))
    np.testing.assert_allclose(found, MATRIX, atol=2e-7)
    np.testing.assert_allclose(found.sum(1), 1, rtol=0, atol=1e-15)
    labels = np.arange(90) % 3
    drawn = noise.draw("matrix", labels, 3, 0.9, 1, file=str(file))
    np.testing.assert_array_equal(drawn, noise.corrupt(labels, found, 1))
    np.testing.assert_allclose(noise.assumed_rate("matrix", 0.9, str(file)), 0.7 / 3, rtol=1e-6)


def test_nominal_rates():
    for kind in set(noise.names()) - {"matrix"}:
        assert noise.assumed_rate(kind, 0.3) == (0 if kind == "none" else 0.3), kind


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.csv", "0.7,0.3\n0,0.9", "row 1 of .* adds up to 0.9; make it 1"),
        ("t.csv", "1,0\n0.10001,0.9", "row 1 of .* adds up to 1.00001; make it 1"),
        ("t.csv", "1.2,-0.2\n0,1", "row 0 of .* holds -0.2"),
        ("t.csv", "1,0\nnan,1", "row 1 of .* holds nan"),
        ("t.csv", "1,0\n0,inf", "row 1 of .* holds inf"),
        ("t.csv", "1,0,0\n0,1,0", r"has shape \(2, 3\)"),
        ("t.csv", "1,0\n0", "cannot read"),
        ("t.csv", "a,b", "cannot read"),
        ("t.txt", " ", "it is empty"),
        ("t.json", "[[1]]", "ending '.json' is not known"),
        ("t.npy", "1 0", "cannot read"),
        ("t.csv", "1,0,0\n0,1,0\n0,0,1", "has 3 classes, but the data have 2"),
    ],
)
def test_wrong_files_are_told(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=f"noise.file: .*{message}"):
        noise.transition("matrix", 2, 0.2, str(tmp_path / name))
    with pytest.raises(UserError, match="noise.file: cannot read"):
        noise.check("matrix", 0.2, str(tmp_path / "nowhere.csv"))
    with pytest.raises(UserError, match="noise.file: missing"):
        noise.check("matrix", 0.2)


def test_matrix_and_instance_reach_the_strategies(tmp_path):
    matrix = 0.7 * np.eye(10) + 0.3 * np.roll(np.eye(10), 1, 1)
    np.save(tmp_path / "t.npy", matrix)
    (program_spec,) = build(
        quick("coteaching", noise__kind="matrix", noise__file=str(tmp_path / "t.npy"), noise__rate=0.9)
    )
    (pair,) = build(quick("coteaching", noise__kind="pair", noise__rate=0.3))
    np.testing.assert_array_equal(program_spec.runs[0].labels, pair.runs[0].labels)
    np.testing.assert_array_equal(program_spec.runs[0].keep_counts, pair.runs[0].keep_counts)
    np.testing.assert_allclose(program_spec.runs[0].transition, matrix, atol=1e-7)

    first, second = build(quick("coteaching", noise__kind="instance", noise__seed="per_run"))[0].runs
    assert not np.array_equal(first.transition, second.transition)
    clean = np.asarray(program_spec.dataset.train.clean)
    np.testing.assert_allclose(first.transition, noise.realized(clean, np.asarray(first.labels), 10), rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "num_classes", "rate", "message"),
    [
        ("symetric", 10, 0.2, "did you mean 'symmetric'"),
        ("symmetric", 10, 1.2, "noise.rate: 1.2 is outside"),
        ("pair", 10, float("nan"), "noise.rate"),
        ("asymmetric_cifar10", 100, 0.4, "defined for 10 classes, but the data have 100"),
        ("asymmetric_cifar100_blocks", 10, 0.4, "defined for 100 classes"),
        ("symmetric", 1, 0.2, "at least 2 classes"),
    ],
)
def test_wrong_matrices_are_told(kind, num_classes, rate, message):
    with pytest.raises(UserError, match=message):
        noise.transition(kind, num_classes, rate)


@pytest.mark.parametrize(
    ("labels", "seed", "message"),
    [
        (np.array([0, 1, 4]), 0, r"found 0 to 4, but the noise has the classes 0 to 3"),
        (np.array([-1, 1]), 0, "found -1"),
        (np.array([0.0, 1.0]), 0, "whole numbers"),
        (np.zeros((2, 2), int), 0, "shape"),
        (np.array([0, 1]), -1, "noise.seed"),
        (np.array([0, 1]), 2**32, "noise.seed"),
        (np.array([0, 1]), 1.5, "noise.seed: 1.5; give a whole number"),
    ],
)
def test_wrong_labels_and_seeds_are_told(labels, seed, message):
    with pytest.raises(UserError, match=message):
        noise.corrupt(labels, noise.transition("symmetric", 4, 0.2), seed)


def of_its_own():
    """Noise that depends on the inputs: only light images get the next class."""
    return NoiseKind(
        None, lambda labels, inputs, classes, rate, seed: (labels + (inputs.mean((1, 2, 3)) > 80)) % classes
    )


def outside():
    return NoiseKind(None, lambda labels, inputs, classes, rate, seed: labels + classes)


def no_kind():
    return 3


def in_place():
    def draw(labels, inputs, classes, rate, seed):
        labels[np.random.default_rng(seed).random(len(labels)) < rate] += 1
        labels %= classes
        return labels

    return NoiseKind(None, draw)


def dims_the_inputs():
    def draw(labels, inputs, classes, rate, seed):
        inputs *= 0
        return labels

    return NoiseKind(None, draw)


def test_noise_of_others_may_have_no_matrix(tmp_path):
    (program_spec,) = build(quick("forward_correction", noise__kind=f"{__name__}:of_its_own"))
    run, clean = program_spec.runs[0], np.asarray(program_spec.dataset.train.clean)
    assert 0.1 < (run.labels != clean).mean() < 0.9
    np.testing.assert_allclose(run.transition, noise.realized(clean, np.asarray(run.labels), 10), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "outside",
            r"drew labels int64 of shape \[2\] from 10 to 11; its function `draw` must return whole numbers from 0",
        ),
        ("no_kind", "noise.kind: .* returns int, not a NoiseKind"),
    ],
)
def test_what_noise_of_others_does_wrong_is_told(name, message):
    with pytest.raises(UserError, match=message):
        noise.draw(f"{__name__}:{name}", np.array([0, 1]), 10, 0.2, 0, inputs=np.ones((2, 3)))


def test_noise_that_changes_labels_in_place_leaves_the_true_labels_as_they_are():
    labels, other = np.arange(90) % 3, np.arange(90) % 3
    first, second = (noise.draw(f"{__name__}:in_place", labels, 3, 0.4, seed) for seed in (0, 1))
    np.testing.assert_array_equal(labels, other)
    assert 0.2 < (first != labels).mean() < 0.6 and 0.2 < (second != labels).mean() < 0.6
    (program_spec,) = build(quick("standard", noise__kind=f"{__name__}:in_place", noise__seed="per_run"))
    assert all(0.1 < run_info.realized_rate < 0.3 for run_info in program_spec.run_infos)


@pytest.mark.parametrize("inputs", [np.ones((2, 3)), jnp.ones((2, 3))], ids=["numpy", "jax"])
def test_noise_that_changes_inputs_in_place_is_refused(inputs):
    with pytest.raises(UserError, match=r"dims_the_inputs' changes the inputs, .* change a copy"):
        noise.draw(f"{__name__}:dims_the_inputs", np.array([0, 1]), 10, 0.2, 0, inputs=inputs)
    assert (np.asarray(inputs) == 1).all()


@pytest.mark.parametrize("matrix", [np.full((3, 3), 33.3), np.full((3, 3), np.nan), np.full((4, 3), 1 / 3), -np.eye(3)])
def test_what_is_no_noise_matrix_is_refused(matrix):
    with pytest.raises(UserError, match="^transition: "):
        noise.corrupt(np.array([0, 1, 2]), matrix, 0)


def test_lists_are_arrays_and_other_mistakes_are_told():
    assert noise.realized([0, 1], [1, 1], 2).tolist() == [[0, 1], [0, 1]]
    with pytest.raises(UserError, match="clean: 3 labels for 2 noisy ones"):
        noise.realized([0, 1, 0], [1, 1], 2)
    with pytest.raises(UserError, match="there are 39 inputs for 40 labels"):
        noise.draw("instance", [0, 1] * 20, 2, 0.3, 0, inputs=[[1.0, 2.0]] * 39)
    assert len(noise.draw("instance", [0, 1] * 20, 2, 0.3, 0, inputs=[[1.0, 2.0]] * 40)) == 40
    with pytest.raises(UserError, match="noisy: labels from -1 to 1; give classes from 0 to 1"):
        noise.realized([0, 1], [-1, 1], 2)
    with pytest.raises(UserError, match="noise.rate: '0.3' is no number"):
        noise.transition("symmetric", 10, "0.3")
