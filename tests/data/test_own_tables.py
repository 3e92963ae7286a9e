"""The user's own tables."""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from helpers.synthetic import same

from jnl import data
from jnl.support.errors import UserError

pytestmark = pytest.mark.usefixtures("own")


class TestTable:
    """The source `table`."""

    COLUMNS = {
        "": [0, 1, 2, 3],
        "age": [1.0, 2.0, 3.0, 6.0],
        "fit": [True, False, False, True],
        "town": ["Ulm", "Bonn", None, "Ulm"],
        "label": ["yes", "no", "no", "yes"],
        "true": ["yes", "no", "maybe", "yes"],
    }

    def write(self, path, **changes):
        columns = {name: column for name, column in {**self.COLUMNS, **changes}.items() if column is not None}
        table = pa.table(columns)
        pyarrow.parquet.write_table(table, path) if path.suffix == ".parquet" else pyarrow.csv.write_csv(table, path)
        return path

    @pytest.mark.parametrize("ending", ["csv", "parquet"])
    def test_columns_become_features(self, ending, own):
        path = self.write(own / f"mine.{ending}")
        other = self.write(own / f"test.{ending}", town=["Rom", "Ulm", "Ulm", "Bonn"])
        loaded = data.load("table", path, truth="true", test=str(other), standardize=False)
        expected = [[1, 1, 0, 0, 1], [2, 0, 0, 1, 0], [3, 0, 1, 0, 0], [6, 1, 0, 0, 1]]  # the missing town comes first
        np.testing.assert_array_equal(loaded.train.inputs, expected)
        np.testing.assert_array_equal(loaded.test.inputs[0], [1, 1, 0, 0, 0])
        assert loaded.class_names == ("maybe", "no", "yes")
        np.testing.assert_array_equal(loaded.train.labels, [2, 1, 1, 2])
        assert loaded.origin(3) == f"mine.{ending} row 3"
        np.testing.assert_array_equal(loaded.train.clean, [2, 1, 0, 2])
        same(loaded, data.load("table", path, truth="true", test=str(other), standardize=False))
        standardized = data.load("table", path, truth="true").train.inputs
        np.testing.assert_allclose(standardized.std(0), 1, atol=1e-6)

    @pytest.mark.parametrize(
        "labels, names",
        [([3, 1, 2, 10], "1 2 3 10"), ([-1, 1, 1, -1], "-1 1"), ([True, False, True, True], "False True")],
    )
    def test_labels_of_numbers_are_in_their_order(self, labels, names, own):
        for ending in ("csv", "parquet"):
            path = self.write(own / f"mine.{ending}", label=labels, true=None)
            loaded = data.load("table", path, test=str(path))
            want = names.lower() if ending == "csv" and "True" in names else names
            assert [name.lower() for name in loaded.class_names] == want.lower().split()
            np.testing.assert_array_equal(loaded.train.labels, np.unique(labels, return_inverse=True)[1])
            np.testing.assert_array_equal(loaded.test.labels, loaded.train.labels)

    def test_row_numbers_of_pandas_are_left_out(self, own):
        plain = data.load("table", self.write(own / "mine.parquet"), truth="true")
        index = self.write(own / "index.parquet", __index_level_0__=[7, 5, 6, 1])
        np.testing.assert_array_equal(data.load("table", index, truth="true").train.inputs, plain.train.inputs)

    def test_texts_are_words_unless_all_are_numbers(self, own):
        for age, width in ((["1", "2", "1", "2"], 1), (["1", "x", "y", "x"], 3), (["nan", "x", "x", "nan"], 2)):
            path = self.write(own / "mine.parquet", age=age)
            assert data.load("table", path, truth="true").train.inputs.shape == (4, 4 + width)

    @pytest.mark.parametrize("ending", ["csv", "parquet"])
    def test_a_word_such_as_none_is_missing_only_in_a_column_without_empty_cells(self, ending, own):
        path = self.write(own / f"mine.{ending}", town=["none", "", "Ulm", " none"])
        loaded = data.load("table", path, truth="true", standardize=False)
        np.testing.assert_array_equal(loaded.train.inputs[:, 2:], [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
        assert loaded.prepare.columns["town"] == ["", "Ulm", "none"]
        new = {"": [0, 1, 2], "age": [1, 2, 3], "fit": [1, 1, 1], "town": ["none", "NA", None]}
        np.testing.assert_array_equal(loaded.prepare(pa.table(new))[:, 2:], [[0, 0, 1], [1, 0, 0], [1, 0, 0]])
        path = self.write(own / f"mine.{ending}", town=["none", "NA", "Ulm", "none"])
        said = "column 'town' has words that count as missing: 'none' .2 rows., 'NA' .1 row."
        with pytest.warns(UserWarning, match=said):
            loaded = data.load("table", path, truth="true", standardize=False)
        assert loaded.prepare.columns["town"] == ["", "Ulm"]
        np.testing.assert_array_equal(loaded.prepare(pa.table(new))[:, 2:], [[1, 0], [1, 0], [1, 0]])
        path = self.write(own / f"mine.{ending}", town=["none", "Rom", "Ulm", "none"])
        said = "data.dir: column 'town' has words that count as missing: 'none' (2 rows)"
        assert said in data.load("table", path, truth="true").notes

    def test_large_numbers_are_numbers(self, own):
        path = self.write(own / "mine.parquet", age=[2**62 + 1, 1, 2, 3])
        assert data.load("table", path, truth="true").train.inputs.shape == (4, 5)

    @pytest.mark.parametrize(
        "changes, options, said",
        [
            ({}, {"label": "class"}, "data.label: no column 'class'"),
            ({}, {"truth": "truth"}, "data.truth: no column 'truth'"),
            ({"label": [0.5, 1.0, 2.0, 3.0]}, {}, "data.label: .*fractions"),
            ({"label": [0.0, 1.0, np.nan, 3.0]}, {}, "data.label: .*no label .* in (line 4|row 2)"),
            ({"label": ["a", None, "b", "b"]}, {}, "data.label: .*no label .''. in (line 3|row 1)"),
            ({"label": [0, 1, None, 0]}, {}, "data.label: .*no label .''. in (line 4|row 2)"),
            ({"label": ["a"] * 4}, {}, "data: all training labels are a"),
            (
                {"age": ["7", "x", "7", "8.5"]},
                {},
                "data.dir: column 'age' holds numbers, but also 'x' in (line 3|row 1); give a number there",
            ),
            ({"age": [1.0, np.inf, 2.0, 3.0]}, {}, "data.dir: column 'age' has inf in (line 3|row 1)"),
            ({"age": [1.0, 1e300, 2.0, 3.0]}, {}, r"data.dir: column 'age' has 1e\+300 in (line 3|row 1)"),
            ({"age": None, "fit": None, "town": None}, {"truth": "true"}, "data.dir: .*no columns beside the label"),
        ],
    )
    @pytest.mark.parametrize("ending", ["csv", "parquet"])
    def test_what_is_wrong_is_told(self, changes, options, said, ending, own):
        with pytest.raises(UserError, match=said):
            data.load("table", self.write(own / f"mine.{ending}", **changes), **options)

    @pytest.mark.parametrize(
        "changes, said",
        [
            ({"town": None}, "data.test: column 'town' is missing"),
            ({"age": ["a", "b", "c", "d"]}, "data.test: column 'age' does not hold numbers"),
            ({"label": None}, "data.test: no column 'label'"),
            ({"label": ["yes", "no", "no", "never"]}, "data: test labels contain 'never'"),
        ],
    )
    def test_a_wrong_test_table_is_told(self, changes, said, own):
        other = self.write(own / "test.csv", **changes)
        with pytest.raises(UserError, match=said):
            data.load("table", self.write(own / "mine.csv"), test=str(other))

    @pytest.mark.parametrize(
        "content, said",
        [
            (b"age,label\n1,\x81\n2,b\n", "not UTF-8 text"),
            (b"age,label\n1\n", "line 2 has 1 values, but the first line has 2 names"),
            (b"\nage,label\n1,a\n\n2,b,c\n", "line 5 has 3 values, but the first line has 2 names"),
            (b"", "not a table"),
            (b"PK\3\4xlsx", "Excel file or an archive; save the sheet as CSV"),
            (b"\xd0\xcf\x11\xe0xls", "old Excel file; save the sheet as CSV"),
            (b"\x1f\x8b\x08csv.gz", "unpack it"),
            (b"a\0b,label", "NUL"),
            (b"age,label\n", "no rows"),
            (
                b"age,label\n1,a\n\n age,label\n2,b\n",
                "line 4 of .*mine.csv repeats the names of the columns; remove it",
            ),
            (b"age,age,label\n1,2,a\n2,3,b\n", "two columns 'age'"),
            (
                b"name,label\n" + b"".join(b"n%d,%d\n" % (row, row % 2) for row in range(101)),
                "different word in each row.: 'name'",
            ),
        ],
    )
    def test_files_of_another_kind_are_told(self, content, said, own):
        (own / "mine.csv").write_bytes(content)
        with pytest.raises(UserError, match=rf"data\.(dir|label): .*{said}"):
            data.load("table", own / "mine.csv")

    @pytest.mark.parametrize("labels", [[["a"], ["b"], ["a"], ["b"]], [{"x": 1}, {"x": 2}, {"x": 1}, {"x": 1}]])
    def test_labels_with_parts_are_refused(self, labels, own):
        with pytest.raises(UserError, match="data.label: column 'label' holds values of the type (list|struct)"):
            data.load("table", self.write(own / "mine.parquet", label=labels))

    def test_what_is_missing_is_told(self, own):
        (own / "mine.parquet").write_text("no parquet")
        for dir in (None, own, own / "nowhere.csv", own / "mine.parquet"):
            with pytest.raises(UserError, match="data.dir"):
                data.load("table", dir)
        with pytest.raises(UserError, match="data.test: .*nowhere.csv"):
            data.load("table", self.write(own / "mine.csv"), test="nowhere.csv")
