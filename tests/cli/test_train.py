"""The command line: every config's quick mode, and one line for every mistake."""

import json
import subprocess
import sys

import pytest
from conftest import ROOT
from helpers.configs import DATA_SETS, METHODS, TABLES

from jnl import cli, strategies
from jnl.cli._flags import parse
from jnl.settings import config as settings
from jnl.settings import published, sweep
from jnl.settings.config_file import load

JOCOR = "--config=configs/jocor.py:quick"
PEER = "--config=configs/peer_loss.py"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def command(*arguments):
    return cli.main(["train", *arguments])


def test_every_strategy_has_a_config_and_every_config_a_test():
    files = {path.stem for path in (ROOT / "configs").glob("*.py") if path.stem != "__init__"}
    assert files == {*METHODS, *DATA_SETS, *(f"bench_{name}" for name in TABLES)}


def test_every_method_has_a_config_whose_quick_mode_is_trained():
    """tests/experiment/test_resume.py trains the quick mode of each strategy's config."""
    assert {*METHODS} - {*strategies.names()} == {"quickstart"}


@pytest.mark.parametrize("name", ["confident_filter", "quickstart"])
@pytest.mark.slow
def test_quick_mode(name, capsys, tmp_path):
    some = (
        ["--config.sweep_filter=standard,jocor"] if name == "quickstart" else []
    )  # the others train in test_resume.py
    assert command(f"--config=configs/{name}.py:quick", f"--workdir={tmp_path}/run", *some) == 0
    output = capsys.readouterr()
    assert "last 10" in output.out
    assert output.err == ""  # no progress bar where there is no terminal
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert len(summary["points"]) == (2 if some else 1)
    assert len(list(sweep.points(load(f"configs/{name}.py:quick")))) == (6 if some else 1)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "quickstart"])
@pytest.mark.parametrize("arg", ["data=cifar10", "data=cifar100,noise=pair", "data=mnist,noise=asymmetric,reference"])
def test_every_config_takes_every_argument(name, arg):
    options = published.options(arg)
    if "reference" in options and name not in settings.CORE:  # tests/settings/test_reference.py has those
        return
    config, _ = parse([f"--config=configs/{name}.py:{arg}"])
    assert config.data.name == options["data"]
    assert config.model.name == ("mlp" if options["data"] == "mnist" else config.model.name)
    assert config.protocol.max_steps == (401 if "reference" in options and name != "coteaching_plus" else 0)
    settings.complete(config)


def test_published_values_by_data_and_noise():
    def value(file, arg, *path):
        config, _ = parse([f"--config=configs/{file}.py:{arg}"])
        for name in path:
            config = config[name]
        return config

    assert value("jocor", "data=mnist", "strategy", "co_lambda") == 0.95
    assert value("jocor", "data=cifar10", "strategy", "co_lambda") == 0.9
    assert value("jocor", "data=cifar10,rate=0.8", "strategy", "co_lambda") == 0.65
    assert value("jocor", "data=cifar100", "strategy", "co_lambda") == 0.85
    assert value("jocor", "data=cifar10,noise=asymmetric", "strategy", "forget_rate") == 0.2
    assert value("jocor", "data=cifar10,noise=asymmetric", "noise", "kind") == "asymmetric_cifar10"
    assert value("jocor", "data=cifar100,noise=asymmetric,reference", "noise", "kind") == "asymmetric_cifar100_blocks"
    assert value("jocor", "data=cifar100,noise=asymmetric,reference", "strategy", "forget_rate") == 0.2
    assert value("jocor", "data=cifar100,noise=asymmetric", "strategy", "forget_rate") is None  # follows noise.rate
    assert value("jocor", "data=cifar100,reference", "optim", "decay_start") == 100
    assert value("coteaching_plus", "data=cifar10,reference", "strategy", "warmup_epochs") == 20
    assert value("coteaching_plus", "data=cifar10", "strategy", "warmup_epochs") == 0
    assert value("coteaching_plus", "data=cifar10", "model", "name") == "cnn_small"
    assert value("coteaching_plus", "data=cifar100,reference", "optim", "decay_start") == 80
    assert value("coteaching", "noise=pair", "noise", "rate") == 0.45
    assert value("coteaching", "noise=asymmetric_cifar100_blocks", "noise", "rate") == 0.4
    config, _ = parse(["--config=configs/jocor.py:noise=asymmetric", "--config.noise.rate=0.2"])
    assert config.strategy.forget_rate == 0.1
    config, _ = parse(["--config=configs/jocor.py:noise=asymmetric", "--config.strategy.forget_rate=0.3"])
    assert (config.strategy.forget_rate, config.noise.rate) == (0.3, 0.4)


