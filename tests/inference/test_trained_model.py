"""A trained model predicts as it did in training, whoever loads it and whatever form its inputs have."""

import json
import shutil

import jax
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from conftest import quick
from flax import linen as nn
from PIL import Image

import jnl
from jnl import cli, models
from jnl.inference import input_files


@pytest.fixture(scope="module")
def digits():
    return jnl.data.load("digits")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A workdir, and its history: two runs of two networks."""
    workdir = tmp_path_factory.mktemp("trained")
    return workdir, jnl.run(quick("jocor", augment__normalize="channels"), workdir)


def accuracy(probabilities, labels):
    return np.float32((probabilities.argmax(1) == np.asarray(labels)).mean())


class TestPredictions:
    @pytest.mark.parametrize("run", [0, 1])
    @pytest.mark.parametrize("network", [1, 2])
    def test_their_accuracy_is_what_the_training_reported(self, run, network, trained, digits):
        workdir, history = trained
        found = jnl.load(workdir).predict_proba(digits.test.inputs, run=run, network=network)
        reported = history.metrics["test_accuracy"][run, -1, network - 1]
        assert accuracy(found, digits.test.labels) == pytest.approx(reported, abs=1e-6)

    def test_they_are_the_mean_over_runs_and_networks(self, trained, digits):
        model = jnl.load(trained[0])
        each = [
            model.predict_proba(digits.test.inputs, run=run, network=network) for run in (0, 1) for network in (1, 2)
        ]
        found = model.predict_proba(digits.test.inputs)
        np.testing.assert_allclose(found, np.mean(each, 0), rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(found.sum(1), 1, rtol=1e-5)

    def test_a_history_predicts_as_its_workdir(self, trained, digits):
        workdir, history = trained
        expected = jnl.load(workdir).predict_proba(digits.test.inputs)
        np.testing.assert_array_equal(history.predict_proba(digits.test.inputs), expected)

    def test_a_model_shows_its_networks_classes_and_inputs(self, trained):
        said = "TrainedModel(4 networks (MLP), 10 classes, takes uint8 inputs of shape [N, 8, 8, 1])"
        assert repr(jnl.load(trained[0])) == repr(trained[1].model) == said

    def test_they_do_not_depend_on_the_number_of_inputs(self, trained, digits):
        model = jnl.load(trained[0])
        whole = model.predict_proba(np.concatenate([digits.train.inputs, digits.test.inputs]))  # two batches
        np.testing.assert_allclose(whole[-1:], model.predict_proba(digits.test.inputs[-1:]), rtol=1e-4, atol=1e-6)

    def test_classes_have_their_names(self, trained, digits):
        model = jnl.load(trained[0])
        best = model.predict_proba(digits.test.inputs[:9]).argmax(1)
        assert model.predict(digits.test.inputs[:9]).tolist() == [str(number) for number in best]

    @pytest.mark.slow
    def test_a_point_of_a_sweep_is_chosen(self, tmp_path, digits):
        sweep = "--config.sweep=(('strategy.name', ('standard', 'coteaching')),)"
        assert cli.main(["train", "--config=standard:quick", sweep, f"--workdir={tmp_path}"]) == 0
        model = jnl.load(tmp_path)
        with pytest.raises(jnl.UserError, match="choose one of its points: standard; coteaching"):
            model.predict_proba(digits.test.inputs)
        summary = json.loads((tmp_path / "summary.json").read_text())
        for point in summary["points"]:
            found = model.predict_proba(digits.test.inputs, point=point["title"], run=point["runs"][0], network=1)
            reported = point["test_accuracy"]["last"]["net1"]["per_run"][0]
            assert accuracy(found, digits.test.labels) == pytest.approx(reported, abs=1e-6)
        assert len(model.predict_proba(digits.test.inputs, point="coteaching", network=2)) == 355
        with pytest.raises(jnl.UserError, match="network: 2; these runs have 1 network, the first one is 1"):
            model.predict_proba(digits.test.inputs, point="standard", network=2)

    @pytest.mark.parametrize(
        ("given", "said"),
        [({"run": 7}, "run: 7; the model has the runs 0, 1"), ({"network": 3}, "these runs have 2 networks"),
         ({"network": 0}, "the first one is 1"), ({"point": "jocr"}, "unknown name 'jocr'")],
    )  # fmt: skip
    def test_what_is_not_there_is_said(self, given, said, trained, digits):
        with pytest.raises(jnl.UserError, match=said):
            jnl.load(trained[0]).predict_proba(digits.test.inputs, **given)


class TestInputs:
    """They have the form that people have."""

    def test_images_of_another_size_are_resized_and_it_is_said(self, trained, digits):
        model = jnl.load(trained[0])
        large = digits.test.inputs[:5].repeat(3, 1).repeat(3, 2)
        with pytest.warns(UserWarning, match=r"images \[24, 24, 1\] were converted to \[8, 8, 1\]"):
            found = model.predict_proba(large)
        np.testing.assert_allclose(found, model.predict_proba(digits.test.inputs[:5]), atol=0.2)
        gray = model.predict_proba(digits.test.inputs[:5, ..., 0])  # without an axis of channels
        np.testing.assert_array_equal(gray, model.predict_proba(digits.test.inputs[:5]))

    @pytest.mark.slow
    def test_features_are_standardized_as_in_training(self):
        random = np.random.default_rng(0)
        numbers = random.normal(100, 20, (80, 3))
        labels = (numbers[:, 0] > 100).astype(int)
        config = jnl.get_config("standard", "data=own,rate=0.1,quick")
        config.batch_size, config.seeds = 8, 1
        dataset = jnl.from_arrays(numbers, labels, test_inputs=numbers[:20], test_labels=labels[:20])
        history = jnl.run(config, dataset=dataset)
        reported = history.metrics["test_accuracy"][0, -1, 0]
        assert accuracy(history.predict_proba(numbers[:20]), labels[:20]) == pytest.approx(reported, abs=1e-6)

    @pytest.mark.slow
    def test_a_table_is_read_as_in_training(self, tmp_path, capsys):
        random = np.random.default_rng(0)
        size, color = random.normal(5, 2, 90), random.choice(["red", "blue"], 90)
        labels = np.where(size > 5, "big", "small")
        table = pa.table({"size": size, "color": color, "label": labels})
        pyarrow.csv.write_csv(table, tmp_path / "table.csv")
        config = jnl.get_config("standard", "data=table,rate=0.1,quick")
        config.data.dir, config.data.test, config.batch_size, config.seeds = (
            str(tmp_path / "table.csv"), str(tmp_path / "table.csv"), 8, 1,
        )  # fmt: skip
        history = jnl.run(config, tmp_path / "run")
        model = jnl.load(tmp_path / "run")
        reported = history.metrics["test_accuracy"][0, -1, 0]
        for form in (table, tmp_path / "table.csv", {"size": size, "color": color}):
            found = model.predict_proba(form)
            assert (model.predict(form) == labels).mean() == pytest.approx(reported, abs=1e-6)
        assert model.class_names == ("big", "small")
        with pytest.raises(jnl.UserError, match="inputs: column 'color' is missing"):
            model.predict_proba({"size": size})
        out = tmp_path / "out.csv"
        line = ["predict", str(tmp_path / "run"), str(tmp_path / "table.csv"), f"--out={out}", "--probabilities"]
        assert cli.main(line) == 0
        written = pyarrow.csv.read_csv(out).to_pydict()
        np.testing.assert_allclose(written["big"], found[:, 0], atol=1e-6)
        assert written["predicted"] == model.predict(table).tolist()

    @pytest.mark.parametrize(
        ("inputs", "said"),
        [(np.zeros((3, 5)), r"inputs: of shape \[3, 5\]; give uint8 inputs of shape \[N, 8, 8, 1\]"),
         (["text"], "inputs: of type <U4; give uint8"), (np.zeros((2, 8, 8, 2), np.uint8), "give uint8"),
         (np.zeros((0, 8, 8, 1), np.uint8), "there are none")],
        ids=["numbers", "text", "channels", "nothing"],
    )  # fmt: skip
    def test_what_does_not_fit_is_refused(self, inputs, said, trained):
        with pytest.raises(jnl.UserError, match=said):
            jnl.load(trained[0]).predict_proba(inputs)


class TestCommand:
    def test_a_folder_of_images(self, trained, digits, tmp_path, capsys):
        for number in range(4):
            folder = tmp_path / "images" / str(number % 2)
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(digits.test.inputs[number, ..., 0]).save(folder / f"{number}.png")
        out = tmp_path / "predictions.csv"
        assert cli.main(["predict", str(trained[0]), str(tmp_path / "images"), f"--out={out}"]) == 0
        assert f"4 predictions are in {out}" in capsys.readouterr().out
        written = pyarrow.csv.read_csv(out).to_pydict()
        assert written["input"] == ["0/0.png", "0/2.png", "1/1.png", "1/3.png"]
        expected = jnl.load(trained[0]).predict_proba(digits.test.inputs[[0, 2, 1, 3]])
        assert written["predicted"] == expected.argmax(1).tolist()
        np.testing.assert_allclose(written["probability"], expected.max(1), atol=1e-6)
        assert cli.main(["predict", str(trained[0]), str(tmp_path / "images" / "1" / "3.png"), f"--out={out}"]) == 0
        one = pyarrow.csv.read_csv(out).to_pydict()
        assert one["input"] == ["3.png"] and one["predicted"] == written["predicted"][3:]

    def test_which_of_several_arrays_is_said(self, trained, digits, tmp_path):
        np.savez(tmp_path / "mine.npz", train_inputs=digits.train.inputs, test_inputs=digits.test.inputs)
        with pytest.warns(UserWarning, match="the inputs are 'test_inputs'; the file also holds 'train_inputs'"):
            found = input_files.read(tmp_path / "mine.npz", jnl.load(trained[0]).preparation)
        np.testing.assert_array_equal(found.stored, digits.test.inputs)

    @pytest.mark.parametrize("save", [np.save, lambda file, array: np.savez(file, inputs=array)], ids=["npy", "npz"])
    def test_an_array(self, save, trained, digits, tmp_path):
        file = tmp_path / f"inputs.{'npy' if save is np.save else 'npz'}"
        save(file, digits.test.inputs)
        out = tmp_path / "predictions.csv"
        assert cli.main(["predict", str(trained[0]), str(file), f"--out={out}", "--run=1", "--network=2"]) == 0
        expected = jnl.load(trained[0]).predict_proba(digits.test.inputs, run=1, network=2)
        np.testing.assert_allclose(pyarrow.csv.read_csv(out).to_pydict()["probability"], expected.max(1), atol=1e-6)

    @pytest.mark.parametrize("name", ["nothing.npy", "text.npy", "table.csv", "empty"])
    def test_what_cannot_be_read_is_one_line(self, name, trained, tmp_path, capsys):
        (tmp_path / "text.npy").write_text("no array")
        (tmp_path / "table.csv").write_text("a,b\n1,2\n")
        (tmp_path / "empty").mkdir()
        assert cli.main(["predict", str(trained[0]), str(tmp_path / name)]) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ") and error.count("\n") == 1

    def test_a_file_that_is_no_earlier_output_is_not_replaced(self, trained, digits, tmp_path, capsys):
        inputs, header = tmp_path / "inputs.npy", "input,predicted,probability\n"
        np.save(inputs, digits.test.inputs)
        (tmp_path / "data.csv").write_text(header)  # as an earlier output that is predicted from
        (tmp_path / "notes.csv").write_text("my,own,notes\n")
        rows = trained[0] / "metrics.jsonl"
        for given, out, said in (
            (tmp_path / "data.csv", tmp_path / "data.csv", "is the file of inputs; give another file"),
            (inputs, inputs, "is the file of inputs; give another file"),
            (inputs, tmp_path / "notes.csv", "exists and holds no predictions of jnl; give another file, or remove"),
            (inputs, rows, "exists and holds no predictions of jnl"),
        ):
            before = out.read_bytes()
            assert cli.main(["predict", str(trained[0]), str(given), f"--out={out}"]) == 2
            assert f"error: --out: {out} {said}" in capsys.readouterr().err
            assert out.read_bytes() == before


class Own(nn.Module):
    width: int = 8

    @nn.compact
    def __call__(self, x):
        return nn.Dense(10)(nn.relu(nn.Dense(self.width)(x.reshape(len(x), -1))))


class TestWorkdirs:
    """Of a workdir only data are read."""

    @pytest.mark.slow
    def test_a_network_of_the_caller_is_given_again(self, tmp_path, digits, capsys):
        history = jnl.run(quick("jocor"), tmp_path, model=Own())
        with pytest.raises(
            jnl.UserError, match="jnl does not have 'own', the network of this training; give the same one"
        ):
            jnl.load(tmp_path)
        with pytest.raises(jnl.UserError, match="jnl does not have 'own', the network of this training"):
            jnl.load(tmp_path, model="mlp")
        assert cli.main(["predict", str(tmp_path), str(tmp_path)]) == 2
        assert "give the same one in Python by jnl.load" in capsys.readouterr().err
        with pytest.raises(jnl.UserError, match="give the network that was trained"):
            jnl.load(tmp_path, model=Own(width=9))
        found = jnl.load(tmp_path, model=Own()).predict_proba(digits.test.inputs)
        np.testing.assert_array_equal(found, history.predict_proba(digits.test.inputs))

    @pytest.mark.slow
    def test_an_unfinished_training_is_loaded_and_it_is_said(self, tmp_path, digits, caplog):
        history = jnl.run(quick("jocor"), tmp_path, on_epoch_end=lambda epoch, metrics: True)
        found = jnl.load(tmp_path).predict_proba(digits.test.inputs)
        assert "has not finished" in caplog.text
        np.testing.assert_array_equal(found, history.predict_proba(digits.test.inputs))

    @pytest.mark.slow
    def test_programs_without_a_checkpoint_are_left_out_and_it_is_said(self, tmp_path, caplog):
        sweep = "--config.sweep=(('batch_size', (64, 128)),)"
        assert cli.main(["train", "--config=standard:quick", sweep, f"--workdir={tmp_path}"]) == 0
        shutil.rmtree(tmp_path / "checkpoints" / "1")
        (only,) = jnl.load(tmp_path).programs
        assert set(only.points) == {"batch_size=64"}
        assert "1 of 2 programs" in caplog.text
        shutil.rmtree(tmp_path / "checkpoints" / "0")
        with pytest.raises(jnl.UserError, match="holds no checkpoint that can be read"):
            jnl.load(tmp_path)

    def test_a_network_that_was_not_trained_is_told(self, trained, caplog):
        with pytest.raises(jnl.UserError, match="model: 'cnn_small', but the training had the network 'mlp'"):
            jnl.load(trained[0], model="cnn_small")
        jnl.load(trained[0], model=jnl.models.make("mlp", 10))
        assert "another network" not in caplog.text
        jnl.load(trained[0], model=jnl.models.make("mlp", 10, dropout=0.5))
        assert "this is another network than the one that was trained" in caplog.text

    @pytest.mark.parametrize("change", ["network", "shape", "options", "format", "augment", "mean", "text", "module"])
    def test_a_damaged_or_foreign_description_is_refused(self, change, trained, tmp_path):
        workdir = shutil.copytree(trained[0], tmp_path / "copy")
        content = json.loads((workdir / "model.json").read_text())
        program = content["programs"][0]
        if change == "network":
            program["network"] = "cnn9"
        elif change == "module":
            program["network"] = "os:system"
        elif change == "shape":
            content["preparation"]["shape"] = [2**20, 2**20, 3]
        elif change == "options":
            program["options"] = {"width": -1}
        elif change == "format":
            content["format"] = 99
        elif change == "augment":
            program["augment"]["pad"] = [1]
        elif change == "mean":
            program["augment"] |= {"normalize": "mean_image", "mean": [0.1, 0.2, 0.3]}
        text = "no JSON" if change == "text" else json.dumps(content)
        (workdir / "model.json").write_text(text)
        with pytest.raises(jnl.UserError) as refused:
            jnl.load(workdir)
        assert str(refused.value).isprintable()

    @pytest.mark.parametrize("missing", ["format 1 instead of 2", "network_digest", "precision", "pad", "signs"])
    def test_what_an_older_version_did_not_write_is_not_guessed(self, missing, trained, tmp_path):
        workdir = shutil.copytree(trained[0], tmp_path / "copy")
        content = json.loads((workdir / "model.json").read_text())
        for fields in (content["programs"][0], content["programs"][0]["augment"], content["preparation"]):
            fields.pop(missing, None)
        content["format"] -= "format" in missing
        (workdir / "model.json").write_text(json.dumps(content))
        with pytest.raises(jnl.UserError, match=f"model.json cannot be used .*{missing}.*; train again, or restore it"):
            jnl.load(workdir)

    def test_a_workdir_without_checkpoints_is_refused_and_nothing_changes(self, trained, tmp_path):
        workdir = shutil.copytree(trained[0], tmp_path / "copy")
        file = next(path for path in (workdir / "checkpoints").rglob("*") if path.is_file() and path.suffix != ".json")
        file.write_bytes(b"damaged")
        before = sorted(str(path) for path in workdir.rglob("*"))
        with pytest.raises(jnl.UserError, match="no checkpoint that can be read|holds no checkpoint"):
            for number in sorted((workdir / "checkpoints" / "0").iterdir()):
                (number / "files.json").unlink(missing_ok=True)
            before = sorted(str(path) for path in workdir.rglob("*"))
            jnl.load(workdir)
        assert sorted(str(path) for path in workdir.rglob("*")) == before

    def test_no_other_folder_is_a_model(self, tmp_path):
        with pytest.raises(jnl.UserError, match="has no model.json; give the folder of a training"):
            jnl.load(tmp_path)


def test_every_network_of_jnl_can_be_described_and_made_again():
    for name in models.names():
        options = models.options(name)
        assert models.wrap(models.make(name, 10, **json.loads(json.dumps(options)))) == models.wrap(
            models.make(name, 10, **options)
        )


@pytest.mark.slow
def test_failed_runs_do_not_predict(digits, caplog):
    config = quick("standard", seeds=2)
    history = jnl.run(config)
    program = history.model.programs[0]._replace(failed=np.array([False, True]))
    found = history.model._replace(programs=(program,)).predict_proba(digits.test.inputs)
    np.testing.assert_array_equal(found, history.model.predict_proba(digits.test.inputs, run=0))
    assert "1 of 2 runs have failed" in caplog.text
    with pytest.raises(jnl.UserError, match="all runs of this training have failed"):
        every = program._replace(failed=np.array([True, True]))
        history.model._replace(programs=(every,)).predict_proba(digits.test.inputs)
    assert jax.tree.leaves(program.params)[0].shape[0] == 2
