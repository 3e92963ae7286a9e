"""Numbers in texts that can be read in two ways are refused, and what was left out is said."""

import numpy as np
import pandas as pd
import pytest

from jnl import data
from jnl.core.errors import UserError

pytestmark = pytest.mark.usefixtures("own")
RNG = np.random.default_rng(0)
ROWS = 40


def loaded(own, separator=",", name="mine.csv", options=(), **columns):
    frame = pd.DataFrame({"b": RNG.integers(0, 4, ROWS), "label": ["cat", "dog", "dog", "cat"] * 10})
    frame.assign(**columns).to_csv(own / name, index=False, sep=separator)
    return data.load("table", own / name, **{"standardize": False, **dict(options)})


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