def test_published_values_of_the_other_methods():
    def config(file, arg):
        return parse([f"--config=configs/{file}.py:{arg}"])[0]

    assert config("dividemix", "data=cifar10,rate=0.5").strategy.unlabeled_weight == 25
    assert config("dividemix", "data=cifar10,noise=asymmetric").strategy.unlabeled_weight == 0
    assert config("dividemix", "data=cifar10,noise=asymmetric").strategy.asymmetric
    assert config("dividemix", "data=cifar100,rate=0.5").strategy.warmup_epochs == 30
    assert config("elr", "data=cifar100").strategy.weight == 7
    assert config("elr", "data=cifar10,noise=asymmetric").strategy.target_momentum == 0.9
    assert config("sop", "data=cifar10,noise=asymmetric").strategy.rate_v == 100
    assert config("symmetric_cross_entropy", "data=cifar100").strategy.alpha == 6
    assert config("forward_correction", "data=cifar100").strategy.percentile == 100
    published = config("gce", "data=cifar100,reference")
    assert (published.model.name, published.epochs) == ("resnet34", 150)
    assert (published.augment.pad, published.augment.flip, published.augment.crop) == (4, True, 0)
    assert (published.optim.name, published.optim.milestones) == ("sgd", (80, 120))
    assert config("elr", "data=cifar10,reference").optim.schedule == "cosine"


@pytest.mark.slow
def test_any_field_can_be_overridden(tmp_path):
    options = ["--config.seeds=(3,7)", "--config.noise.seed=per_run", "--config.noise.rate=0.5", "--config.epochs=1"]
    assert command(JOCOR, "--config.strategy.forget_rate=0.25", f"--workdir={tmp_path}/a", *options) == 0
    recorded = json.loads((tmp_path / "a" / "config.json").read_text())["config"]
    assert (recorded["seeds"], recorded["noise"]["seed"], recorded["epochs"]) == ([3, 7], "per_run", 1)
    assert (recorded["noise"]["rate"], recorded["strategy"]["forget_rate"]) == (0.5, 0.25)


