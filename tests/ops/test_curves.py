"""Numbers of curves, and the rules that choose an epoch, against plain loops."""

import math

import numpy as np
import pytest
from conftest import quick
from hypothesis import given
from hypothesis import strategies as st

from jnl.experiment.run import run
from jnl.ops import curves
from jnl.ops.curves import LabelWave
from jnl.results.summary import best_last, names
from jnl.results.table import table
from jnl.support.errors import UserError

# Shares with a power of 2 below them: sums are exact, so ties are ties. Few values, so ties are frequent.
shares = st.integers(0, 8).map(lambda changed: changed / 8)
changes = st.lists(shares, min_size=0, max_size=30).map(lambda later: [math.nan, *later])
waves = st.builds(LabelWave, st.integers(1, 6), st.integers(1, 6))


def watched(changed, wave):
    """What a training does that watches its changes epoch by epoch: the chosen epoch, and the one it stops in."""
    lowest, chosen = math.inf, None
    for epoch in range(len(changed)):
        if epoch < wave.window:  # the first epoch has nothing to compare with
            continue
        average = sum(changed[epoch - wave.window + 1 : epoch + 1]) / wave.window
        if average < lowest:
            lowest, chosen = average, epoch
        elif chosen is not None and epoch - chosen >= wave.patience:
            return chosen, epoch
    return chosen, None


def choice(changed, wave=curves.LABEL_WAVE):
    (chosen,) = wave(np.array([changed], np.float64))
    return None if chosen == curves.NONE else chosen


class TestLabelWave:
    """The first local minimum of the moving average."""

    @given(changes, waves)
    def test_it_chooses_as_a_training_that_watches(self, changed, wave):
        assert choice(changed, wave) == watched(changed, wave)[0]

    @given(changes, waves, st.lists(st.sampled_from([0.0, 0.5, 1.0, math.nan]), max_size=10))
    def test_epochs_after_the_stop_do_not_matter(self, changed, wave, later):
        chosen, stop = watched(changed, wave)
        if stop is not None:
            assert choice(changed[: stop + 1] + later, wave) == chosen

    @given(
        st.lists(st.integers(1, 50), max_size=15, unique=True),
        st.lists(st.integers(1, 50), max_size=15, unique=True),
        waves,
    )
    def test_of_one_valley_it_is_the_bottom(self, falling, rising, wave):
        changed = np.array([math.nan, *sorted(falling, reverse=True), 0, *sorted(rising)])
        averages = [changed[end - wave.window : end].mean() for end in range(wave.window + 1, len(changed) + 1)]
        expected = wave.window + int(np.argmin(averages)) if averages else None
        assert choice(changed, wave) == expected

    @given(changes, waves, st.integers(1, 5), st.integers(-3, 3))
    def test_scale_and_the_first_epoch_do_not_matter(self, changed, wave, times, first):
        assert choice([first, *(times * share for share in changed[1:])], wave) == choice(changed, wave)

    @given(changes, waves)
    def test_more_patience_never_chooses_a_higher_average(self, changed, wave):
        less, more = (choice(changed, LabelWave(wave.window, p)) for p in (wave.patience, wave.patience + 1))
        if less is not None:
            ends = (np.mean(changed[chosen - wave.window + 1 : chosen + 1]) for chosen in (more, less))
            assert next(ends) <= next(ends)
            assert more >= less

    def test_a_curve_by_hand(self):
        changed = [math.nan, 9, 6, 3, 6, 9, 9, 0, 0, 0]  # averages from epoch 3: 6, 5, 6, 8, 6, 3, 0
        assert choice(changed) == 4
        assert choice(changed, LabelWave(1, 3)) == 3
        assert choice(changed, LabelWave(3, 4)) == 9  # it waits until the second valley, and is never stopped there
        assert choice(changed, LabelWave(3, 100)) == 9

    def test_of_equal_averages_the_first_counts(self):
        assert choice([math.nan, 2, 1, 1, 1, 1, 0], LabelWave(1, 3)) == 2
        assert choice([math.nan, 2, 1, 1, 1, 0, 0], LabelWave(1, 3)) == 5  # undercut just in time

    def test_if_averages_never_stop_falling_it_is_the_last_epoch(self):
        assert choice([math.nan, *range(20, 0, -1)]) == 20
        assert choice([math.nan, *range(20, 0, -1)], LabelWave(3, 10**12)) == 20

    @pytest.mark.parametrize("epochs", [1, 2, 3])
    def test_too_few_epochs_for_one_average_have_no_choice(self, epochs):
        assert choice([math.nan, *[0.5] * (epochs - 1)]) is None
        assert choice([math.nan, 0.5, 0.5, 0.5]) == 3

    def test_each_run_has_its_own_choice(self):
        falling, rising = [math.nan, 3, 2, 1], [math.nan, 1, 2, 3]
        np.testing.assert_array_equal(LabelWave(1, 1)(np.array([falling, rising, [math.nan] * 4])), [3, 1, -1])

    def test_epochs_without_an_average_are_not_chosen_and_do_not_undercut(self):
        assert choice([math.nan, 2, 1, math.nan, math.nan, 0], LabelWave(1, 2)) == 2
        assert choice([math.nan, 2, 1, math.nan, math.nan, 0], LabelWave(1, 3)) == 5
        assert choice([math.nan, math.nan, 1, 2], LabelWave(1, 1)) == 2

    @pytest.mark.parametrize("name", ["window", "patience"])
    def test_less_than_one_epoch_is_refused(self, name):
        with pytest.raises(UserError, match=f"label_wave_{name}: 0 epochs are too few; give 1 or more"):
            LabelWave(**{name: 0})


