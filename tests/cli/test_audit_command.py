"""`jnl audit` reads data as a training does, and says the same."""

import json
import signal

import numpy as np
import pandas as pd
import pytest
from helpers.faults import stop_when

from jnl import cli, data

pytestmark = pytest.mark.usefixtures("own")


@pytest.fixture
def table(own):
    """A table with semicolons, decimal commas, row numbers and another encoding, and embeddings of its rows."""
    numbers = np.random.default_rng(0).normal(size=(60, 2)).round(2)
    numbers[:30] += 4
    rows = pd.DataFrame(numbers, columns=["a", "b"]).assign(id=range(60), label=["x"] * 30 + ["ÿ"] * 30)
    rows.to_csv(own / "mine.csv", sep=";", decimal=",", index=False, encoding="cp1252")
    np.save(own / "features.npy", numbers.astype(np.float32))
    return own / "mine.csv"


@pytest.mark.filterwarnings("ignore:estimates of the noise rate differ")
@pytest.mark.filterwarnings("ignore:.*was read as Windows-1252")
def test_the_notes_are_printed_and_recorded(table, own, capsys):
    line = ["audit", str(table), f"--out={own / 'out'}", f"--features={own / 'features.npy'}", "--set", "leave_out=b"]
    assert cli.main(line) == 0
    printed, warned = (text.splitlines() for text in capsys.readouterr())
    notes = data.load("table", table, leave_out="b").notes
    recorded = json.loads((own / "out" / "audit.json").read_text())
    assert printed[1 : 1 + len(notes)] == recorded["data_notes"] == list(notes)
    (guess,) = [line for line in printed if "Windows-1252" in line]
    assert not [line for line in warned if guess in line]  # it is said once
    assert "columns left out (row numbers): 'id'" in notes and "numbers have decimal commas" in notes


def test_a_quick_audit_says_the_number_of_examples_once_and_keeps_no_training(own, capsys):
    assert cli.main(["audit", "digits", f"--out={own / 'out'}", "--quick"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if "1,442" in line] == printed[:1] == ["1,442 examples of 10 classes"]
    assert printed[1].endswith("; it does not include the errors of the models)")
    assert printed[-1].endswith("suspects.csv has those more likely wrong than right")
    assert "<title>Label audit of digits</title>" in (own / "out" / "index.html").read_text()
    assert not (own / "out" / "trainings").exists()
    assert {"neighbors", "linear"} <= set(pd.read_parquet(own / "out" / "examples.parquet"))


def test_a_folder_holds_the_audit_of_one_data_set(table, own, capsys):
    out, features = own / "out", f"--features={own / 'features.npy'}"
    assert cli.main(["audit", str(table), f"--out={out}", features]) == 0
    recorded = json.loads((out / "audit.json").read_text())
    assert recorded["data"] == str(table) and recorded["command"].startswith("jnl audit ")
    assert cli.main(["audit", str(table), f"--out={out}", features]) == 0
    table.rename(own / "other.csv")
    assert cli.main(["audit", str(own / "other.csv"), f"--out={out}", features]) == 2
    assert f"--out: {out} holds an audit of {table}; give another folder" in capsys.readouterr().err
    assert cli.main(["audit", str(own / "other.csv"), f"--out={own / 'features.npy'}"]) == 2
    assert "features.npy is a file; give a folder" in capsys.readouterr().err


def test_another_column_of_labels_is_another_audit(own, capsys):
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=["a", "b", "c"])
    rows.assign(one=["x", "y"] * 30, two=["y", "x", "x"] * 20).to_csv(own / "two.csv", index=False)
    line = ["audit", str(own / "two.csv"), f"--out={own / 'out'}", "--quick"]
    assert cli.main([*line, "--label=one", "--set=leave_out=two"]) == 0
    assert cli.main([*line, "--set=leave_out=two", "--label=one"]) == 0
    assert cli.main([*line, "--label=two", "--set=leave_out=one"]) == 2
    assert "two.csv with label=one leave_out=two; give another folder" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["examples.parquet", "suspects.csv"])
def test_a_file_that_no_audit_wrote_is_not_replaced(name, table, own, monkeypatch, capsys):
    (own / "mine").mkdir()
    rows = pd.read_csv(table, encoding="cp1252", sep=";")
    rows.to_parquet(own / "mine" / name) if name.endswith("parquet") else rows.to_csv(own / "mine" / name)
    before = (own / "mine" / name).read_bytes()
    monkeypatch.chdir(own / "mine")
    assert cli.main(["audit", name, "--quick", "--out=."]) == 2
    assert f"--out: . has a file {name} that is of no audit, and the audit would replace it" in capsys.readouterr().err
    assert (own / "mine" / name).read_bytes() == before


