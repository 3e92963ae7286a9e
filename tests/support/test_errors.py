"""Numbers are checked against limits, before and after they were arrays of float32."""

import numpy as np
import pytest

from jnl.support.errors import UserError, within


@pytest.mark.parametrize("limit", [1e-6, 1e-3, 0.1, 0.999, 1.0, 1e6])
def test_a_limit_is_allowed_also_after_it_was_an_array(limit):
    for value in (limit, float(np.float32(limit))):
        within("field", value, limit, 2e6, "")
        within("field", value, -1.0, limit, "")


@pytest.mark.parametrize("value", [-1e-6, 1.00001, float("nan"), float("inf"), 1e300])
def test_other_numbers_are_refused(value):
    with pytest.raises(UserError, match="field: .* is outside .0, 1.; give less"):
        within("field", value, 0, 1, "give less")
