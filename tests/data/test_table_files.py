"""Tables of every form are read as people mean them, or refused by line; what was done is said."""

import re

import numpy as np
import pandas as pd
import pytest
from helpers.tables import LABELS, PLAIN, RNG, ROWS, A, B, frame, loaded, said

from jnl import data
from jnl.support.errors import UserError

pytestmark = pytest.mark.usefixtures("own")
GERMAN = frame().to_csv(index=False, sep=";", decimal=",")
FORMS = {
    "commas": (PLAIN, ""),
    "semicolons": (PLAIN.replace(",", ";"), "separated by semicolons"),
    "tabs": (PLAIN.replace(",", "\t"), "separated by tabs"),
    "vertical bars": (PLAIN.replace(",", "|"), "separated by vertical bars"),
    "decimal commas": (GERMAN, "numbers have decimal commas"),
    "decimal commas in quotes": (frame().to_csv(index=False, decimal=",", quoting=1), "numbers have decimal commas"),
    "a line for Excel": ("sep=;\n" + GERMAN, "separated by semicolons"),
    "spaces": (PLAIN.replace(",", " , "), ""),
    "Windows lines": (PLAIN.replace("\n", "\r\n"), ""),
    "old Macintosh lines": (PLAIN.replace("\n", "\r"), ""),
    "empty lines": (PLAIN.replace("\n", "\n\n"), ""),
    "a mark of UTF-8": (PLAIN.encode("utf-8-sig"), ""),
    "UTF-16": (PLAIN.encode("utf-16"), "mine.csv was read as utf-16"),
    "signs of money": (re.sub("^(-?)", r"\1$", PLAIN.strip(), flags=re.M).replace("$a,", "a,"), "signs of money"),
    "percent": (frame(a=[f"{value} %" for value in A]).to_csv(index=False), "column 'a' has signs of money or percent"),
    "another minus": (frame(a=[str(value).replace("-", "\u2212") for value in A]).to_csv(index=False), ""),
}  # fmt: skip


@pytest.mark.parametrize("case", FORMS)
def test_text_files_of_every_form_give_the_same_numbers(case, own):
    content, note = FORMS[case]
    found = loaded(own, content)
    np.testing.assert_array_equal(found.train.inputs, np.stack([A, B], 1).astype(np.float32))
    assert found.class_names == ("cat", "dog")
    assert note in said(found)
    if "decimal" in case:  # also when a model predicts, from a file and from a frame
        np.testing.assert_array_equal(found.prepare(own / "mine.csv"), found.train.inputs)
        np.testing.assert_array_equal(found.prepare(frame()), found.train.inputs)


def test_a_mark_at_the_beginning_is_no_part_of_a_name(own):
    """Excel writes it; also if the encoding is given."""
    content = b"\xef\xbb\xbf" + PLAIN.encode()
    for options in ({}, {"encoding": "utf-8"}):
        np.testing.assert_array_equal(loaded(own, content, **options).train.inputs[:, 1], B)


def test_a_row_may_be_longer_than_the_parts_in_which_a_file_is_read(own):
    texts = ["short", "long " * 300_000] * 3
    found = loaded(own, pd.DataFrame({"text": texts, "label": ["cat", "dog"] * 3}), text="text")
    assert found.train.inputs.shape[0] == 6


@pytest.mark.parametrize("first, last", [(5, 12), (5, 6)])
def test_an_open_quotation_mark_that_swallows_rows_is_doubted(first, last, own):
    words = [f"w{row % 3}" for row in range(ROWS)]
    words[first], words[last] = '"w0', '"w1'
    rows = [f"{a},{word},{label}" for a, word, label in zip(A, words, LABELS, strict=True)]
    said = f"data.dir: line {first + 2} of .*mine.csv has a value with line breaks and the separators of whole rows; if"
    with pytest.warns(UserWarning, match=said):
        found = loaded(own, "\n".join(["a,word,label", *rows]))
    assert len(found.train.labels) == ROWS - (last - first)


def test_sentences_of_several_lines_are_not_doubted(own):
    review = "Good, cheap, and fast.\nI like it, my cat, too.\n\nYours"
    found = loaded(own, frame(review=[review, "bad, so bad\n", "fine", "fine"] * 10))
    assert "line breaks" not in said(found)


def test_a_name_may_be_a_tilde(own):
    """It means the folder of the user only in a path."""
    content = PLAIN.replace(",", "~")
    np.testing.assert_array_equal(loaded(own, content, separator="~").train.inputs[:, 1], B)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_a_guessed_encoding_is_doubted(encoding, own):
    content = PLAIN.replace("cat", "sch\u00f6n").encode(encoding)
    with pytest.warns(UserWarning, match="not UTF-8 and was read as Windows-1252; set data.encoding"):
        assert loaded(own, content).class_names == ("dog", "sch\u00f6n")
    assert loaded(own, content, encoding=encoding).class_names == ("dog", "sch\u00f6n")
    with pytest.raises(UserError, match="data.encoding: 'no such' is unknown"):
        loaded(own, content, encoding="no such")


