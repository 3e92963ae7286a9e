"""The studies of memorization: what they make has the stated distributions, and each runs to its files."""

import contextlib
import csv
import io
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from jnl import cli, data
from jnl.cli.study import STUDIES
from jnl.data.dataset import Dataset, Split
from jnl.models import make
from jnl.studies import synthetic_images, training
from jnl.studies.adversarial import Search, critical
from jnl.studies.difficulty import binomial, equally_hard
from jnl.studies.fitting import fitted
from jnl.studies.noisy_inputs import NoisyInputs
from jnl.studies.settings import MEANINGS, Settings, config, load, quick
from jnl.support.errors import UserError


@pytest.fixture(scope="module")
def images():
    """Color images whose pixels can be told apart."""
    random = np.random.default_rng(0)

    def split(number):
        labels = np.arange(number, dtype=np.int32) % 3
        mean = random.integers(40, 200, 3)
        return Split(random.normal(mean, 20, (number, 8, 6, 3)).astype(np.uint8), labels, labels)

    return Dataset(split(500), split(100), ("a", "b", "c"))


def pixels(split):
    """Each pixel as one number: i64[N, pixels]."""
    return (split.inputs.astype(np.int64) * (1, 256, 65536)).sum(-1).reshape(len(split.inputs), -1)


def splits(dataset):
    return dataset.train, dataset.test


def test_shuffled_pixels_are_one_permutation_for_all_images(images):
    positions = np.arange(48, dtype=np.uint8).reshape(1, 8, 6, 1).repeat(3, -1)
    marked = images._replace(train=images.train._replace(inputs=np.concatenate([positions, images.train.inputs[1:]])))
    changed = synthetic_images.shuffled_pixels(marked, 1)
    order = changed.train.inputs[0].reshape(48, 3)
    assert (order == order[:, :1]).all() and sorted(order[:, 0]) == list(range(48))
    assert (order[:, 0] != np.arange(48)).sum() > 40
    for before, after in zip(splits(marked), splits(changed), strict=True):
        assert (pixels(after) == pixels(before)[:, order[:, 0]]).all()
        assert (after.labels == before.labels).all() and after.inputs.dtype == np.uint8


def test_random_pixels_are_a_permutation_for_each_image(images):
    changed = synthetic_images.random_pixels(images, 1)
    for before, after in zip(splits(images), splits(changed), strict=True):
        assert (np.sort(pixels(after)) == np.sort(pixels(before))).all()
        assert (after.labels == before.labels).all()
    same = images._replace(train=images.train._replace(inputs=images.train.inputs[:1].repeat(500, 0)))
    of_same = pixels(synthetic_images.random_pixels(same, 1).train)
    assert len(np.unique(of_same, axis=0)) == 500
    # Each pixel comes to each place equally often.
    where = np.argmax(of_same == pixels(same.train)[:1, :1], axis=1)
    assert stats.chisquare(np.bincount(where, minlength=48)).pvalue > 1e-3


def test_gaussian_pixels_have_mean_and_variance_of_each_channel(images):
    changed = synthetic_images.gaussian_pixels(images, 1)
    assert changed.train.inputs.shape == images.train.inputs.shape and changed.train.inputs.dtype == np.float32
    for channel in range(3):
        real = images.train.inputs[..., channel].ravel() / 255
        for split in splits(changed):
            expected = stats.norm(real.mean(), real.std()).cdf
            assert stats.kstest(split.inputs[..., channel].ravel(), expected).pvalue > 1e-3
    assert abs(np.corrcoef(changed.train.inputs.reshape(500, -1)[:, :2].T)[0, 1]) < 0.2
    assert (changed.test.inputs[:100] != changed.train.inputs[:100]).any()


def test_subsets_keep_inputs_and_labels_together(images):
    some = synthetic_images.subset(images, 50, 0)
    assert len(some.train.labels) == 50 and len(some.test.labels) == 100
    rows = [np.flatnonzero((pixels(images.train) == row).all(1)).item() for row in pixels(some.train)]
    assert rows == sorted(set(rows)) and (images.train.labels[rows] == some.train.labels).all()


def test_if_all_examples_were_equally_hard_their_counts_would_be_binomial():
    np.testing.assert_allclose(binomial(4, 0.5), np.array([1, 4, 6, 4, 1]) / 16, rtol=1e-12)
    assert equally_hard(2, 0.5, 8).tolist() == [0, 0, 1, 1, 1, 1, 2, 2]


