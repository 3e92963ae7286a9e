"""The command `jnl`: its subcommands, its help, and its exit codes."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from helpers.faults import QUICK

import jnl
from jnl import cli
from jnl.support import registry
from jnl.support.command import tell
from jnl.support.paths import expanded
from jnl.support.signals import Interrupts, Stopped

SUBCOMMANDS = registry.names(cli)


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_the_help_names_every_subcommand(words, capsys):
    assert cli.main(words) == 0
    output = capsys.readouterr().out
    assert all(f"  {name} " in output for name in SUBCOMMANDS)


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_every_subcommand_has_help(name, capsys):
    try:
        code = cli.main([name, "--help"])
    except SystemExit as ended:
        code = ended.code
    assert code == 0
    assert f"jnl {name}" in capsys.readouterr().out


def test_an_unknown_subcommand_is_an_error(capsys):
    assert cli.main(["trian"]) == 2
    assert capsys.readouterr().err.startswith("error: jnl: unknown name 'trian'; did you mean 'train'?")


def test_a_folder_may_begin_with_a_tilde(tmp_path, monkeypatch):
    """The shell leaves `~old` as it is if nobody has this name, and so does jnl."""
    monkeypatch.chdir(tmp_path)
    assert expanded("~no_such_person/x") == Path("~no_such_person/x")
    assert expanded("~") == Path.home()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--repetitions=0"], "--repetitions: 0; give a whole number of at least 1"),
        (["--runs", "1", "0"], "--runs: 0; give a whole number of at least 1"),
        (["--out=/dev/null/x.json"], "--out: cannot write /dev/null/x.json"),
    ],
)
def test_a_benchmark_that_cannot_be_is_refused_before_it_measures(arguments, message, capsys):
    assert cli.main(["benchmark", *arguments]) == 2
    printed = capsys.readouterr()
    assert message in printed.err and "matrix product" not in printed.out


@pytest.mark.parametrize("words", [["report", "nowhere"], ["study", "fitting", "--quick"], ["audit", "digits"]])
def test_a_file_is_no_folder_to_write(words, tmp_path, capsys):
    (tmp_path / "table.csv").write_text("mine")
    assert cli.main([*words, f"--out={tmp_path / 'table.csv'}"]) == 2
    assert capsys.readouterr().err == f"error: --out: {tmp_path / 'table.csv'} is a file; give a folder\n"


def test_the_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"jnl {jnl.__version__}\n"


@pytest.mark.parametrize(
    ("error", "code"),
    [(jnl.UserError("data.dir: not there"), 2), (Stopped(15, "saved"), 143), (KeyboardInterrupt(), 130)],
)
def test_what_ends_a_subcommand_is_its_exit_code(error, code, capsys, monkeypatch):
    def fail(arguments):
        raise error

    monkeypatch.setattr("jnl.cli.train.main", fail)
    assert cli.main(["train"]) == code
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("words", [["--help"], ["train", "--config=standard:quick"]])
def test_an_output_on_a_full_disk_is_said_in_one_line(words):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "jnl", *words], cwd=ROOT, env=QUICK, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 2
    assert done.stderr.startswith("error: stdout: a line cannot be written (No space") and done.stderr.count("\n") == 1


def test_a_closed_stderr_gets_no_line_and_stdout_does_not_get_it(monkeypatch, capfd):
    monkeypatch.setattr(sys, "stderr", None)
    tell("a line")
    with Interrupts(True) as heard:
        signal.raise_signal(signal.SIGINT)
    assert heard.number == signal.SIGINT
    assert capfd.readouterr() == ("", "")


def test_python_m_jnl_is_the_command():
    line = [sys.executable, "-m", "jnl", "--version"]
    assert subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True).stdout == "jnl 0.1.0\n"


@pytest.mark.parametrize(
    ("module", "arguments", "message"),
    [
        ("label_audit.trial", ["--data=nosuch"], "data.name: unknown name 'nosuch'"),
        ("benchmark.kernels", ["nowhere.txtpb"], "target: nowhere.txtpb cannot be read"),
        ("benchmark.profile", ["--runs=0"], "--runs: 0; give a whole number of at least 1"),
    ],
)
def test_a_module_that_is_a_command_tells_an_error_in_one_line(module, arguments, message):
    line = [sys.executable, "-m", f"jnl.{module}", *arguments]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == ""
    (said,) = done.stderr.splitlines()
    assert said.startswith(f"error: {message}")