class TestNumbers:
    def test_thousands(self, own):
        values = RNG.integers(900, 10**7, ROWS)
        for texts, options in (
            ([f"{value:,}" for value in values], {}),
            ([f"{value:,}".replace(",", " ") for value in values], {}),
            ([f"{value:,}".replace(",", "'") for value in values], {}),
            ([f"{value:,}".replace(",", ".") + ",5" for value in values], {}),
            ([f"{value:,}".replace(",", ".") for value in values], {"decimal": ","}),
        ):
            found = loaded(own, frame(a=texts), **options)
            np.testing.assert_array_equal(
                found.train.inputs[:, 0], (values + 0.5 * texts[0].endswith(",5")).astype(np.float32)
            )

    def test_nan_is_missing_also_beside_decimal_commas(self, own):
        texts = ["nan" if row % 7 == 3 else str(value) for row, value in enumerate(B)]
        found = loaded(own, frame(b=texts).to_csv(index=False, sep=";", decimal=","))
        assert "column 'b' lacks numbers" in said(found)

    def test_a_comma_that_may_mean_either_is_refused(self, own):
        content = frame(a=[f"{value:,}" for value in RNG.integers(1000, 9999, ROWS)]).to_csv(index=False, sep=";")
        with pytest.raises(
            UserError, match="data.decimal: in column 'a', '.,...' may have a decimal comma or a separator"
        ):
            loaded(own, content)
        assert loaded(own, content, decimal=",").train.inputs[:, 0].max() < 10
        assert loaded(own, content, decimal=".").train.inputs[:, 0].min() >= 1000
        mixed = frame(c=[f"{value:.2f}".replace(".", ",") for value in A])
        with pytest.raises(UserError, match="column 'a' has decimal points and column 'c' decimal commas"):
            loaded(own, mixed.assign(a=A.astype(str)), "mine.parquet")

    @pytest.mark.parametrize("spelling", ["", "NA", "?", "n/a", "null", "-"])
    def test_a_missing_number_becomes_the_median_and_another_feature(self, spelling, own):
        texts = [spelling if row % 7 == 3 else str(value) for row, value in enumerate(A)]
        found = loaded(own, frame(a=texts))
        lost = np.arange(ROWS) % 7 == 3
        median = np.median(A[~lost])
        np.testing.assert_array_equal(found.train.inputs[:, 0], np.where(lost, median, A).astype(np.float32))
        np.testing.assert_array_equal(found.train.inputs[:, 1], lost)
        assert f"column 'a' lacks numbers; the median {median:g} is there instead" in said(found)
        assert found.prepare.feature_names() == ["a", "a is missing", "b"]
        np.testing.assert_array_equal(
            found.prepare({"a": [np.nan, 1.0], "b": [0, 1]}), [[np.float32(median), 1, 0], [1, 0, 1]]
        )
        with pytest.raises(
            UserError, match="inputs: column 'b' has no number in row 1, but it has all in the training"
        ):
            found.prepare({"a": [1.0, 1.0], "b": [0, np.nan]})

    def test_a_test_set_must_not_lack_what_the_training_set_has(self, own):
        frame(b=[np.nan, *B[1:]]).to_csv(own / "test.csv", index=False)
        with pytest.raises(UserError, match="data.test: column 'b' has no number in line 2"):
            loaded(own, PLAIN, test=str(own / "test.csv"))


LEFT_OUT = {
    "an index without a name": ({"": range(ROWS)}, "row numbers of pandas"),
    "an index": ({"Unnamed: 0": range(ROWS)}, "row numbers"),
    "an index of an index": ({"Unnamed: 0.1": range(7, 7 + 2 * ROWS, 2)}, "row numbers"),
    "an id": ({"ID": RNG.permutation(1000)[:ROWS]}, "row numbers"),
    "numbers of patients": ({"patient_id": RNG.permutation(1000)[:ROWS]}, "row numbers"),
    "an index without some numbers": ({"Unnamed: 0": [None, *range(1, ROWS)]}, "row numbers"),
    "an index of joined tables": ({"index": [*range(20), *range(20)]}, "row numbers"),
    "a level of an index": ({"level_0": [*range(20), *range(20)]}, "row numbers"),
    "numbers of passengers": ({"PassengerId": RNG.permutation(1000)[:ROWS]}, "row numbers"),
    "numbers of customers": ({"customerid": RNG.permutation(1000)[:ROWS]}, "row numbers"),
    "rising numbers with gaps": ({"key": [None, *np.cumsum(RNG.integers(1, 5, ROWS - 1))]},
                                 "numbers that follow the rows"),
    "shuffled row numbers": ({"key": RNG.permutation(ROWS)}, "numbers that follow the rows"),
    "rising numbers": ({"key": np.cumsum(RNG.integers(1, 5, ROWS))}, "numbers that follow the rows"),
    "times": ({"key": np.arange(ROWS)[::-1] * 0.37}, "numbers that follow the rows"),
    "names": ({"key": [f"person {row}" for row in range(ROWS)]}, "a different word in each row"),
    "a constant": ({"key": 1}, "the same value in each row"),
    "a constant word": ({"key": "x"}, "the same value in each row"),
    "nothing": ({"key": ""}, "empty"),
    "dates": ({"key": [f"2024-01-{row % 28 + 1:02d}" for row in range(ROWS)]}, "dates or times"),
    "dates with points": ({"key": [f"{row % 28 + 1}.1.2024" for row in range(ROWS)]}, "dates or times"),
    "dates with slashes": ({"key": [f"1/{row % 28 + 1}/24" for row in range(ROWS)]}, "dates or times"),
    "dates in words": ({"key": [f"{row % 28 + 1} March 2024" for row in range(ROWS)]}, "dates or times"),
    "dates in numbers": ({"key": [20240101 + row % 28 for row in range(ROWS)]}, "dates or times"),
    "times of day": ({"key": [f"{row % 24}:30" for row in range(ROWS)]}, "dates or times"),
    "stamps": ({"key": pd.date_range("2024", periods=ROWS, freq="h")}, "dates or times"),
}  # fmt: skip


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("case", LEFT_OUT)
@pytest.mark.filterwarnings("ignore:data.dir. columns left out .numbers that follow")
def test_columns_that_are_no_features_are_left_out_and_said(case, ending, own):
    columns, why = LEFT_OUT[case]
    (name,) = columns
    found = loaded(own, frame(**columns), f"mine.{ending}")
    assert list(found.prepare.columns) == ["a", "b"]
    assert f"columns left out ({why}): {name!r}" in said(found)