def test_an_audit_that_replaces_another_says_so(table, own, capsys):
    line = ["audit", str(table), f"--out={own / 'out'}", "--quick"]
    for _ in range(2):  # the same command says nothing
        assert cli.main(line) == 0
    assert "will replace" not in capsys.readouterr().out
    np.save(own / "embeddings.npy", np.random.default_rng(0).normal(size=(60, 3)))
    assert cli.main([*line[:-1], f"--features={own / 'embeddings.npy'}"]) == 0
    told = f"this audit will replace the one in {own / 'out'}, which was made by: jnl audit {' '.join(line[1:])}"
    assert told in capsys.readouterr().out.splitlines()


def test_a_stopped_audit_says_what_is_finished_and_continues(own, capsys):
    out, line = own / "out", ["audit", "digits", f"--out={own / 'out'}", "--folds=2", "--epochs=3"]

    def trained():
        return [file for file in out.glob("trainings/standard-*.npz") if ".part" not in file.name]

    stop_when(trained, signal.SIGINT)
    assert cli.main(line) == 128 + signal.SIGINT
    told = capsys.readouterr().err.splitlines()[-1]
    said = f"{out} has 1 finished training, which the same command uses again"
    assert told == f"SIGINT: stopped the audit; {said}"
    (file,) = out.glob("trainings/*.npz")
    before = file.stat().st_mtime_ns
    assert cli.main(line) == 0 and file.stat().st_mtime_ns == before


def test_a_folder_that_cannot_be_written_is_told_before_the_work(table, capsys):
    assert cli.main(["audit", str(table), "--quick", "--out=/dev/null/x"]) == 2
    output = capsys.readouterr()
    assert "cannot write /dev/null/x" in output.err and "labels are wrong" not in output.out


def test_a_refused_audit_leaves_no_empty_folder(own, capsys):
    """Among classes of images it would look like a class."""
    assert cli.main(["audit", "digits", "--model=nonsense", f"--out={own / 'out'}"]) == 2
    assert "unknown name 'nonsense'" in capsys.readouterr().err and not (own / "out").exists()


def test_corrected_data_can_be_audited_again(table, own, capsys):
    decisions = pd.DataFrame({"index": [0, 1], "given": "x", "decision": ["relabel", "drop"], "label": "ÿ"})
    decisions.to_csv(own / "decisions.csv", index=False)
    line = ["audit", str(table), f"--out={own / 'out'}", "--quick", f"--corrections={own / 'decisions.csv'}"]
    assert cli.main(line) == 0
    printed = capsys.readouterr().out
    assert "59 examples" in printed and "decisions.csv: 1 label changed, 1 example dropped" in printed


def test_embeddings_of_dropped_examples_are_left_out(table, own, capsys):
    decisions = pd.DataFrame({"index": [0], "given": "x", "decision": "drop", "label": "x"})
    decisions.to_csv(own / "decisions.csv", index=False)
    line = ["audit", str(table), f"--corrections={own / 'decisions.csv'}", f"--features={own / 'embeddings.npy'}"]
    embeddings = np.random.default_rng(0).normal(size=(60, 3))
    found = []
    for name, given in (("all", embeddings), ("rest", embeddings[1:])):
        np.save(own / "embeddings.npy", given)
        assert cli.main([*line, f"--out={own / name}"]) == 0
        found.append(pd.read_parquet(own / name / "examples.parquet"))
    pd.testing.assert_frame_equal(*found)


@pytest.mark.parametrize(
    "given, said",
    [
        ("seperator=;", "--set seperator=;: unknown name 'seperator'; did you mean 'separator'"),
        ("size=large", "--set size=large: 'large'; give a whole number"),
        ("standardize=yes", "--set standardize=yes: 'yes'; give True or False"),
        ("separator=;;", "data.separator: ';;'; give one character"),
        ("decimal=-", "data.decimal: '-'; give '.' or ','"),
    ],
)
def test_a_wrong_option_is_told(given, said, table, capsys):
    assert cli.main(["audit", str(table), "--set", given]) == 2
    assert said in capsys.readouterr().err
