"""`checkpoint.select`: the weights of the epoch that a rule chooses are those that predict."""

import jax
import numpy as np
import pytest
from conftest import quick
from hypothesis import given
from hypothesis import strategies as st

import jnl
from jnl.core.train_state import TrainState
from jnl.experiment.selected_weights import select
from jnl.ops.curves import NONE, rules
from jnl.support.errors import UserError


def state(epoch, runs):
    """A state whose weights are the number of the epoch."""
    weights = np.full((runs, 1, 2), epoch)
    params = {"layer": weights, "strategy": {"own": weights}}
    return TrainState(params, {"mean": weights}, (), {}, np.zeros(runs, bool), weights, {})


@given(st.lists(st.lists(st.integers(0, 5) | st.just(np.nan), min_size=2, max_size=2), min_size=1, max_size=14),
       st.sampled_from(sorted(rules())))  # fmt: skip
def test_step_by_step_is_what_the_rule_chooses_on_the_whole_curve(curve, rule):
    """Two runs: equal values and NaN are frequent. A run for which no epoch can be chosen keeps its last weights."""
    criterion, kept, curves = rules()[rule].criterion, None, []
    for epoch, values in enumerate(curve):
        curves.append({criterion: np.array(values)})
        kept = select(rule, kept, epoch, curves, lambda epoch=epoch: state(epoch, 2))
    chosen = rules()[rule].choose(np.stack([measured[criterion] for measured in curves], 1).astype(np.float64))
    expected = np.where(chosen == NONE, len(curve) - 1, chosen)
    np.testing.assert_array_equal(kept.epochs, expected)
    for leaf in (kept.params["layer"], kept.batch_stats["mean"]):
        np.testing.assert_array_equal(leaf, np.broadcast_to(expected[:, None, None], (2, 1, 2)))
    assert "strategy" not in kept.params


def accuracies(model, history):
    """Accuracy of each network of each run on the test set of digits, f64[S, K]."""
    test, found = jnl.data.load("digits").test, []
    for run in range(len(history.runs)):
        of_networks = [model.of_stored(test.inputs, run=run, network=network).argmax(-1) for network in (1, 2)]
        found.append([(said == test.labels).mean() for said in of_networks])
    return np.array(found)


@pytest.mark.parametrize("rule", ["at_best_validation", pytest.param("label_wave", marks=pytest.mark.slow)])
def test_predictions_have_the_accuracy_of_the_chosen_epoch(rule, tmp_path, capsys):
    """Also after a stop in the middle, and in another process by the files alone."""
    config = quick("jocor", epochs=9, checkpoint__select=rule, data__validation=0.2, optim__learning_rate=0.03)
    config.checkpoint.every_epochs = 1
    jnl.run(config, tmp_path, on_epoch_end=lambda epoch, metrics: epoch == 4)
    history = jnl.run(config, tmp_path)
    assert "continues after" in capsys.readouterr().err
    criterion = history.metrics[rules()[rule].criterion].astype(np.float64)
    chosen = rules()[rule].choose(criterion.mean(-1) if criterion.ndim == 3 else criterion)
    assert (chosen < 8).any()  # so the last weights are others
    measured = history.metrics["test_accuracy"][np.arange(2), chosen]
    for model in (history.model, jnl.load(tmp_path)):
        np.testing.assert_allclose(accuracies(model, history), measured, atol=1e-6)
    last = jax.tree.leaves(history.state.params["Dense_0"])[0]
    assert (last != jax.tree.leaves(history.model.programs[0].params["Dense_0"])[0]).any()


def test_what_cannot_choose_is_told():
    with pytest.raises(UserError, match="checkpoint.select: at_best_validation needs labels that are held out"):
        jnl.run(quick(checkpoint__select="at_best_validation"))
    with pytest.raises(UserError, match="checkpoint.select.*did you mean 'label_wave'"):
        jnl.run(quick(checkpoint__select="label_waves"))
