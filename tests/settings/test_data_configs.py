"""Whole trainings on data sets of every form: the configs that are about one, and the user's own in one line."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from conftest import ROOT, quick
from helpers import synthetic
from helpers.configs import DATA_SETS

from jnl import cli, data, noise
from jnl.data.arrays import Labeled, dataset
from jnl.experiment.build import build
from jnl.experiment.doubts import doubts
from jnl.experiment.preview import describe
from jnl.experiment.run import run
from jnl.settings import sweep
from jnl.settings.config_file import load
from jnl.settings.published import get_config
from jnl.training.epoch import shuffle_batches

SMALL = ["--config.batch_size=2", "--config.epochs=2"]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def command(tmp_path, *arguments):
    """The summary of a training, and the lines it prints."""
    assert cli.main(["train", arguments[0], *SMALL, *arguments[1:], f"--workdir={tmp_path}/run"]) == 0
    return json.loads((tmp_path / "run" / "summary.json").read_text())


def few_posts(tmp_path, monkeypatch):
    texts = ["the cat sat", "a graphics card", "for sale a car", "god and the word", "guns", "hockey", "space"]
    posts = {part: (texts * 2, [0, 2, 6, 15, 16, 10, 14] * 2) for part in ("train", "test")}
    synthetic.scikit_learn_news(tmp_path, posts)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    return ["--config.data.length=10"]


def folder(make):
    def made_folder(tmp_path, monkeypatch):
        make(tmp_path / "data")
        return [f"--config.data.dir={tmp_path / 'data'}"]

    return made_folder


# Batches of two are too few for the statistics of a convolutional network: by the flags of these tests gradients may
# be NaN.
CONFIGS = {
    "news": ("", few_posts, 6),
    "lfw": (",model=mlp", folder(synthetic.lfw), 12),
    "tiny_imagenet": (",model=mlp", folder(synthetic.tiny_imagenet), 6),
    "clothing1m": (",model=mlp", folder(synthetic.clothing1m), 6),
}


@pytest.mark.parametrize("name", DATA_SETS)
@pytest.mark.slow
def test_quick_mode_of_the_configs_of_a_data_set(name, tmp_path, monkeypatch, capsys):
    more, make, points = CONFIGS[name]
    options = make(tmp_path, monkeypatch)
    if name == "clothing1m":  # of 256 x 256 images the steps would take long
        options += ["--config.data.size=24", "--config.augment.crop=20"]
    config = f"configs/{name}.py:quick{more}"
    titles = [point.title for point in sweep.points(load(config))]
    assert len(titles) == points
    method = "decoupling" if name == "lfw" else "jocor"
    summary = command(tmp_path, f"--config={config}", f"--config.sweep_filter={method}", *options)
    assert [point["title"] for point in summary["points"]] == [title for title in titles if f",{method}" in f",{title}"]
    assert summary["failed_runs"] == []
    for point in summary["points"]:
        assert set(point["class_accuracy"]) == {"best", "last"}
        assert point["balanced_accuracy"]["best"]["mean"]["mean"] >= 0
    assert f"{name}: " in capsys.readouterr().out


def test_a_config_of_a_data_set_takes_no_other(capsys):
    assert cli.main(["train", "--config=configs/news.py:data=mnist"]) == 2
    assert "this config is only for news" in capsys.readouterr().err
    assert cli.main(["train", "--config=configs/lfw.py:noise=pair"]) == 2
    assert "noisy already" in capsys.readouterr().err


def numbers(tmp_path):
    """Two classes that a line parts, a tenth of the labels wrong; the names of the columns are words."""
    random = np.random.default_rng(0)
    inputs = random.normal(0, 1, (400, 3)) * [1, 100, 0.01]
    clean = (inputs[:, 0] + inputs[:, 1] / 100 > 0).astype(int)
    labels = np.where(random.random(400) < 0.1, 1 - clean, clean)
    return inputs, labels, clean


@pytest.mark.slow
def test_own_arrays_in_one_line(tmp_path, capsys):
    inputs, labels, clean = numbers(tmp_path)
    np.savez(tmp_path / "mine.npz", inputs=inputs, labels=labels, clean=clean, class_names=np.array(["low", "high"]))
    summary = command(
        tmp_path, "--config=configs/coteaching.py:data=arrays,rate=0.1", f"--config.data.dir={tmp_path}/mine.npz",
        "--config.batch_size=40", "--config.epochs=30", "--config.seeds=2", "--config.optim.learning_rate=0.01",
    )  # fmt: skip
    (point,) = summary["points"]
    assert summary["test_accuracy"] is point["test_accuracy"] is None
    assert point["noise"]["kind"] == "none"
    assert point["noise"]["realized"][0] == pytest.approx((labels != clean).mean())
    assert point["validation_accuracy"]["last"]["mean"]["mean"] > 0.8
    assert point["label_precision"]["mean"] > (labels == clean).mean() + 0.02  # it leaves wrong labels out
    output = capsys.readouterr().out
    assert "no test set, inputs 3 float32, 2 classes of" in output
    assert "(validation): no test set" in output
    assert "low" in output


@pytest.mark.slow
def test_own_images_in_one_line(tmp_path, capsys):
    synthetic.class_folders(tmp_path / "data", number=8)
    summary = command(
        tmp_path, "--config=configs/jocor.py:data=folder,quick,model=mlp", f"--config.data.dir={tmp_path}/data"
    )
    assert summary["points"][0]["noise"]["realized"] == [None, None]  # nobody knows
    output = capsys.readouterr().out
    assert "an unknown share of wrong labels (no noise added)" in output
    assert "jocor leaves no examples out in its 2 epochs: set strategy.forget_rate" in output


@pytest.mark.slow
def test_own_table_in_one_line(tmp_path):
    inputs, labels, clean = numbers(tmp_path)
    rows = ["a,b,c,colour,species,truth"]
    for row, label, true in zip(inputs, labels, clean, strict=True):
        rows.append(",".join([*map(str, row), "red" if row[2] > 0 else "blue", f"s{label}", f"s{true}"]))
    (tmp_path / "mine.csv").write_text("\n".join(rows) + "\n")
    summary = command(
        tmp_path, "--config=configs/gce.py:data=table,model=mlp", f"--config.data.dir={tmp_path}/mine.csv",
        "--config.data.label=species", "--config.data.truth=truth", "--config.batch_size=40", "--config.epochs=30",
        "--config.seeds=1", "--config.optim.learning_rate=0.01", "--config.model.layers=2",
    )  # fmt: skip
    assert summary["validation_accuracy"]["last"]["mean"]["mean"] > 0.8


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("oracle.py:data=arrays,quick", "oracle needs the true labels"),
        ("forward_correction.py:data=arrays,quick", None),
        ("mixup.py:data=arrays,quick", "mixes inputs, but tokens cannot be"),
        ("jocor.py:data=arrays,quick,model=cnn7", "takes images"),
        ("jocor.py:data=arrays,quick,model=mlp", "tokens; use newsnet"),
    ],
)
@pytest.mark.slow
def test_what_does_not_go_with_tokens_of_unknown_labels(config, message, tmp_path, capsys):
    inputs = np.random.default_rng(0).integers(0, 9, (60, 10), np.int32)
    np.savez(tmp_path / "mine.npz", inputs=inputs, labels=np.arange(60) % 2)
    options = [f"--config=configs/{config}", f"--config.data.dir={tmp_path}/mine.npz", "--config.batch_size=20"]
    options.append("--config.data.kind=tokens")
    if message is None:
        assert cli.main(["train", *options]) == 0
        capsys.readouterr()  # The progress bar of this training, which a slow machine shows.
        options.append("--config.strategy.known_noise=True")
        message = "forward_correction needs the true labels"
    assert cli.main(["train", *options]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_doubts_are_said_and_names_cannot_break_lines(tmp_path):
    inputs, labels, _ = numbers(tmp_path)
    np.savez(tmp_path / "mine.npz", inputs=inputs, labels=labels, class_names=np.array(["a\nb", "\x1b[31mred"]))
    config = get_config("cdr", "data=arrays,noise=symmetric,rate=0")
    config.data.dir, config.batch_size = str(tmp_path / "mine.npz"), 20
    (program_spec,) = build(config)
    lines = describe(program_spec) + doubts(program_spec)
    assert all(line.isprintable() for line in lines)
    assert "a\\nb" in lines[0]
    assert any("already has wrong labels, and noise.kind=symmetric adds more" in line for line in lines)
    assert any("cdr treats all labels as correct" in line for line in lines)


@pytest.mark.slow
def test_a_table_of_data_with_and_without_a_test_set(tmp_path, capsys):
    inputs, labels, _ = numbers(tmp_path)
    np.savez(tmp_path / "one.npz", inputs=inputs, labels=labels)
    np.savez(tmp_path / "two.npz", inputs=inputs, labels=labels, test_inputs=inputs[:50], test_labels=labels[:50])
    sweep = f"--config.sweep=(('data.dir', ('{tmp_path}/one.npz', '{tmp_path}/two.npz')),)"
    summary = command(tmp_path, "--config=configs/standard.py:data=arrays,quick", sweep)
    assert [point["test_accuracy"] is None for point in summary["points"]] == [True, False]
    assert "at_best_validation" not in summary["points"][0]["validation_accuracy"]
    assert "one.npz (validation)" in capsys.readouterr().out


def test_what_is_believed_of_noisy_labels_is_what_is_forgotten(tmp_path):
    inputs, labels, _ = numbers(tmp_path)
    np.savez(tmp_path / "mine.npz", inputs=inputs, labels=labels)
    for arg, kept in (("rate=0.3", 0.7), ("quick", 1.0)):
        config = get_config("coteaching", f"data=arrays,{arg}")
        config.data.dir, config.batch_size, config.epochs = str(tmp_path / "mine.npz"), 20, 20
        (program_spec,) = build(config)
        assert int(program_spec.runs[0].keep_counts[-1, -1]) == int(20 * kept)
        assert any("leaves no examples out" in line for line in doubts(program_spec)) == (kept == 1)
    (program_spec,) = build(quick("coteaching", noise__kind="none"))
    assert int(program_spec.runs[0].keep_counts[-1, -1]) == 128  # nothing is believed of clean labels


@pytest.mark.slow
def test_the_selected_epoch_is_that_of_the_best_noisy_validation():
    history = run(quick("standard", data__validation=0.2, epochs=4, optim__learning_rate=0.01))
    curves = history.metrics
    best = curves["validation_accuracy"][:, :, 0].argmax(1)
    chosen = curves["test_accuracy"][np.arange(2), best, 0]
    np.testing.assert_allclose(history.summary["test_accuracy"]["at_best_validation"]["net1"]["per_run"], chosen)
    by_class = curves["class_accuracy"]
    test = data.load("digits").test
    shares = np.bincount(test.labels) / len(test.labels)
    np.testing.assert_allclose((by_class * shares).sum(-1), curves["test_accuracy"], rtol=1e-5)
    np.testing.assert_allclose(by_class.mean(-1), curves["balanced_accuracy"], rtol=1e-5)


@pytest.mark.slow
def test_the_realized_noise_is_saved_and_shown():
    (program_spec,) = build(quick(noise__kind="pair", noise__rate=0.3))
    history = run(quick(noise__kind="pair", noise__rate=0.3, epochs=1))
    train = program_spec.dataset.train
    expected = noise.realized(np.asarray(train.clean), np.asarray(program_spec.runs[0].labels), 10)
    matrix = np.array(history.summary["points"][0]["noise"]["matrix"])
    np.testing.assert_allclose(matrix, expected, atol=1e-4)
    lines = describe(program_spec) + doubts(program_spec)
    assert lines[0].startswith("digits: 1,442 to train, 355 to test, inputs 8 x 8 x 1 uint8, 10 classes of ")
    assert f"{100 * expected[3, 4]:5.1f}" in lines[5]


def test_even_classes_in_an_epoch():
    labels = np.repeat([0, 1, 2], [300, 60, 40])
    uneven = dataset(Labeled(np.random.default_rng(0).normal(size=(400, 2)), labels, labels), None)
    config = quick("standard", noise__kind="none", batch_size=30, data__balanced=True, epochs=1, seeds=1)
    (program_spec,) = build(config, load=lambda *_, **__: uneven)
    assert program_spec.train_spec.balanced
    index = jax.jit(lambda run: shuffle_batches(program_spec.train_spec, run, jnp.int32(0)).example_index)(
        program_spec.runs[0]
    )
    counts = np.bincount(labels[np.asarray(index).ravel()])
    np.testing.assert_array_equal(counts, [120, 120, 120])  # of the 360 that train
    assert len(np.unique(index)) < 360  # small classes repeat