def test_a_column_without_a_name_is_left_out_only_if_it_has_whole_numbers(own):
    found = loaded(own, frame(**{"": A[::-1]}))
    assert list(found.prepare.columns) == ["a", "b", ""]
    assert list(loaded(own, frame(humid=RNG.permutation(1000)[:ROWS])).prepare.columns) == ["a", "b", "humid"]


def test_a_column_that_says_the_same_as_the_label_is_doubted(own):
    for copy in (["u", "v"] * 20, [3, 5] * 20):
        with pytest.warns(UserWarning, match="column 'target' says the same as the label in each row"):
            loaded(own, frame(target=copy))


def test_large_numbers_that_float32_cannot_tell_apart_are_standardized_before_or_doubted(own):
    table = frame(time=[1_700_000_000 + row % 17 for row in range(ROWS)])
    assert len(np.unique(loaded(own, table, standardize=True).train.inputs[:, 2])) == 17
    with pytest.warns(UserWarning, match="column 'time' has 17 different numbers, but only . in float32"):
        loaded(own, table)


def test_row_numbers_that_pandas_saved_twice_are_left_out(own):
    sorted_rows = frame(label=sorted(LABELS))
    sorted_rows.to_csv(own / "once.csv")
    pd.read_csv(own / "once.csv").to_csv(own / "twice.csv")
    found = loaded(own, (own / "twice.csv").read_bytes())
    assert list(found.prepare.columns) == ["a", "b"]


def test_columns_may_be_kept_or_left_out_by_name(own):
    content = frame(year=range(1900, 1900 + ROWS), key=[f"k{row}" for row in range(ROWS)])
    with pytest.warns(
        UserWarning, match=r"left out .numbers that follow the rows.: 'year'; data.keep names columns to use"
    ):
        loaded(own, content)
    with pytest.warns(
        UserWarning, match="data.keep: column 'key' has a different word in each row, so nothing can be l"
    ):
        found = loaded(own, content, keep="year, key", leave_out="a")
    assert list(found.prepare.columns) == ["b", "year", "key"] and found.train.inputs.shape == (ROWS, 2 + ROWS)
    assert "columns left out as data.leave_out says: 'a'" in said(found)
    with pytest.raises(UserError, match="data.keep: unknown name 'yaer'; did you mean 'year'"):
        loaded(own, content, keep="yaer")


def test_a_column_of_too_many_words_is_left_out_with_a_warning(own):
    words = [f"w{row // 2}" for row in range(300)]
    many = pd.DataFrame({"a": RNG.normal(size=300), "w": words, "label": ["x", "y", "y"] * 100})
    with pytest.warns(UserWarning, match=r"columns left out .more than 100 different words.: 'w'"):
        loaded(own, many)


def test_words_that_the_training_table_lacks_are_counted(own):
    frame(town=["Ulm", "Bonn", "Bonn", "Ulm"] * 10).to_csv(own / "mine.csv", index=False)
    frame(town=["Rom", " Ulm "] * 20).to_csv(own / "test.csv", index=False)
    found = data.load("table", own / "mine.csv", test=str(own / "test.csv"), standardize=False)
    assert "data.test: column 'town' has 20 rows with words that the training table lacks, such as 'Rom'" in said(found)
    np.testing.assert_array_equal(found.test.inputs[:2, 2:], [[0, 0], [0, 1]])
    with pytest.warns(UserWarning, match="inputs: column 'town' has 1 row with words that the training table lacks"):
        found.prepare({"a": [1.0, 2.0], "b": [1, 2], "town": ["Ulm", "Paris"]})
