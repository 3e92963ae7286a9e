"""An exported model predicts the same in a Python that has only JAX and flatbuffers, by which JAX reads programs."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest
from conftest import quick
from flax import linen as nn
from safetensors.numpy import load_file

import jnl
from jnl import cli
from jnl.inference.export import export

ONLY = ("jax", "jaxlib", "numpy", "scipy", "ml_dtypes", "opt_einsum", "flatbuffers", "numpy.libs", "scipy.libs")


@pytest.fixture(scope="module")
def only_jax(tmp_path_factory):
    """A folder of packages that holds JAX, what JAX needs, and nothing else."""
    folder, site = tmp_path_factory.mktemp("packages"), Path(importlib.util.find_spec("jax").origin).parents[1]
    for name in ONLY:
        if (site / name).exists():
            (folder / name).symlink_to(site / name)
    return folder


def code_of(out):
    """The pieces of code in the README of an exported model: to call it, and to make its inputs."""
    return re.findall(r"```python\n(.*?)```", (out / "README.md").read_text("utf-8"), re.S)


def read_me(out, inputs, only_jax, tmp_path):
    """Runs the lines of the README of an exported model, as a stranger would: the probabilities."""
    lines = code_of(out)[0]
    lines = re.sub(r"inputs = np.zeros.*", f"inputs = np.load({str(tmp_path / 'inputs.npy')!r})", lines)
    np.save(tmp_path / "inputs.npy", inputs)
    code = f"""
