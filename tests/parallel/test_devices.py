"""One device, several, several processes: the same selections and metrics. The real command in real processes."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest
from conftest import QUICK_COMPILER, ROOT
from helpers.faults import rows, wait_until

LINE = [sys.executable, "train.py", "--config=configs/coteaching.py:quick", "--config.seeds=3"]


def environment(devices, **more):
    flags = f"{QUICK_COMPILER} --xla_force_host_platform_device_count={devices}"
    return {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags, **more}


def curves(workdir, epochs=3):
    """Name -> values of all rows."""
    rows = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    assert [(row["epoch"], row["run"]) for row in rows] == [(epoch, run) for epoch in range(epochs) for run in range(3)]
    names = [name for name in rows[0] if "seconds" not in name]
    return {name: np.array([row[name] for row in rows], np.float64) for name in names}  # null becomes NaN


@pytest.fixture(scope="module")
def one_device(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("one")
    subprocess.run([*LINE, f"--workdir={workdir}"], cwd=ROOT, env=environment(1), check=True)
    return curves(workdir)


def same(found, expected):
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        # Sums may be taken in another order; what is counted (selected, right, precise) is equal.
        np.testing.assert_allclose(found[name], values, rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("options", [[], ["--config.devices_per_batch=4"]])
@pytest.mark.slow
def test_eight_devices(options, one_device, tmp_path):
    subprocess.run([*LINE, *options, f"--workdir={tmp_path}"], cwd=ROOT, env=environment(8), check=True)
    same(curves(tmp_path), one_device)
    layout = json.loads((tmp_path / "summary.json").read_text())["programs"][0]["layout"]
    assert layout.startswith("by map over 2 x cpu, 4 devices for each batch" if options else "by map over 3 x cpu")


def start_two(*options, line=LINE):
    """The same command in two processes that train together."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    return [
        subprocess.Popen(
            [*line, *options],
            cwd=ROOT,
            env=environment(1, JAX_COORDINATOR_ADDRESS=address, JAX_NUM_PROCESSES="2", JAX_PROCESS_ID=str(number)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]


@pytest.mark.slow
def test_two_processes(one_device, tmp_path):
    processes = start_two(f"--workdir={tmp_path}")
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    same(curves(tmp_path), one_device)
    assert "last 10" in outputs[0] and "last 10" not in outputs[1]  # one of them speaks
    assert "over 2 x cpu" in outputs[0]


@pytest.mark.slow
def test_two_processes_stop_and_go_on_with_any_number_of_devices(tmp_path):
    """A signal to one of them stops both; others take up what they saved."""
    options = ["--config.epochs=60", f"--workdir={tmp_path}/both"]
    processes = start_two(*options)
    wait_until(lambda: rows(tmp_path / "both") >= 9 or processes[0].poll() is not None)
    processes[1].send_signal(signal.SIGTERM)
    errors = [process.communicate(timeout=300)[1] for process in processes]
    assert [process.returncode for process in processes] == [143, 143], errors
    taken_up = tmp_path / "one"
    shutil.copytree(tmp_path / "both", taken_up)
    outputs = [process.communicate(timeout=300)[0] for process in start_two(*options)]
    assert "last 10" in outputs[0]
    line = [*LINE, "--config.epochs=60", f"--workdir={taken_up}"]
    done = subprocess.run(line, cwd=ROOT, env=environment(3), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "began with other device" in done.stderr
    found, expected = (curves(path, 60) for path in (taken_up, tmp_path / "both"))
    np.testing.assert_allclose(found["train_loss"], expected["train_loss"], rtol=0.05)


def test_a_signal_ends_connected_processes_before_they_train():
    """JAX has a handler of its own there, which would only note the signal."""
    code = "import time; from jnl.parallel import devices; devices.connect(); print('connected'); time.sleep(60)"
    processes = start_two(line=[sys.executable, "-uc", code])
    assert [process.stdout.readline() for process in processes] == ["connected\n"] * 2
    for process in processes:
        process.send_signal(signal.SIGTERM)
    errors = [process.communicate(timeout=30)[1] for process in processes]
    assert processes[1].returncode == -signal.SIGTERM, errors


@pytest.mark.parametrize(
    ("variables", "message"),
    [({"JAX_NUM_PROCESSES": "2"}, "set JAX_COORDINATOR_ADDRESS too"), ({"JAX_NUM_PROCESSES": "two"}, "two")],
)
@pytest.mark.slow
def test_processes_that_cannot_meet(variables, message):
    done = subprocess.run(LINE, cwd=ROOT, env=environment(1, **variables), capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: JAX_NUM_PROCESSES") and message in done.stderr
    assert done.stderr.count("\n") == 1