@pytest.mark.parametrize("radius", [0.05, 0.2])
@pytest.mark.slow
def test_a_critical_sample_of_a_linear_model_is_where_arithmetic_says(radius):
    """Two classes whose logits differ by w x + b: another class is in the box if |w x + b| < r |w|_1."""
    random = np.random.default_rng(0)
    w, b = random.normal(size=16).astype(np.float32), np.float32(0.3)
    x = random.normal(0, 0.8, (400, 16)).astype(np.float32)
    distance = np.abs(x @ w + b) / np.abs(w).sum()

    def predict_fn(x):
        score = (x * w[None]).sum(-1) + b
        return jnp.stack([score, -score], -1)

    found = np.asarray(
        jax.jit(lambda x, key: critical(predict_fn, x, key, Search(radius=radius)))(x, jax.random.key(0))
    )
    assert 0.1 < found.mean() < 0.95
    assert not found[distance > radius].any()  # there is none
    assert found[distance < 0.8 * radius].all()  # noise keeps the search from the very corner


def test_an_example_is_not_critical_where_the_class_never_changes():
    def predict_fn(x):
        return jnp.stack([x.sum(-1) * 0 + 1, x.sum(-1) * 0], -1)

    assert not critical(predict_fn, jnp.ones((3, 4)), jax.random.key(0), Search(radius=5.0)).any()


def test_the_epoch_of_the_fit_is_the_first_that_reaches_it():
    assert np.array_equal(fitted(np.array([[0.5, 0.99, 0.98, 1.0], [0.1, 0.2, 0.3, 0.4]])), [2, np.nan], equal_nan=True)


@pytest.mark.parametrize("noise", [{"dropout": 0.25}, {"deviation": 0.5}])
def test_noise_on_inputs_changes_training_only(noise):
    inner = make("mlp", 3, width=4)
    network, x = NoisyInputs(inner, **noise), jnp.ones((1000, 6, 6, 1))
    params = inner.init(jax.random.key(0), x[:1], train=False)
    theirs = jax.tree.map(jnp.shape, network.init(jax.random.key(0), x[:1], train=False))
    assert theirs == jax.tree.map(jnp.shape, params)
    key = {"dropout": jax.random.key(1)}
    assert (network.apply(params, x, train=False) == inner.apply(params, x, train=False)).all()
    seen = jax.jit(lambda: Seen(**noise).apply({}, x, train=True, rngs=key))()
    if "dropout" in noise:
        assert set(np.unique(np.asarray(seen).round(4)).tolist()) == {0.0, np.float32(4 / 3).round(4)}
    assert float(seen.mean()) == pytest.approx(1, abs=0.02)
    deviation = 0.5 if "deviation" in noise else np.sqrt(0.25 / 0.75)
    assert float(seen.std()) == pytest.approx(deviation, rel=0.02)


def Seen(**noise):
    """Noise, and a network that gives what it sees."""
    from flax import linen as nn

    class Eye(nn.Module):
        @nn.compact
        def __call__(self, x, train):
            return x

    return NoisyInputs(Eye(), **noise)


def test_a_folder_with_other_files_is_refused(tmp_path, capsys):
    (tmp_path / "figure.png").write_text("mine")
    assert cli.main(["study", "fitting", "--quick", f"--out={tmp_path}"]) == 2
    assert "holds files and no earlier study of jnl (no numbers.json), so none is replaced" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(STUDIES))
