"""What is counted in training, against plain loops."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from conftest import quick

from jnl.core.strategy import Selection, StepOutput
from jnl.experiment.run import run
from jnl.training import metrics


@pytest.mark.parametrize("own", [False, True], ids=["same batch", "a batch of each network"])
def test_changed_predictions_are_those_of_two_visits(own):
    random = np.random.default_rng(0)
    labels = clean = jnp.zeros(12, jnp.int32)
    before = jnp.full((2, 12), -1, jnp.int32)
    last: dict[tuple[int, int], int] = {}
    nothing_selected = Selection(jnp.zeros((1, 4)), jnp.zeros((1, 4), bool), jnp.ones(1))
    for visit in range(3):
        counts, changed, compared = metrics.zero_counts(()), 0, 0
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
            outcome = StepOutput(jnp.zeros(1), nothing_selected, jnp.asarray(logits, jnp.float32), jnp.asarray(index))
            now = metrics.batch_counts(outcome, labels, clean, before, ())
            counts = jax.tree.map(jnp.add, counts, now)
            before = metrics.predicted(outcome, before)
        found = float(metrics.epoch_metrics(counts)["changed_predictions"])
        if visit:
            assert changed > 0
            np.testing.assert_allclose(found, changed / compared, rtol=1e-6)
        else:
            assert np.isnan(found)
    for (network, example), said in last.items():
        assert before[network, example] == said


@pytest.mark.parametrize("own", [False, True], ids=["same batch", "a batch of each network"])
@pytest.mark.parametrize("some", [False, True], ids=["among all", "among some"])
def test_times_are_those_of_plain_loops(own, some):
    random = np.random.default_rng(1)
    found, expected = jnp.zeros((9, 2), jnp.int32), np.zeros((9, 2), int)
    for _ in range(5):
        index = random.integers(0, 9, (2, 6) if own else 6)  # some twice, as where classes are balanced
        eligible, mask = random.random(6) < (0.5 if some else 2), random.random((2, 6)) < 0.4
        for row, examples in enumerate(np.broadcast_to(index, (2, 6))):
            for position, example in enumerate(examples):
                if eligible[position]:
                    expected[example] += [1, not mask[row, position]]
        chosen = jnp.asarray(eligible) if some else None
        selection = Selection(jnp.zeros((2, 6)), jnp.asarray(mask), jnp.ones(2), eligible=chosen)
        found = metrics.times(StepOutput(jnp.zeros(2), selection, jnp.zeros((2, 6, 3)), jnp.asarray(index)), found)
    np.testing.assert_array_equal(found, expected)
    assert 0 < expected[:, 1].sum() < expected[:, 0].sum()


@pytest.mark.slow
def test_predictions_change_only_where_networks_do():
    still, moving = (
        run(quick("jocor", epochs=3, optim__learning_rate=rate)).metrics["changed_predictions"]  # f32[S, E]
        for rate in (1e-12, 1e-3)
    )
    assert np.isnan(still[:, 0]).all()
    np.testing.assert_array_equal(still[:, 1:], 0)
    assert ((0 < moving[:, 1:]) & (moving[:, 1:] < 1)).all()
