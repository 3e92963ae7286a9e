"""Decisions of a review change the data: relabeled, dropped, refused if they belong to other data."""

import numpy as np
import pytest
from conftest import quick

import jnl
from jnl.data.corrections import corrected, corrected_rows
from jnl.experiment.build import build
from jnl.support.errors import UserError

HEADER = "index,given,decision,label\n"


@pytest.fixture
def dataset():
    return jnl.from_arrays(
        np.arange(12.0).reshape(6, 2), [0, 1, 0, 1, 0, 1], class_names=["cat", "=dog"], standardize=False
    )._replace(origin=lambda row: f"{row}.png")


def write(folder, rows, header=HEADER):
    (folder / "decisions.csv").write_text(header + rows)
    return folder / "decisions.csv"


def test_they_are_applied(dataset, tmp_path):
    rows = '0,cat,keep,cat\n1,\'=dog,relabel,cat\n2,cat,drop,cat\n4,"cat",relabel,"\'=dog"\n5,\'=dog,unsure,cat\n'
    found = corrected(dataset, write(tmp_path, rows))
    assert found.train.labels.tolist() == [0, 0, 1, 1, 1]
    assert found.train.inputs[:, 0].tolist() == [0, 2, 6, 8, 10]
    assert [found.origin(row) for row in range(5)] == ["0.png", "1.png", "3.png", "4.png", "5.png"]
    assert dataset.train.labels.tolist() == [0, 1, 0, 1, 0, 1]


def test_rows_that_remain_keep_their_numbers(dataset, tmp_path):
    found = corrected(dataset._replace(origin=None), write(tmp_path, "2,cat,drop,cat\n"))
    assert [found.origin(row) for row in range(5)] == ["row 0", "row 1", "row 3", "row 4", "row 5"]


def test_a_spreadsheet_may_save_them_with_semicolons(dataset, tmp_path):
    rows = "0;cat;relabel;'=dog\n2;cat;drop;cat\n"
    found = corrected(dataset, write(tmp_path, rows, HEADER.replace(",", ";")))
    assert found.train.labels.tolist() == [1, 1, 1, 0, 1]


def test_what_they_changed_is_a_note(dataset, tmp_path):
    rows = "0,cat,keep,cat\n2,cat,drop,cat\n4,cat,relabel,'=dog\n5,'=dog,unsure,cat\n"
    (note,) = corrected(dataset._replace(notes=()), write(tmp_path, rows)).notes
    assert note == "decisions.csv: 1 label changed, 1 example dropped, 1 kept, 1 unsure"


def test_a_new_label_that_is_the_given_one_changes_nothing(dataset, tmp_path):
    (note,) = corrected(dataset._replace(notes=()), write(tmp_path, "0,cat,relabel,cat\n2,cat,relabel,'=dog\n")).notes
    assert note == "decisions.csv: 1 label changed, 0 examples dropped, 1 kept, 0 unsure"


def test_decisions_on_examples_that_have_moved_are_refused(dataset, tmp_path):
    header = HEADER.replace("\n", ",file\n")
    assert corrected(dataset, write(tmp_path, "2,cat,drop,cat,2.png\n", header)).train.labels.tolist() == [
        0,
        1,
        1,
        0,
        1,
    ]
    with pytest.raises(UserError, match="example 2 is 3.png, but it is 2.png; audit the data again"):
        corrected(dataset, write(tmp_path, "2,cat,drop,cat,3.png\n", header))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("", "has no rows"),
        ("9,cat,keep,cat\n", "example 9 .*does not exist"),
        ("1,cat,keep,cat\n", "labeled 'cat', but it is labeled '=dog'"),
        ("0,cat,delete,cat\n", "'delete'.*keep"),
        ("0,cat,relabel,bird\n", "'bird'.*cat"),
        ("x,cat,keep,cat\n", "line 2 .*row number"),
        ("0,cat\n", "line 2"),
        ("0,cat,keep,cat\n0,cat,drop,cat\n", "two decisions on example 0"),
        ("0,cat,drop,cat\n2,cat,drop,cat\n4,cat,drop,cat\n", "fewer than 2 classes"),
    ],
)
def test_what_does_not_fit_is_refused(dataset, tmp_path, rows, message):
    with pytest.raises(UserError, match=message):
        corrected(dataset, write(tmp_path, rows))


def test_decisions_on_corrected_data_come_after_those_that_corrected_them(dataset, tmp_path):
    first = write(tmp_path, "0,cat,drop,cat\n2,cat,relabel,'=dog\n").rename(tmp_path / "first.csv")
    second = write(tmp_path, "0,'=dog,relabel,cat\n1,'=dog,drop,cat\n")
    found, rows = corrected_rows(dataset, f"{first}, {second}")
    assert rows.tolist() == [1, 3, 4, 5]
    assert found.train.labels.tolist() == [0, 1, 0, 1]
    assert [found.origin(row) for row in range(4)] == ["1.png", "3.png", "4.png", "5.png"]
    assert len(found.notes) == len(dataset.notes) + 2
    with pytest.raises(UserError, match="Those of an audit with --corrections come after its file: FIRST,SECOND"):
        corrected(dataset, second)


def test_a_missing_column_or_file_is_refused(dataset, tmp_path):
    with pytest.raises(UserError, match="lacks the column 'label'"):
        corrected(dataset, write(tmp_path, "0,cat,keep\n", "index,given,decision\n"))
    with pytest.raises(UserError, match="cannot read"):
        corrected(dataset, tmp_path / "absent.csv")


def test_a_training_uses_them(tmp_path):
    digits = jnl.data.load("digits")
    wrong = int(digits.train.labels[0])
    config = quick("standard", epochs=1, seeds=1, noise__kind="none")
    config.data.corrections = str(write(tmp_path, f"0,{wrong},drop,{wrong}\n"))
    (program_spec,) = build(config)
    assert (
        program_spec.runs[0].labels.shape == program_spec.dataset.train.labels.shape == (len(digits.train.labels) - 1,)
    )