import sys; sys.path[:0] = [{str(only_jax)!r}]
import numpy
{lines}
numpy.savez({str(tmp_path / "found.npz")!r}, probabilities=probabilities, names=names)
assert not {{"jnl", "flax", "optax", "safetensors"}} & sys.modules.keys()
"""
    clean = {"PATH": os.environ["PATH"], "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=out, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = np.load(tmp_path / "found.npz")
    return found["probabilities"], found["names"]


class Own(nn.Module):
    """Convolution, batch norm and dropout."""

    @nn.compact
    def __call__(self, x, train):
        x = nn.BatchNorm(use_running_average=not train)(nn.relu(nn.Conv(12, (3, 3))(x)))
        x = nn.relu(nn.Conv(8, (3, 3), strides=2)(x))  # the convolution that trains on CPU is another one
        return nn.Dense(10)(nn.Dropout(0.2, deterministic=not train)(x.reshape(len(x), -1)))


@pytest.mark.parametrize("model", [None, pytest.param(Own(), marks=pytest.mark.slow)], ids=["mlp", "own"])
def test_images(model, only_jax, tmp_path, capsys):
    history = jnl.run(quick("jocor", augment__normalize="channels"), tmp_path / "run", model=model)
    inputs = jnl.data.load("digits").test.inputs
    expected = history.predict_proba(inputs)
    if model is None:
        assert cli.main(["export", str(tmp_path / "run"), f"--out={tmp_path / 'model'}"]) == 0
        assert "model.stablehlo" in capsys.readouterr().out
        assert cli.main(["export", str(tmp_path / "run"), f"--out={tmp_path / 'model'}"]) == 0  # an earlier export
        (tmp_path / "README.md").write_text("mine")
        assert cli.main(["export", str(tmp_path / "run"), f"--out={tmp_path}"]) == 2
        assert f"error: --out: {tmp_path} holds files and no earlier export of jnl" in capsys.readouterr().err
        assert (tmp_path / "README.md").read_text() == "mine"
    else:
        jnl.load(tmp_path / "run", model=model).export(tmp_path / "model")
    found, names = read_me(tmp_path / "model", inputs, only_jax, tmp_path)
    np.testing.assert_allclose(found, expected, atol=1e-6 if model is None else 2e-5)  # another convolution
    assert names.tolist() == [str(best) for best in found.argmax(1)]
    weights = load_file(tmp_path / "model" / "weights.safetensors")
    trained = history.state.params["Dense_0"]["kernel"][1, 1]
    np.testing.assert_array_equal(weights["run1/network2/params/Dense_0/kernel"], trained)
    assert json.loads((tmp_path / "model" / "classes.json").read_text()) == [str(number) for number in range(10)]


@pytest.mark.slow
def test_features_are_standardized_inside(only_jax, tmp_path):
    """The mean is so large that float32 holds few digits of it."""
    numbers = np.random.default_rng(0).normal(1e6 + 0.04, 20, (80, 3)).astype(np.float32)
    labels = (numbers[:, 0] > 1e6).astype(int)
    config = jnl.get_config("standard", "data=own,rate=0.1,quick")
    config.batch_size = 8
    history = jnl.run(config, dataset=jnl.from_arrays(numbers, labels))
    history.model.export(tmp_path / "model", run=1)
    found, _ = read_me(tmp_path / "model", numbers, only_jax, tmp_path)
    np.testing.assert_allclose(found, history.model.predict_proba(numbers, run=1), atol=1e-6)


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    history = jnl.run(quick("standard", seeds=1, epochs=1))
    (tmp_path / "file").write_text("")
    with pytest.raises(jnl.UserError, match="cannot write .*; give another folder"):
        history.model.export(tmp_path / "file" / "model")


class TestInputs:
    """The README says how they are made."""

    def exported(self, dataset, out):
        config = jnl.get_config("standard", "data=own,rate=0.1,quick")
        config.update({"batch_size": 6, "seeds": 1, "epochs": 1})
        history = jnl.run(config, dataset=dataset)
        export(history.model, out)
        program = jax.export.deserialize(bytearray((out / "model.stablehlo").read_bytes()))
        return history.model, lambda inputs: np.asarray(program.call(inputs)), (out / "README.md").read_text("utf-8")

    def test_means_that_float32_does_not_hold_are_subtracted_before(self, tmp_path):
        numbers = np.random.default_rng(0).normal([1.7e9, 3], [5, 1], (80, 2))
        labels = (numbers[:, 0] > 1.7e9).astype(int)
        dataset = jnl.from_arrays(pd.DataFrame(numbers, columns=["time", "size"]), labels)
        model, call, text = self.exported(dataset, tmp_path)
        (constant,) = re.findall("Then subtract these numbers in float64: (.*) from time.\n", text)
        found = call((numbers - [float(constant), 0]).astype(np.float32))
        np.testing.assert_allclose(found, model.predict_proba(numbers), atol=1e-5)

    def test_images_of_a_range(self, tmp_path):
        images = np.random.default_rng(0).random((80, 8, 8, 1)).astype(np.float32)
        with pytest.warns(UserWarning, match="rounded to 256 levels"):
            dataset = jnl.from_arrays(images, np.arange(80) % 2)
        model, call, text = self.exported(dataset, tmp_path)
        assert "In the training, 0 was black and 1 was white." in text
        variables = {"np": np, "images": images}
        exec(code_of(tmp_path)[1], variables)
        np.testing.assert_allclose(call(variables["inputs"]), model.predict_proba(images), atol=1e-5)

    @pytest.mark.filterwarnings("ignore:inputs. . texts? without a word")
    @pytest.mark.parametrize("of_any_language", [True, False])
    def test_texts(self, of_any_language, tmp_path, monkeypatch):
        texts = ["Don't, 3x ÜBER e\u0301tude", "नमस्ते दुनिया, मैं", "می\u200cخواهم bread_and 42", "", "one " * 20]
        known = ("über", "étude", "नमस्ते", "می\u200cخواهم", "one", "t", "x", "3", "bread")
        tokens = np.random.default_rng(0).integers(0, 11, (80, 10))
        dataset = jnl.from_arrays(tokens, np.arange(80) % 2, kind="tokens")
        columns = {"text": ()} if of_any_language else {}
        form = dataset.preparation._replace(words=known, columns=columns)
        model, call, _ = self.exported(dataset._replace(preparation=form), tmp_path)
        monkeypatch.chdir(tmp_path)
        variables = {}
        exec(code_of(tmp_path)[1].replace('["a text", "another one"]', repr(texts)), variables)
        np.testing.assert_array_equal(variables["inputs"], form._tokens(texts))
        assert len(set(variables["inputs"].ravel())) > 5
        assert call(variables["inputs"]).shape == (5, 2)

    def test_tokens(self, tmp_path):
        tokens = np.random.default_rng(0).integers(0, 11, (80, 10))
        _, _, text = self.exported(jnl.from_arrays(tokens, np.arange(80) % 2, kind="tokens"), tmp_path)
        assert "Tokens are numbers as in the training, from 0 to 10: check it" in text
