"""The summary and the table show every network, however many a strategy has."""

import numpy as np
from conftest import quick

import jnl
from jnl.core.strategy import Strategy
from jnl.ops.losses import cross_entropy
from jnl.ops.selection import masked_mean, small_loss
from jnl.results.summary import best_last, pool
from jnl.results.table import table


def ring() -> Strategy:
    """Each of three networks trains on the choice of the one before."""

    def select(logits, labels, context):
        loss = cross_entropy(logits, labels)
        return masked_mean(loss, small_loss(loss, context.keep_counts[len(labels)])[np.array([2, 0, 1])])

    return Strategy(3, select, uses_forget_rate=True)


def test_all_of_three_networks_are_shown():
    history = jnl.run(quick("standard", epochs=2), strategy=ring)
    curve = history.metrics["test_accuracy"]
    last = history.summary["test_accuracy"]["last"]
    assert list(last) == ["net1", "net2", "net3", "mean"]
    for number in range(3):
        np.testing.assert_allclose(last[f"net{number + 1}"]["per_run"], curve[:, -1, number])
    rows = table(history.summary["points"]).splitlines()[2:6]
    for row, name in zip(rows, ("network 1", "network 2", "network 3", "mean"), strict=True):
        net = last[name.replace("network ", "net")]
        assert name in row and f"{100 * net['mean']:.2f} ± {100 * net['std']:.2f}" in row


def test_a_network_that_one_of_several_results_lacks_has_no_mean_over_all():
    one, two, three = (best_last(np.full((2, 4, networks), 0.5), {}) for networks in (1, 2, 3))
    assert list(one["last"]) == list(two["last"]) == ["net1", "net2", "mean"]  # as files always had it
    pooled = pool([two, three, two])["last"]
    assert list(pooled) == ["net1", "net2", "net3", "mean"]
    assert pooled["net3"] is None and pooled["net2"]["per_run"] == [0.5] * 6
    assert pool([one, two])["last"]["net2"] is None
