"""`jnl train` with a workdir of the config and a report, as the quickstart has them."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT
from helpers.faults import QUICK as QUICK_ENVIRONMENT

import jnl
from jnl import cli

QUICK = ["train", "--config=jocor:quick", "--config.report=True"]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_quickstart_names_its_folder_and_wants_a_report():
    config = jnl.get_config("quickstart")
    assert (config.workdir, config.report) == ("quickstart", True)
    quick = jnl.get_config("quickstart", "quick")  # another training, so it must not take the folder
    assert (quick.workdir, quick.report) == (None, False)


def test_a_workdir_that_is_no_text_is_one_line(tmp_path, capsys):
    (tmp_path / "mine.py").write_text("from ml_collections import ConfigDict\n\n\ndef get_config():\n"
                                      "    return ConfigDict({'workdir': 3})\n")  # fmt: skip
    assert cli.main(["train", "--config=mine.py"]) == 2
    assert capsys.readouterr().err == "error: config.workdir: expected str, found 3\n"


def test_a_report_needs_a_workdir(capsys):
    assert cli.main(QUICK) == 2
    assert "config.report: the page is written to the workdir" in capsys.readouterr().err


@pytest.mark.slow
def test_the_last_line_is_the_page_also_of_a_finished_training(tmp_path, capsys):
    assert cli.main([*QUICK, "--config.workdir=here"]) == 0
    first = capsys.readouterr().out.splitlines()
    assert first[-1].endswith("open here/report/index.html")
    page = tmp_path / "here" / "report" / "index.html"
    assert "jocor" in page.read_text()
    page.unlink()
    assert cli.main([*QUICK, "--config.workdir=here"]) == 0
    again = capsys.readouterr().out.splitlines()
    assert again[0] == "here: this training was finished before, so no data were read and nothing was trained"
    assert again[1:] == first[1 - len(again) :] and page.exists()  # the same numbers, without a training
    assert cli.main([*QUICK, "--config.workdir=here", "--config.noise.rate=0.3"]) == 2
    assert "here holds another training (noise.rate: 0.2 there, 0.3 here)" in capsys.readouterr().err


@pytest.mark.slow
def test_a_finished_training_says_whether_the_data_have_changed(tmp_path, capsys):
    def shown(*options, workdir="run"):
        line = ["train", "--config=standard:data=table,quick", "--config.data.dir=mine.csv", f"--workdir={workdir}"]
        line += options
        code = cli.main([*line, "--config.batch_size=8", "--config.epochs=1"])
        return code, "".join(capsys.readouterr())

    rows = [f"{number % 7},{number * number % 11},{'ab'[number % 2]}" for number in range(100)]
    (tmp_path / "mine.csv").write_text("\n".join(["x,y,label", *rows]))
    code, first = shown()
    assert code == 0 and "finished before" not in first
    assert "mine.csv has changed" not in shown()[1]
    os.utime(tmp_path / "mine.csv", (2**33, 2**33))
    assert "mine.csv has changed since; give another --workdir to train on it" in shown()[1]
    (tmp_path / "decisions.csv").write_text("index,given,decision,label\n0,a,drop,a\n")
    corrections = "--config.data.corrections=decisions.csv"
    code, said = shown(corrections)
    assert code == 2 and "holds another training (data.corrections" in said
    assert shown(corrections, workdir="corrected")[0] == 0
    os.utime(tmp_path / "decisions.csv", (2**33, 2**33))
    assert "decisions.csv has changed since" in shown(corrections, workdir="corrected")[1]


@pytest.mark.slow
def test_a_finished_training_says_whether_its_code_has_changed(tmp_path, capsys):
    code = (
        "from helpers.of_others import next_even, normalized\n\n\ndef method(power: float = 0.7):\n"
        "    return normalized(power)\n\n\ndef kind():\n    return next_even()\n"
    )
    (tmp_path / "of_a_user.py").write_text(code)
    line = [sys.executable, "-m", "jnl", "train", "--config=of_a_user:method:noise=of_a_user:kind,quick"]

    def shown():
        environment = QUICK_ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(map(str, (tmp_path, ROOT, ROOT / "tests")))}
        command = [*line, "--config.epochs=1", "--workdir=run"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert "finished before" not in shown()
    assert "finished before" in (again := shown()) and "has changed" not in again
    (tmp_path / "of_a_user.py").write_text(code.replace("0.7", "0.9"))
    # A new default is another config, which is refused elsewhere; the value of the config stays.
    line.append("--config.strategy.power=0.7")
    assert "the code that it runs has changed: 'of_a_user.kind', 'of_a_user.method'; the table shows what" in shown()


def test_nothing_is_kept_without_a_workdir(capsys):
    assert cli.main([*QUICK[:2], "--config.epochs=1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("nothing was saved; give --workdir=DIR")


@pytest.mark.slow
def test_a_backend_that_is_missing_does_no_harm():
    """A process that a notebook starts inherits the backend of the notebook."""
    line = [sys.executable, "-m", "jnl", *QUICK, "--workdir=run"]
    done = subprocess.run(line, env=QUICK_ENVIRONMENT | {"MPLBACKEND": "nowhere", "PYTHONPATH": str(ROOT)},
                          capture_output=True, text=True)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].endswith("open run/report/index.html")


@pytest.mark.slow
def test_a_study_starts_with_a_backend_that_is_missing():
    line = [sys.executable, "-c", "import jnl.cli.study, os; print(os.environ['MPLBACKEND'])"]
    done = subprocess.run(line, env=QUICK_ENVIRONMENT | {"MPLBACKEND": "nowhere", "PYTHONPATH": str(ROOT)},
                          capture_output=True, text=True)  # fmt: skip
    assert (done.stdout, done.stderr) == ("nowhere\n", "")


@pytest.mark.slow
def test_the_option_comes_before_the_field(tmp_path):
    assert cli.main([*QUICK[:2], "--config.workdir=field", "--workdir=option"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["option"]


@pytest.mark.slow
def test_a_run_in_python_takes_the_workdir_of_its_config(tmp_path):
    config = jnl.get_config("standard", "quick")
    config.workdir = "field"
    jnl.run(config)
    assert (tmp_path / "field" / "summary.json").exists()


def test_the_command_does_not_import_matplotlib():
    code = "import sys; import jnl.cli.train; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout == "False\n"