# As accuracies are: multiples of 1/10,000, so ties are frequent.
accuracies = st.integers(0, 10_000).map(lambda right: right / 10_000)
curve_lists = st.integers(1, 25).flatmap(
    lambda epochs: st.lists(st.lists(accuracies, min_size=epochs, max_size=epochs), min_size=1, max_size=3)
)


@given(curve_lists, waves, st.randoms(use_true_random=False))
def test_numbers_of_curves_are_those_of_loops(curve, wave, random):
    validation = [[random.randrange(4) / 4 for _ in one] for one in curve]
    changed = [[math.nan] + [random.randrange(4) / 4 for _ in one[1:]] for one in curve]
    loss = [[random.randrange(4) / 4 for _ in one] for one in curve]
    criteria = {"validation_accuracy": np.array(validation), "changed_predictions": np.array(changed)}
    criteria["validation_loss"] = np.array(loss)
    found = curves.over_epochs(np.array(curve), criteria, wave)
    assert list(found) == list(curves.STATISTICS)
    for number, one in enumerate(curve):
        tail = one[-10:]
        assert found["last10"][number] == pytest.approx(sum(tail) / len(tail))
        assert (found["maximal"][number], found["best"][number], found["last"][number]) == (
            max(tail),
            max(one),
            one[-1],
        )
        assert found["at_best_validation"][number] == one[validation[number].index(max(validation[number]))]
        assert found["lowest_loss"][number] == one[loss[number].index(min(loss[number]))]
        chosen, _ = watched(changed[number], wave)
        np.testing.assert_array_equal(found["label_wave"][number], math.nan if chosen is None else one[chosen])


def test_rules_are_there_only_where_their_curve_is():
    assert list(curves.over_epochs(np.ones((2, 3)), {})) == ["last10", "maximal", "best", "last"]
    there = {name: np.ones((2, 3)) for name in ("validation_accuracy", "validation_loss", "class_accuracy")}
    assert list(curves.criteria("test_accuracy", there.get)) == ["validation_accuracy", "validation_loss"]
    assert curves.criteria("validation_accuracy", there.get) == {}


def test_a_run_that_fails_has_no_number_even_if_a_rule_chose_before():
    curve = np.array([[0.5, 0.6, 0.7, math.nan], [0.5, 0.6, 0.7, 0.8]])
    gap = curves.over_epochs(curve[:1, [0, 3, 1]], {})  # its last epoch is finite
    assert all(math.isnan(values[0]) for values in gap.values())
    changed = np.array([[math.nan, 0.1, 0.2, 0.3]] * 2)
    found = curves.over_epochs(curve, {"changed_predictions": changed, "validation_accuracy": curve}, LabelWave(1, 1))
    assert all(math.isnan(values[0]) and math.isfinite(values[1]) for values in found.values())
    assert found["label_wave"][1] == 0.6
    unknown = curves.over_epochs(curve[1:], {"validation_accuracy": np.full((1, 4), math.nan)})
    assert math.isnan(unknown["at_best_validation"][0]) and unknown["last"] == [0.8]


def test_networks_choose_by_their_own_curve_or_by_the_one_that_they_share():
    accuracy = np.arange(8.0).reshape(1, 4, 2)
    validation = np.array([[[0, 9], [1, 8], [9, 7], [2, 6]]], np.float64)
    changed = np.array([[math.nan, 3, 2, 1]])
    found = best_last(accuracy, {"validation_accuracy": validation, "changed_predictions": changed})
    assert list(found) == ["last10", "best", "last", "at_best_validation", "label_wave"]
    assert [found["at_best_validation"][net]["per_run"] for net in names(2)] == [[4], [1], [4.5]]
    assert [found["label_wave"][net]["per_run"] for net in names(2)] == [[6], [7], [6.5]]
    alone = best_last(accuracy[:, :, :1], {"changed_predictions": changed})
    assert alone["label_wave"]["net2"] is None and alone["label_wave"]["mean"] == alone["label_wave"]["net1"]


@pytest.mark.parametrize(
    "strategy, preparing, fields",
    [
        ("jocor", 0, {}),
        pytest.param("forward_correction", 3, {"strategy__estimation_epochs": 3}, marks=pytest.mark.slow),
    ],
    ids=["jocor", "a strategy that trains twice"],
)
@pytest.mark.slow
def test_a_training_tells_what_label_wave_chooses(strategy, preparing, fields):
    history = run(quick(strategy, epochs=6, optim__learning_rate=0.01, **fields))
    accuracy, changed = (history.metrics[name] for name in ("test_accuracy", "changed_predictions"))
    assert changed.shape[1] == 6 + preparing
    chosen = [watched([math.nan, *one[preparing + 1 :]], curves.LABEL_WAVE)[0] for one in changed.tolist()]
    told = history.summary["points"][0]["test_accuracy"]["label_wave"]
    for number, net in enumerate(("net1", "net2")[: accuracy.shape[2]]):
        expected = [accuracy[seed, preparing + epoch, number] for seed, epoch in enumerate(chosen)]
        np.testing.assert_allclose(told[net]["per_run"], expected)
    text = table(history.summary["points"])
    assert "Label Wave" in text
    assert f"{100 * told['mean']['mean']:.2f} ± {100 * told['mean']['std']:.2f}" in text