@pytest.mark.slow
def test_the_quick_mode_writes_all_files(name, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main(["study", name, "--quick", f"--out={out}"]) == 0
    numbers = json.loads((out / "numbers.json").read_text())
    assert numbers["study"] == name and numbers["seeds"] == [1, 2] and numbers["settings"]["data"] == "digits"
    assert {"command", "versions", "device", "git_revision", "seconds", "summary"} <= numbers.keys()
    assert json.dumps(numbers["summary"], indent=1) in capsys.readouterr().out
    assert (out / "figure.png").read_bytes().startswith(b"\x89PNG") and "<svg" in (out / "figure.svg").read_text()
    tables = {file.stem: list(csv.DictReader(file.open())) for file in out.glob("*.csv")}
    check = {"fitting": _curves, "difficulty": _counts, "critical_samples": _ratios, "regularization": _accuracies}
    check[name](**tables)


def _curves(curves):
    kinds = {row["data"] for row in curves}
    inputs = {"true labels", "random labels", "shuffled pixels", "random pixels", "Gaussian pixels"}
    assert kinds == inputs | {f"corruption {level}" for level in ("0", "0.2", "1")}
    assert len(curves) == len(kinds) * 2 * 4
    last = {(row["data"], row["run"]): float(row["train_loss"]) for row in curves if row["epoch"] == "4"}
    assert last["true labels", "0"] < last["random labels", "0"]  # true labels are learned sooner
    assert last["corruption 1", "0"] == last["random labels", "0"]


def _counts(histogram, examples):
    assert len(examples) == 512 and len(histogram) == 3 * 3
    for kind in ("real", "randX", "randY"):
        seen = np.bincount([int(row[kind]) for row in examples], minlength=3)
        rows = [row for row in histogram if row["data"] == kind]
        assert seen.tolist() == [int(row["examples"]) for row in rows]
        assert sum(float(row["if_equally_hard"]) for row in rows) == pytest.approx(512, abs=0.01)


def _ratios(critical_samples):
    assert [row["epoch"] for row in critical_samples if row["data"] == "randX" and row["run"] == "1"] == ["1", "2", "4"]
    assert all(0 <= float(row["critical_sample_ratio"]) <= 1 for row in critical_samples)


def _accuracies(regularization):
    assert {row["regularizer"] for row in regularization} == {
        "none", "dropout", "weight decay", "input dropout", "input noise",
    }  # fmt: skip
    assert len(regularization) == 5 * 2
    assert len({row["memorized"] for row in regularization if row["run"] == "0"}) > 1


def test_the_help_explains_every_setting_with_its_defaults(capsys):
    assert set(MEANINGS) == set(Settings._fields)
    with pytest.raises(SystemExit):
        cli.main(["study", "--help"])
    words = " ".join(capsys.readouterr().out.split())
    assert "the number of runs of each kind (default: 2; 100 for difficulty; 1 for regularization)" in words


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_training_shows_its_progress():
    settings = quick(Settings())._replace(epochs=2, examples=128)
    dataset = load(settings)
    with contextlib.redirect_stderr(Terminal()) as shown:
        list(training.follow(training.one_program(config(settings, dataset), dataset)))
    assert "2 runs on digits" in shown.getvalue() and "2/2" in shown.getvalue() and "steps/s" in shown.getvalue()


@pytest.mark.slow
def test_a_training_that_fails_is_no_measurement(tmp_path, capsys):
    assert cli.main(["study", "fitting", "--quick", "--learning_rate=1e30", f"--out={tmp_path}"]) == 2
    assert "--learning_rate: the loss of a training is not finite in epoch" in capsys.readouterr().err


def test_what_the_user_can_put_right_is_told_on_one_line(tmp_path, capsys):
    assert cli.main(["study", "fitting", "--data=mnst", f"--out={tmp_path}/out"]) == 2
    assert "mnist" in capsys.readouterr().err
    assert cli.main(["study", "fitting", "--quick", "--examples=-1", f"--out={tmp_path}/out"]) == 2
    assert capsys.readouterr().err.startswith("error: --examples: -1")
    assert cli.main(["study", "critical_samples", "--quick", "--radius=-1", f"--out={tmp_path}/out"]) == 2
    assert capsys.readouterr().err.startswith("error: --radius: -1")
    for option, said in (
        ("--epochs=0", "--epochs: 0 is outside [1, 65535]; give a number in this range"),
        ("--seeds=0", "--seeds: 0 is outside"),
        ("--learning_rate=0", "--learning_rate: 0.0 is outside"),
        ("--batch_size=0", "--batch_size: 0 is outside"),
        ("--batch_size=5000", "--batch_size: 5000 is outside [1, 512]; there are 512 training images"),
    ):
        assert cli.main(["study", "fitting", "--quick", option, f"--out={tmp_path}/out"]) == 2
        assert capsys.readouterr().err.startswith(f"error: {said}")
    (tmp_path / "file").touch()  # told before anything trains
    assert cli.main(["study", "difficulty", "--quick", f"--out={tmp_path}/file"]) == 2
    assert capsys.readouterr().err.startswith("error: --out")
    with pytest.raises(UserError, match="not images"):
        synthetic_images.check(
            data.load("digits")._replace(train=Split(np.zeros((3, 4), np.float32), np.zeros(3), np.zeros(3)))
        )