MISTAKES = {
    "no config": ([], "--config: missing"),
    "no such file": (["--config=configs/nope.py"], "--config: the file 'configs/nope.py' does not exist"),
    "argument": (["--config=configs/jocor.py:quik"], "did you mean 'quick'"),
    "argument's value": (["--config=configs/jocor.py:rate=high"], "rate=high"),
    "argument's switch": (["--config=configs/jocor.py:quick=false"], "quick=false"),
    "argument without value": (["--config=configs/jocor.py:data"], "data=VALUE"),
    "argument for quickstart": (["--config=configs/quickstart.py:reference"], "quickstart has no published code"),
    "reference without code": (["--config=configs/bootstrap.py:reference"], "Reed et al. published no code"),
    "checkpoint": ([JOCOR, "--config.protocol.checkpoint=lowest"], "did you mean 'lowest_loss'"),
    "checkpoint of what is not held out": (
        [JOCOR, "--config.protocol.checkpoint=at_best_validation"],
        "set data.validation",
    ),
    "alpha's plan": ([PEER, "--config.strategy.alpha_plan=20-0"], "strategy.alpha_plan"),
    "alpha's plan and rate": ([f"{PEER}:data=mnist,reference", "--config.strategy.alpha_plan=0:-1"], "negative factor"),
    "decayed": ([JOCOR, "--config.optim.decayed=kernel"], "optim.weight_decay is 0"),
    "alpha and rate": ([f"{PEER}:data=mnist,reference", "--config.strategy.alpha=-1"], "strategy.alpha: -1"),
    "option": ([JOCOR, "--workdr=x"], "--workdr: not an option; did you mean --workdir=x?"),
    "no option": ([JOCOR, "--verbose"], "--verbose: not an option; options are --config=CONFIG, --workdir=FOLDER"),
    "option of another style": ([JOCOR, "--epochs=5"], "--epochs: not an option; did you mean --config.epochs=5?"),
    "one seed": ([JOCOR, "--seed=42"], 'did you mean --config.seeds="(42,)"? A number alone is how many seeds are'),
    "a method": ([JOCOR, "--config.strategy=gce"], "a section, not a value; choose the method with --config=gce"),
    "option in other words": ([JOCOR, "--lr=0.1"], "did you mean --config.optim.learning_rate=0.1?"),
    "dash": ([JOCOR, "--config.batch-size=64"], "did you mean 'batch_size'?"),
    "section": (
        [JOCOR, "--config.noise=pair"],
        "a section, not a value; set one of its fields, such as --config.noise.kind=pair",
    ),
    "capitals": (["--config=jocor:data=MNIST"], "data.name: unknown name 'MNIST'; did you mean 'mnist'?"),
    "capitals of a config": (["--config=Jocor:quick"], "--config: unknown name 'Jocor'; did you mean 'jocor'?"),
    "name of a paper": ([JOCOR, "--config.strategy.name=Co-teaching+"], "did you mean 'coteaching_plus'?"),
    "a part of a name": (["--config=jocor:noise=sym"], "did you mean 'symmetric'?"),
    "word": ([JOCOR, "x"], "x: not an option"),
    "field": ([JOCOR, "--config.epoch=1"], "did you mean 'epochs'"),
    "nested field": ([JOCOR, "--config.strategy.co_lamda=1"], "did you mean 'co_lambda'"),
    "deep field": ([JOCOR, "--config.noise.x.y=1"], "--config.noise.x.y"),
    "optimizer": ([JOCOR, "--config.optim.name=adamm"], "did you mean 'adam'"),
    "schedule": ([JOCOR, "--config.optim.schedule=cosin"], "did you mean 'cosine'"),
    "milestones": ([JOCOR, "--config.optim.schedule=staircase", "--config.optim.milestones=('a',)"], "milestones"),
    "cycle": ([JOCOR, "--config.optim.schedule=cosine", "--config.optim.cycle=-1"], "optim.cycle: -1"),
    "momentum": ([JOCOR, "--config.optim.momentum=1"], "optim.momentum: 1.0"),
    "weight decay": ([JOCOR, "--config.optim.weight_decay=-1"], "optim.weight_decay: -1.0"),
    "augment": ([JOCOR, "--config.augment=flip"], "config.augment"),
    "augment's field": ([JOCOR, "--config.augment.padd=4"], "did you mean 'pad'"),
    "crop": ([JOCOR, "--config.augment.crop=9"], "augment.crop: 9 is more than the 8 pixels"),
    "random_resized_crop": ([JOCOR, "--config.augment.random_resized_crop=true"], "set augment.crop"),
    "normalize": ([JOCOR, "--config.augment.normalize=images"], "did you mean 'image'"),
    "dropout": (["--config=configs/jocor.py:model=mlp", "--config.model.dropout=2"], "model.dropout: 2.0"),
    "bags": (["--config=configs/buckets.py:quick", "--config.strategy.bag_size=7"], "bag_size: 7 does not divide"),
    "type": ([JOCOR, "--config.epochs=many"], "--config.epochs=many"),
    "epochs": ([JOCOR, "--config.epochs=-1"], "config.epochs: -1"),
    "strategy": ([JOCOR, "--config.strategy.name=jocorr"], "did you mean 'jocor'"),
    "hyper": ([JOCOR, "--config.strategy.co_lambda=1.5"], "strategy.co_lambda: 1.5"),
    "other strategy": ([JOCOR, "--config.strategy.name=standard"], "config.strategy.co_lambda"),
    "model": ([JOCOR, "--config.model.name=mpl"], "did you mean 'mlp'"),
    "model's option": (["--config=configs/jocor.py:model=mlp", "--config.model.width=0"], "model.width: 0"),
    "model for images": (["--config=configs/jocor.py:model=cnn9"], "too small for this network"),
    "data": ([JOCOR, "--config.data.name=minst"], "did you mean 'mnist'"),
    "data folder": ([JOCOR, "--config.data.name=mnist", "--config.data.dir=/nowhere"], "jnl prepare mnist"),
    "noise": ([JOCOR, "--config.noise.kind=symetric"], "did you mean 'symmetric'"),
    "rate above": ([JOCOR, "--config.noise.rate=1.5"], "noise.rate: 1.5"),
    "rate below": ([JOCOR, "--config.noise.rate=-0.5"], "noise.rate: -0.5"),
    "rate nan": ([JOCOR, "--config.noise.rate=nan"], "noise.rate: nan"),
    "forget rate": ([JOCOR, "--config.strategy.forget_rate=2"], "strategy.forget_rate: 2 is outside"),
    "classes": (
        [JOCOR, "--config.noise.kind=asymmetric_cifar100_blocks"],
        "defined for 100 classes, but the data have 10",
    ),
    "no matrix": ([JOCOR, "--config.noise.kind=matrix"], "noise.file: missing"),
    "noise seed": ([JOCOR, "--config.noise.seed=each"], "noise.seed: 'each'"),
    "batch": ([JOCOR, "--config.batch_size=1443"], "config.batch_size: 1443"),
    "empty batch": ([JOCOR, "--config.batch_size=-1"], "config.batch_size: -1"),
    "no seeds": ([JOCOR, "--config.seeds=()"], "config.seeds: there are none"),
    "zero seeds": ([JOCOR, "--config.seeds=0"], "config.seeds: there are none"),
    "same seeds": ([JOCOR, "--config.seeds=(3,3)"], "names a seed twice"),
    "seeds": ([JOCOR, "--config.seeds=(1,'a')"], "config.seeds"),
    "negative seed": ([JOCOR, "--config.seeds=(-1,)"], "config.seeds"),
    "too many seeds": ([JOCOR, "--config.seeds=4294967295"], "config.seeds"),
    "exponent": ([JOCOR, "--config.strategy.exponent=nan"], "strategy.exponent: nan"),
    "decay": ([JOCOR, "--config.optim.decay_start=-1"], "optim.decay_start"),
    "huge rate": ([JOCOR, "--config.optim.learning_rate=1e300"], "optim.learning_rate"),
    "huge number": ([JOCOR, "--config.epochs=9999999999"], "config.epochs: the integer has 34 bits"),
    "more than 32 bits": ([JOCOR, "--config.epochs=2147483648"], "config.epochs: 2147483648 does not fit into 32 bits"),
    "too many to plan": ([JOCOR, "--config.epochs=99999999"], "config.epochs: 99,999,999 epochs"),
    "infinite": (
        [JOCOR, "--config.optim.min_learning_rate=inf"],
        "config.optim.min_learning_rate: inf is not a finite number",
    ),
    "layers": (["--config=configs/jocor.py:model=mlp", "--config.model.layers=1001"], "model.layers: 1001"),
    "index": ([JOCOR, "--config.epochs[3]=1"], "does not support integer indexing"),
    "too deep": ([JOCOR, "--config.sweep=" + "-" * 9000 + "1"], "nested too deeply"),
    "commands of a terminal": ([JOCOR, "--config.noise.kind=\x1b[31m"], r"'\x1b[31m'"),
    "test set": (
        [JOCOR, "--config.protocol.drop_last_test=true", "--config.batch_size=400"],
        "the number of test examples",
    ),
    "axis": ([JOCOR, "--config.runs_axis=pmap"], "did you mean 'map'"),
    "learning rate": ([JOCOR, "--config.optim.learning_rate=nan"], "optim.learning_rate"),
    "beta1": ([JOCOR, "--config.optim.beta1=1"], "optim.beta1"),
    "validation": ([JOCOR, "--config.data.validation=1"], "data.validation"),
    "first epoch": ([JOCOR, "--config.protocol.first_epoch=3"], "protocol.first_epoch"),
    "steps": ([JOCOR, "--config.protocol.max_steps=-1"], "protocol.max_steps"),
    "sweep": ([JOCOR, "--config.sweep=3"], "config.sweep"),
    "sweep's field": ([JOCOR, "--config.sweep=(('noise.rat', (0.1,)),)"], "did you mean 'rate'"),
    "sweep of nothing": ([JOCOR, "--config.sweep=(('noise.rate', ()),)"], "has no values"),
    "sweep of the same": ([JOCOR, "--config.sweep=(('noise.rate', (0.1, 0.1)),)"], "the same value twice"),
    "sweep of no field": ([JOCOR, "--config.sweep=(('epochs.x', (1,)),)"], "epochs has no fields"),
    "sweep's field twice": ([JOCOR, "--config.sweep=(('epochs', (1,)), ('epochs', (2,)))"], "twice"),
    "sweep's seeds": ([JOCOR, "--config.sweep=(('seeds', 0),)"], "config.seeds: there are none"),
    "chunks": ([JOCOR, "--config.runs_at_once=-1"], "config.runs_at_once: -1"),
    "devices": ([JOCOR, "--config.devices_per_batch=64"], "config.devices_per_batch: 64, but there are 2 devices"),
    "no devices": ([JOCOR, "--config.devices_per_batch=0"], "config.devices_per_batch: 0"),
    "uneven batch": ([JOCOR, "--config.devices_per_batch=2", "--config.batch_size=63"], "does not divide"),
    "data's option": (
        ["--config=configs/jocor.py:quick", "--config.data.label=y"],
        "choose it with --config=FILE:data=NAME",
    ),
    "asymmetric": (
        ["--config=configs/jocor.py:data=arrays,noise=asymmetric"],
        "no asymmetric noise is published for arrays",
    ),
    "text network": ([JOCOR + ",model=newsnet"], "newsnet takes texts"),
    "reference of a data set": (["--config=configs/news.py:reference"], "this config is only for news"),
    "sweep's last value": ([JOCOR, "--config.sweep=(('noise.rate', (0.1, 2.0)),)"], "noise.rate: 2.0"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_exit_code_2_and_nothing_written(mistake, capsys, tmp_path):
    arguments, message = MISTAKES[mistake]
    assert command(*arguments, f"--workdir={tmp_path}/run") == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("error: ")
    assert message in output.err
    assert output.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("workdir", ["/proc/jnl", "/dev/null/run", "x" * 300])
def test_a_workdir_that_cannot_be_written(workdir, capsys):
    assert command(JOCOR, f"--workdir={workdir}") == 2
    assert "workdir: cannot use" in capsys.readouterr().err
    assert command(JOCOR, "--workdir=") == 2
    assert "--workdir: the value is empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("def get_config(:", "SyntaxError"),
        ("def get_config():\n    return 1 / 0", "ZeroDivisionError"),
        ("def get_config():\n    return {}", "returns dict, not a ConfigDict"),
        ("x = 1", "has no function get_config; write `def get_config(arg=None)` in it"),
    ],
)
def test_a_broken_config_file_is_one_line(content, message, tmp_path, capsys):
    (tmp_path / "mine.py").write_text(content)
    assert command(f"--config={tmp_path}/mine.py") == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.slow
def test_rows_hold_the_swept_values(tmp_path):
    sweep = "--config.sweep=(('noise.rate', (0.1, 0.4)),)"
    assert command(JOCOR, sweep, "--config.epochs=1", f"--workdir={tmp_path}") == 0
    rows = [json.loads(row) for row in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [(row["run"], row["noise.rate"]) for row in rows] == [(0, 0.1), (1, 0.1), (2, 0.4), (3, 0.4)]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert [(point["swept"], point["runs"]) for point in summary["points"]] == [
        ({"noise.rate": 0.1}, [0, 1]), ({"noise.rate": 0.4}, [2, 3]),
    ]  # fmt: skip
    assert summary["compilations"] == 1
    pooled = [value for point in summary["points"] for value in point["test_accuracy"]["last"]["net2"]["per_run"]]
    assert summary["test_accuracy"]["last"]["net2"]["per_run"] == pooled


@pytest.mark.slow
def test_programs_of_a_sweep_number_their_runs_on(tmp_path):
    sweep = "--config.sweep=(('strategy.name', ('standard', 'coteaching')), ('seeds', 2))"
    assert command("--config=configs/standard.py:quick", sweep, f"--workdir={tmp_path}") == 0
    rows = [json.loads(row) for row in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [row["run"] for row in rows] == [0, 1] * 3 + [2, 3] * 3
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert [point["strategy"] for point in summary["points"]] == ["standard", "coteaching"]
    assert summary["test_accuracy"]["best"]["net2"] is None  # one of them has no second network
    assert summary["compilations"] == 2


def test_a_config_may_follow_a_space_and_a_path_may_begin_with_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine.py").write_text(
        "import jnl\n\n\ndef get_config():\n    return jnl.get_config('jocor', 'quick')\n"
    )
    config, workdir = parse(["--config", "~/mine.py", "--workdir=~/results"])
    assert (config.strategy.name, workdir) == ("jocor", tmp_path / "results")


def test_help_is_printed(capsys):
    assert command("--help") == 0
    assert "--config=jocor" in capsys.readouterr().out


def test_the_real_command(tmp_path):
    line = [sys.executable, "train.py", JOCOR, f"--workdir={tmp_path}/run"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("2 runs x 2 networks") == 1
    wrong = subprocess.run([*line, "--config.epoch=3"], cwd=ROOT, capture_output=True, text=True)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "Traceback" not in wrong.stderr
