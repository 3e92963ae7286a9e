"""Numbers in texts that can be read in two ways are refused, and what was left out is said."""

import numpy as np
import pandas as pd
import pytest

from jnl import data
from jnl.support.errors import UserError

pytestmark = pytest.mark.usefixtures("own")
RNG = np.random.default_rng(0)
ROWS = 40


def write(path, separator=",", **columns):
    frame = pd.DataFrame({"b": RNG.integers(0, 4, ROWS), "label": ["cat", "dog", "dog", "cat"] * 10})
    frame.assign(**columns).to_csv(path, index=False, sep=separator)


def loaded(own, separator=",", options=(), **columns):
    write(own / "mine.csv", separator, **columns)
    return data.load("table", own / "mine.csv", **{"standardize": False, **dict(options)})


class TestThousands:
    """Points that may separate thousands."""

    @pytest.mark.parametrize("money", ["", " \u20ac"])
    def test_points_that_may_mean_either_are_refused(self, money, own):
        price = [f"{text}{money}" for text in ("980", "1.250", "12.400", "7")] * 10
        with pytest.raises(
            UserError,
            match="data.decimal: in column 'price', '1.250.*' may have a decimal point or a separator of "
            "thousands; set data.decimal to ',' or '.'",
        ):
            loaded(own, ";", price=price)
        for decimal, expected in ((",", [980, 1250]), (".", [980, 1.25])):
            found = loaded(own, ";", options={"decimal": decimal}, price=price)
            np.testing.assert_allclose(found.train.inputs[:2, 1], expected)

    @pytest.mark.parametrize("other", ["0.125", "1.5", "-2.25", "1.2345"])
    def test_another_decimal_point_shows_what_they_mean(self, other, own):
        found = loaded(own, ";", price=["1.250", "2.375"] * 20, weight=[other, "3"] * 20)
        np.testing.assert_allclose(found.train.inputs[:2, 1], [1.25, 2.375])

    def test_between_commas_points_are_decimal_signs(self, own):
        np.testing.assert_allclose(loaded(own, price=["1.250", "2.375"] * 20).train.inputs[0, 1], 1.25)


class TestAnotherTable:
    """Decimal signs of a test table or a new table."""

    @pytest.mark.parametrize("train, new", [("30.629", "30,629"), ("30,5", "30.629")])
    def test_another_decimal_sign_is_refused(self, train, new, own):
        said = f"in column 'price', '{new}' may have a decimal (comma|point) or a separator of thousands; write numbers"
        write(own / "test.csv", ";", price=[new, "5"] * 20, new=["true", "false"] * 20)
        columns = {"new": ["true", "false"] * 20, "price": [train, "0.5" if "." in train else "0,5"] * 20}
        with pytest.raises(UserError, match=f"data.test: {said}"):
            loaded(own, ";", options={"test": str(own / "test.csv")}, **columns)
        loaded(own, ";", {"test": str(own / "test.csv"), "decimal": "." if "." in train else ","}, **columns)
        prepare = loaded(own, ";", **columns).prepare
        for each in (prepare, type(prepare).from_json(prepare.to_json())):
            for inputs in (own / "test.csv", {"b": [1], "new": ["true"], "price": [new]}):
                with pytest.raises(UserError, match=f"inputs: {said}"):
                    each(inputs)

    def test_a_clear_table_is_read(self, own):
        prepare = loaded(own, ";", price=["30.629", "0.5"] * 20).prepare
        for new, expected in (("1.250", 1.25), ("1,234.5", 1234.5), ("1,234,567", 1234567)):
            assert prepare({"b": [1], "price": [new]})[0, 1] == expected
        write(own / "new.csv", price=["30,629"] * ROWS)  # between commas, commas separate thousands
        assert prepare(own / "new.csv")[0, 1] == 30629

    @pytest.mark.parametrize("decimal, text", [(".", "1,234"), (",", "1.234")])
    def test_thousands_as_in_the_training_table_are_read(self, decimal, text, own):
        found = loaded(own, ";", options={"decimal": decimal}, price=[text, "7"] * 20)
        assert f"{'commas' if text == '1,234' else 'points'} in column 'price' separate thousands" in found.notes
        for inputs in (own / "mine.csv", {"b": [1], "price": [text]}):
            assert found.prepare(inputs)[0, 1] == 1234


@pytest.mark.parametrize("values", [("+", "up"), ("E10", "E11"), ("e5", "$")])
def test_signs_and_exponents_alone_are_no_numbers(values, own):
    assert "column 'code' has 2 words, each a feature" in loaded(own, code=list(values) * 20).notes


class TestSigns:
    """Signs of money and percent."""

    @pytest.mark.parametrize(
        "values, said",
        [
            (["50%", "0.5"], "has numbers with and without %, '50%' and '0.5'; give all as percent or none"),
            (["$5", "\u20ac7"], "has numbers with \\$ and \u20ac; convert them to one"),
            (["$5", "7%"], "has numbers with \\$ and %; convert them to one"),
        ],
    )
    def test_a_column_of_two_kinds_is_refused(self, values, said, own):
        with pytest.raises(UserError, match=f"data.dir: column 'price' {said}"):
            loaded(own, price=values * 20)

    def test_missing_numbers_need_no_sign(self, own):
        found = loaded(own, price=["50%", "", "7%", "NA"] * 10)
        assert "column 'price' has signs of money or percent, which were left out" in found.notes

    @pytest.mark.parametrize(
        "train, test, said",
        [
            (
                ["0.5", "0.7"],
                ["50%", "70%"],
                "has numbers with %, but in the training table with no sign; convert them",
            ),
            (
                ["$5", "$7"],
                ["\u20ac5", "\u20ac7"],
                "has numbers with \u20ac, but in the training table with \\$; convert",
            ),
            (["$5", "$7"], ["\u20ac5", "$7"], "has numbers with \\$ and \u20ac"),
        ],
    )
    def test_another_sign_in_a_test_table_or_a_new_table_is_refused(self, train, test, said, own):
        write(own / "test.csv", price=test * 20)
        with pytest.raises(UserError, match=f"data.test: column 'price' {said}"):
            loaded(own, options={"test": str(own / "test.csv")}, price=train * 20)
        prepare = loaded(own, price=train * 20).prepare
        for each in (prepare, type(prepare).from_json(prepare.to_json())):
            with pytest.raises(UserError, match=f"inputs: column 'price' {said}"):
                each({"b": [1, 2], "price": test})

    @pytest.mark.parametrize("new", [["0.5", "0.7"], [0.5, 0.7], ["0.5", ""]])
    def test_numbers_without_the_percent_of_the_training_table_are_refused(self, new, own):
        said = "column 'price' has numbers with no sign, but in the training table with %; convert them"
        write(own / "test.csv", price=new * 20)
        with pytest.raises(UserError, match=f"data.test: {said}"):
            loaded(own, options={"test": str(own / "test.csv")}, price=["50%", "", "7%", ""] * 10)
        prepare = loaded(own, price=["50%", "", "7%", ""] * 10).prepare
        with pytest.raises(UserError, match=f"inputs: {said}"):
            prepare({"b": [1, 2], "price": new})
        for missing in (["", "NA"], [np.nan, np.nan]):
            np.testing.assert_array_equal(prepare({"b": [1, 2], "price": missing})[:, 2], [1, 1])

    def test_amounts_of_money_may_lack_the_sign(self, own):
        prepare = loaded(own, price=["$50", "$7"] * 20).prepare
        for new in (["5", "6"], [5, 6]):
            np.testing.assert_array_equal(prepare({"b": [1, 2], "price": new})[:, 1], [5, 6])
