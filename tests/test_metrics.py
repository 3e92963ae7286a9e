"""What is counted in training, against plain loops."""

import jax.numpy as jnp
import numpy as np
import pytest
from conftest import quick

from jnl import metrics
from jnl.experiment import run
from jnl.types import Outcome, Selection


@pytest.mark.parametrize("own", [False, True], ids=["same batch", "a batch of each network"])
def test_changed_predictions_are_those_of_two_visits(own):
    random = np.random.default_rng(0)
    labels = clean = jnp.zeros(12, jnp.int32)
    before = jnp.full((2, 12), -1, jnp.int32)
    last: dict[tuple[int, int], int] = {}
    nothing_selected = Selection(jnp.zeros((1, 4)), jnp.zeros((1, 4), bool), jnp.ones(1))
    for visit in range(3):
        counts, changed, compared = metrics.nothing(), 0, 0
        orders = [random.permutation(12)[:8] for _ in range(2)]  # not all are seen in each epoch
        for begin in (0, 4):
            index = np.stack([order[begin : begin + 4] for order in orders]) if own else orders[0][begin : begin + 4]
            logits = random.normal(size=(2, 4, 3))
            for network, examples in enumerate(np.broadcast_to(index, (2, 4))):
                for position, example in enumerate(examples):
                    said = int(logits[network, position].argmax())
                    if (network, example) in last:
                        compared += 1
                        changed += last[network, example] != said
                    last[network, example] = said
            outcome = Outcome(jnp.zeros(1), nothing_selected, jnp.asarray(logits, jnp.float32), jnp.asarray(index))
            now = metrics.count(outcome, labels, clean, before)
            counts = metrics.Counts(*map(jnp.add, counts, now))
            before = metrics.predicted(outcome, before)
        found = float(metrics.training(counts)["changed_predictions"])
        if visit:
            assert changed > 0
            np.testing.assert_allclose(found, changed / compared, rtol=1e-6)
        else:
            assert np.isnan(found)
    for (network, example), said in last.items():
        assert before[network, example] == said


def test_predictions_change_only_where_networks_do():
    still, moving = (
        run(quick("jocor", epochs=3, optim__learning_rate=rate)).metrics["changed_predictions"]  # f32[S, E]
        for rate in (1e-12, 1e-3)
    )
    assert np.isnan(still[:, 0]).all()
    np.testing.assert_array_equal(still[:, 1:], 0)
    assert ((0 < moving[:, 1:]) & (moving[:, 1:] < 1)).all()
