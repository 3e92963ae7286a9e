"""The benchmark counts right and runs; what it measures is not tested."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from conftest import quick
from jax import lax

from jnl import cli, models
from jnl.benchmark import epochs, limits, startup
from jnl.experiment.build import build
from jnl.parallel import flops


def test_matrix_products_and_convolutions_are_counted_with_their_loops():
    a, b = jnp.zeros((3, 4)), jnp.zeros((4, 5))
    assert flops.count(lambda a, b: jnp.tanh(a @ b), a, b) == 2 * 3 * 4 * 5
    assert flops.count(lambda a, b: lax.map(lambda row: row @ b, a), a, b) == 2 * 3 * 4 * 5
    assert flops.count(jax.jit(jax.vmap(jnp.dot, (0, None))), a, b) == 2 * 3 * 4 * 5
    assert flops.count(jax.grad(lambda b: (a @ b).sum()), b) in (2 * 2 * 3 * 4 * 5, 2 * 3 * 4 * 5)
    image, kernel = jnp.zeros((2, 8, 8, 3)), jnp.zeros((3, 3, 3, 7))

    def convolve(image, kernel):
        return lax.conv_general_dilated(image, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))

    assert flops.count(convolve, image, kernel) == 2 * 2 * 6 * 6 * 7 * 27


def test_an_epoch_of_the_mlp_costs_what_arithmetic_says():
    (program_spec,) = build(quick("jocor"))
    hidden, output, batch = 64 * 256, 256 * 10, 128
    forward = 2 * batch * (hidden + output)
    backward = 2 * batch * (hidden + 2 * output)  # no gradient with respect to the images
    evaluation = 2 * 3 * batch * (hidden + output)  # 355 examples in 3 batches
    assert epochs.count(program_spec) == 2 * (program_spec.train_spec.steps * (forward + backward) + evaluation)


@pytest.fixture
def small(monkeypatch):
    """Makes everything that is measured small."""
    monkeypatch.setitem(epochs.WORK, "mlp", epochs.WORK["mlp"]._replace(train=256, test=128))
    monkeypatch.setattr("jnl.benchmark.limits.SIDES", (256, 512))  # large ones take long; a CPU leaves the last out
    monkeypatch.setattr("jnl.benchmark.limits.MULTIPLICATIONS", 2**24)
    monkeypatch.setattr("jnl.benchmark.limits.MEBIBYTES", (1,))
    monkeypatch.setattr(startup, "_EPOCHS", 20)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_said_in_one_line(small, capsys):
    asked = ["--work", "mlp", "--runs", "1", "--axes", "map", "--repetitions", "1"]
    assert cli.main(["benchmark", *asked, "--out", "/dev/full"]) == 2
    error = capsys.readouterr().err
    assert error == "error: --out: cannot write /dev/full (No space left on device); give another file\n"


@pytest.mark.slow
def test_it_runs(small, tmp_path, capsys):
    out = tmp_path / "speed.json"
    asked = ["--work", "mlp", "--runs", "2", "--axes", "vmap", "--precisions", "bfloat16"]
    assert cli.main(["benchmark", *asked, "--repetitions", "1", "--out", str(out)]) == 0
    found = json.loads(out.read_text())
    assert [(row["axis"], row["precision"], row["runs"]) for row in found["epochs"]] == [("vmap", "bfloat16", 2)]
    best = max(found["limits"]["matmul"]["float32"].values())
    assert all(row["share_of_limit"] == pytest.approx(row["operations_per_second"] / best) for row in found["epochs"])
    assert found["startup"]["mlp"]["cold_seconds"]["median"] > 0
    assert "limit" in capsys.readouterr().out


def test_parts_can_be_left_out(small, tmp_path, capsys):
    out = tmp_path / "speed.json"
    asked = ["--work", "mlp", "--runs", "1", "--axes", "map", "--repetitions", "1", "--parts", "epochs"]
    assert cli.main(["benchmark", *asked, "--out", str(out)]) == 0
    found = json.loads(out.read_text())
    assert found["limits"] is None and found["startup"] == {}
    assert [row["share_of_limit"] for row in found["epochs"]] == [None]
    assert "matrix product" not in capsys.readouterr().out


def test_a_file_stays_until_something_is_measured_and_files_of_others_stay(small, tmp_path, monkeypatch, capsys):
    def stops(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(epochs, "measure", stops)
    out, asked = tmp_path / "speed.json", ["benchmark", "--work", "mlp", "--parts", "epochs", "--out"]
    assert cli.main([*asked, str(out)]) == 130
    assert not out.exists()
    earlier = json.dumps({"limits": None, "epochs": [1], "startup": {}})
    for content, code in ((earlier, 130), ("my notes", 2), ('{"epochs": 3}', 2)):
        out.write_text(content)
        assert cli.main([*asked, str(out)]) == code
        assert out.read_text() == content
        assert (f"{out} exists and holds no benchmark of jnl" in capsys.readouterr().err) == (code == 2)
    assert cli.main([*asked, str(tmp_path / "new" / "speed.json")]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["speed.json"]


def test_a_share_is_that_of_the_limit_of_its_precision():
    gpu = limits.Limits({"float32": {512: 1.0, 1024: 5.0}, "tf32": {512: 9.0, 1024: 8.0}, "bfloat16": {512: 20.0}}, {})
    assert [gpu.peak(name) for name in models.PRECISIONS] == [9.0, 5.0, 9.0, 20.0]
    cpu = limits.Limits({"float32": {512: 2.0}}, {})
    assert {cpu.peak(name) for name in models.PRECISIONS} == {2.0}


@pytest.mark.parametrize("precision", limits.PRODUCTS)
def test_products_of_every_precision_can_be_measured(precision, monkeypatch):
    monkeypatch.setattr("jnl.benchmark.limits.MULTIPLICATIONS", 1)
    assert limits._matmul(64, precision, 1) > 0


def test_only_a_cpu_cuts_an_epoch_of_seconds_of_a_gpu(monkeypatch):
    """Between two segments a GPU waits for the host."""
    assert epochs.program_spec("mlp", 32, "vmap").train_spec.segments == 2
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert epochs.program_spec("mlp", 32, "vmap").train_spec.segments == 1
    assert epochs.program_spec("cnn7", 1, "map").train_spec.steps == 60


@pytest.mark.parametrize("name", sorted(epochs.WORK))
@pytest.mark.slow
def test_every_work_can_be_built(name):
    program_spec = epochs.program_spec(name, 2, "map")
    assert len(program_spec.runs) == 2 and epochs.count(program_spec) > 1e9
