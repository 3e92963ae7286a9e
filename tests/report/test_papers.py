"""The table of a setup in the layout of the papers, and the sentences about it."""

import numpy as np
import pytest
from helpers.reports import leaderboard, leaderboards, workdir

from jnl import strategies
from jnl.report import comparing, formats, methods, papers, tables, words
from jnl.report.reading import read
from jnl.report.series import series
from jnl.report.style import looks
from jnl.report.verdicts import verdicts_on


def table(*paths, **options):
    found = leaderboards(*paths)
    return papers.table(found, verdicts_on(found), "table", "Test accuracy", **options)


def named(found):
    """Row by row: name of the row, and column -> text."""
    return [(row.group, row.texts[0], dict(zip(found.columns[1:], row.texts[1:], strict=True))) for row in found.rows]


def test_methods_are_columns_in_the_published_order_and_noises_are_rows(tmp_path):
    paths = [
        workdir(tmp_path / f"{strategy}-{rate}", strategy, accuracy, rate=rate, data="digits")
        for strategy, accuracy in (("jocor", 0.9), ("oracle", 0.92), ("standard", 0.8), ("mine:weighted", 0.7))
        for rate in (0.5, 0.2)
    ]
    found = table(*paths)
    assert found.columns == ["noise", "Standard", "JoCoR", "Oracle", "weighted"]
    assert [row.texts[0] for row in found.rows] == ["Symmetric 20\u00a0%", "Symmetric 50\u00a0%"]
    assert [row.best for row in found.rows] == [{2}, {2}]  # the oracle sees the true labels and is never the best
    assert not found.grouped  # nothing is published for digits
    assert found.labels == ["", *found.columns[1:]]


def test_published_numbers_stand_over_ours_and_independent_ones_below(tmp_path):
    paths = [
        workdir(tmp_path / "a", "jocor", 0.92, epochs=200, seeds=(1, 2, 3)),
        workdir(tmp_path / "b", "forward_correction", 0.78, epochs=200, seeds=(1, 2, 3)),
        workdir(tmp_path / "c", "elr", 0.7, epochs=200, seeds=(1, 2, 3)),
    ]
    found = table(*paths)
    theirs, ours, independent = named(found)
    assert {group for group, _, _ in (theirs, ours, independent)} == {"Symmetric 50\u00a0%"}
    assert theirs[1:] == ("Wei et al. 2020", {"F-correction": "92.74 ± 0.21", "JoCoR": "96.64 ± 0.12", "ELR": "-"})
    assert ours[1] == "jnl, 3 runs" and ours[2]["F-correction"].partition("\n")[2].startswith("missed -14.")
    assert independent[1:] == ("songheony/TAkS", {"F-correction": "77.36", "JoCoR": "95.90", "ELR": "-"})
    assert [row.best for row in found.rows] == [{2}, {2}, {2}]
    assert 1 in found.rows[1].missed and 3 not in found.rows[1].missed
    told = words.misses(verdicts_on(leaderboards(*paths)))
    assert "0 of 2 published numbers are met, 2 missed." in told
    assert told.endswith("has a number for 2 of the missed ones; it is nearer to ours in 1.")


def test_numbers_that_were_published_for_other_settings_are_not_in_the_main_table(tmp_path):
    assert not table(workdir(tmp_path / "a"), workdir(tmp_path / "b", "standard")).grouped  # 12 epochs, published 200


def test_of_fewer_than_20_epochs_the_last_one_counts(tmp_path):
    def rising(epochs, best):
        return {"test_accuracy": np.repeat(np.linspace(0, best, epochs)[:, None], 2, 1)}

    def of(epochs):
        one, other = (
            workdir(tmp_path / f"{name}{epochs}", name, epochs=epochs, data="digits", more=rising(epochs, best))
            for name, best in (("jocor", 0.9), ("standard", 0.8))
        )
        return (
            table(one, other),
            words.best_two(leaderboard(one, other)),
            papers.of_one(leaderboard(one).results[0], []).note,
        )

    short, told, alone = of(19)
    assert short.rows[0].texts[1:] == ["80.00 ± 0.00", "90.00 ± 0.00"]
    assert "in percent, last of 19 epochs, mean" in short.note and "the last one counts" in short.note
    assert "last of 19 epochs: JoCoR is better than Standard in all 3 pairs, by 10.00 points" in told
    assert "last 10 of 19 epochs" in alone and "the last one counts" in alone
    long, told, alone = of(20)
    assert long.rows[0].texts[2] == f"{90 * (1 - 4.5 / 19):.2f} ± 0.00"
    assert "in percent, last 10 of 20 epochs, mean" in long.note and "the last one counts" not in long.note + alone
    assert "%: JoCoR is better" in told and "last of" not in told


def test_the_caption_says_where_all_runs_have_one_noise_draw(tmp_path):
    told = "All runs have one noise draw, so ± does not include it."
    one, other = workdir(tmp_path / "a"), workdir(tmp_path / "b", "standard")
    assert told in table(one, other).note and told in papers.of_one(leaderboard(one).results[0], []).note
    several = workdir(tmp_path / "c", noise_seeds=(1, 2, 3)), workdir(tmp_path / "d", "standard", noise_seeds=(1, 2, 3))
    assert told not in table(*several).note and told not in papers.of_one(leaderboard(several[0]).results[0], []).note
    alone = workdir(tmp_path / "e", seeds=(1,))  # one run has no deviation
    assert told not in papers.of_one(leaderboard(alone).results[0], []).note


def test_captions_say_where_runs_that_share_seeds_or_draws_count_as_independent(tmp_path):
    told = "Intervals and p values count all runs as independent."
    crossed = {"seeds": (1, 1, 1, 2, 2, 2), "noise_seeds": (1, 2, 3) * 2}
    one, other = workdir(tmp_path / "a", **crossed), workdir(tmp_path / "b", "standard", 0.8, **crossed)
    both, alone = leaderboard(one, other), leaderboard(one)
    compared, without = comparing.comparisons(both)
    for note in (
        tables.accuracy(both).note, tables.compute(both).note, tables.paired(compared, without).note,
        words.best_two(both), papers.of_one(alone.results[0], []).note,
    ):  # fmt: skip
        assert told in note and "JoCoR" in note and "(6 runs of 2 seeds and 3 noise draws)." in note
    for number, noise_seeds in enumerate(((1, 2, 3), (0, 0, 0))):  # independent runs, and one draw, which is said
        path = workdir(tmp_path / f"{number}", noise_seeds=noise_seeds)
        assert told not in papers.of_one(leaderboard(path).results[0], []).note


def test_many_methods_have_a_row_each(tmp_path):
    names = strategies.names()
    assert len(names) == 27
    paths = [
        workdir(tmp_path / f"{number}", name, 0.5 + number / 100, seeds=(1, 2), data="digits", epochs=2)
        for number, name in enumerate(names)
    ]
    found = table(*paths)
    assert found.columns == ["method", "Symmetric 50\u00a0%"] and not found.labels
    assert [row.label for row in found.rows] == list(methods.TITLES.values())
    assert [row.label for row in found.rows if row.best] == [methods.TITLES[names[-1]]]


def test_every_method_of_jnl_has_a_published_name():
    assert sorted(methods.TITLES) == strategies.names(), "add the method to TITLES in jnl/report/methods.py"
    assert len(set(methods.TITLES.values())) == len(methods.TITLES)


def test_of_several_settings_the_published_one_stands_for_the_method(tmp_path):
    def result(name, rate, forget_rate, seeds):
        fields = {"epochs": 200, "strategy__forget_rate": forget_rate}
        return workdir(tmp_path / name, "coteaching", rate=rate, seeds=seeds, **fields)

    others = [result(f"{rate}", rate, 0.4, (1, 2, 3, 4)) for rate in (0.2, 0.5, 0.8)]
    found = leaderboards(*others, result("published", 0.5, 0.5, (1, 2, 3)))
    (of_noise,) = [leaderboard for leaderboard in found if leaderboard.rate == 0.5]
    first, second = of_noise.results
    assert (first.variant, first.settings["strategy.forget_rate"]) == (0, 0.5)
    assert (second.variant, second.settings["strategy.forget_rate"]) == (1, 0.4)
    assert [one.result is first for one in verdicts_on(found) if one.same_settings] == [True]


def test_methods_of_others_with_the_name_of_another_method_keep_their_whole_name():
    assert methods.titles(["a:mine", "b:mine", "c:other", "d:JoCoR", "jocor"]) == {
        "a:mine": "a:mine", "b:mine": "b:mine", "c:other": "other", "d:JoCoR": "d:JoCoR", "jocor": "JoCoR"
    }  # fmt: skip


def test_if_there_are_too_many_settings_the_table_has_one_of_each_method(tmp_path):
    rates = (0.2, 0.5)
    paths = [workdir(tmp_path / f"{rate}", rate=rate, seeds=(1, 2, 3, 4), strategy__co_lambda=0.9) for rate in rates]
    for number in range(papers.MOST_COLUMNS):
        paths.append(workdir(tmp_path / f"{number}", strategy__co_lambda=number / 100, seeds=(1, 2)))
    shown, others = papers.main(leaderboards(*paths))
    assert [[result.label for result in one.results] for one in shown] == [["JoCoR"], ["JoCoR"]]
    assert [result.label for result in others[0].results][:2] == ["JoCoR (co_lambda=0.0)", "JoCoR (co_lambda=0.01)"]


def test_the_table_has_every_noise_also_if_the_settings_there_are_others(tmp_path):
    paths = [workdir(tmp_path / "other noise", rate=0.2, strategy__co_lambda=0.05)]
    for number in range(papers.MOST_COLUMNS + 1):
        paths.append(workdir(tmp_path / f"{number}", strategy__co_lambda=number / 100))
    shown, others = papers.main(leaderboards(*paths))
    assert [(one.rate, len(one.results)) for one in shown] == [(0.2, 1), (0.5, 1)]
    assert [len(one.results) for one in others] == [papers.MOST_COLUMNS]


def test_a_table_in_files_has_the_noise_beside_each_row_and_the_best_in_bold(tmp_path):
    paths = [workdir(tmp_path / name, name, accuracy, epochs=200) for name, accuracy in (("jocor", 0.9), ("elr", 0.8))]
    found = table(*paths)
    lines = formats.as_csv(found).splitlines()
    assert lines[0] == "noise,numbers of,JoCoR,ELR" and lines[1] == "Symmetric 50 %,Wei et al. 2020,96.64 ± 0.12,-"
    assert "| Symmetric 50 % | jnl, 3 runs | **90.48 ± 0.06 missed -6.16** |" in formats.as_markdown(found)
    assert r"jnl, 3 runs & \textbf{90.48 $\pm$ 0.06 missed -6.16} &" in formats.as_latex(found)


def test_one_run_shows_every_statistic_and_no_comparison(tmp_path):
    (one,) = leaderboard(workdir(tmp_path / "a", data="digits")).results
    found = papers.of_one(one, [])
    assert found.columns == ["percent", "mean ± deviation", "95 % interval", "runs"]
    names = [row.texts[0] for row in found.rows]
    assert names == ["last", "last 10", "maximal of last 10", "best", "label precision, last 10"]  # 12 epochs
    judged = leaderboard(workdir(tmp_path / "b", epochs=200))
    assert papers.of_one(judged.results[0], verdicts_on([judged])).columns[-2:] == ["published", "verdict"]


@pytest.mark.parametrize(
    "seeds, first, second, words_told",
    [
        (8, 0.90, 0.80, "Symmetric 50\u00a0%, last of 12 epochs: JoCoR beats Standard by 10.00 points (95 % interval "
            "10.00 to 10.00, 8 paired seeds, p = 0.0078)."),
        (3, 0.90, 0.80, "8 paired seeds"),
    ],
)  # fmt: skip
def test_the_best_two_methods_are_compared_in_one_sentence(tmp_path, seeds, first, second, words_told):
    numbers = tuple(range(seeds))
    told = words.best_two(
        leaderboard(
            workdir(tmp_path / "a", "jocor", first, seeds=numbers),
            workdir(tmp_path / "b", "standard", second, seeds=numbers),
            workdir(tmp_path / "c", "oracle", 0.92, seeds=numbers),
        )
    )
    if seeds == 8:
        assert told == words_told
    else:
        assert told.endswith("3 paired seeds, p = 0.25, the smallest p that 3 pairs can give).")


def flat(values):
    """A curve of each run that stays at one value: more for `workdir`, f64[E, K] by seed."""
    return {seed: {"test_accuracy": np.full((12, 2), value)} for seed, value in enumerate(values)}


def runs_of(root, strategy, values):
    """A workdir for each run."""
    return [
        workdir(root / f"{strategy}{seed}", strategy, seeds=(seed,), more=more) for seed, more in flat(values).items()
    ]


@pytest.mark.parametrize(
    "differences, told",
    [
        ((0.01, -0.01, 0.02, -0.01, 0.01, 0.01), "JoCoR is not told apart from Standard: it is 0.50 points better"),
        ((0.001,) * 7 + (0.06,), "JoCoR is 0.84 points better than Standard, and interval and test disagree"),
    ],
)
def test_what_is_not_certain_is_not_called_a_win(tmp_path, differences, told):
    paths = runs_of(tmp_path, "standard", [0.8] * len(differences))
    paths += runs_of(tmp_path, "jocor", [0.8 + difference for difference in differences])
    assert told in words.best_two(leaderboard(*paths))


def test_the_better_one_over_the_shared_seeds_is_named_first(tmp_path):
    paths = runs_of(tmp_path, "standard", [0.8, 0.8, 0.8]) + runs_of(tmp_path, "jocor", [0.79, 0.79, 0.79, 0.99])
    assert ": Standard is better than JoCoR in all 3 pairs, by 1.00 points" in words.best_two(leaderboard(*paths))


@pytest.mark.parametrize(
    "differences, told",
    [
        (
            (0.15, 0.16, 0.15, 0.16),
            "JoCoR is better than Standard in all 4 pairs, by 15.50 points; 4 pairs are too few",
        ),
        ((0.15, 0.16, -0.01), "JoCoR is better than Standard in 2 of 3 pairs, by 10.00 points on average; 3 pairs are"),
        ((-0.1, -0.2), "Standard is better than JoCoR in both pairs, by 15.00 points; 2 pairs are too few"),
        ((0, 0, 0, 0, 0), "are equal in all 5 pairs; 5 pairs are too few for a test at 5 % (95 % interval"),
    ],
)
def test_too_few_pairs_for_a_test_are_counted_instead(tmp_path, differences, told):
    paths = runs_of(tmp_path, "standard", [0.8] * len(differences))
    paths += runs_of(tmp_path, "jocor", [0.8 + difference for difference in differences])
    found = words.best_two(leaderboard(*paths))
    assert told in found and "beats" not in found


def test_above_40_pairs_the_interval_alone_decides(tmp_path):
    many = tuple(range(41))
    paths = [
        workdir(tmp_path / "a", "jocor", seeds=many, epochs=2),
        workdir(tmp_path / "b", "elr", 0.8, seeds=many, epochs=2),
    ]
    assert words.best_two(leaderboard(*paths)).endswith(
        "JoCoR beats ELR by 10.00 points (95 % interval 10.00 to 10.00, 41 paired seeds)."
    )


def test_without_shared_seeds_the_best_two_are_not_compared(tmp_path):
    told = words.best_two(
        leaderboard(
            workdir(tmp_path / "a", "jocor", 0.9, seeds=(1, 2)), workdir(tmp_path / "b", "elr", 0.8, seeds=(3, 4))
        )
    )
    assert told.endswith(
        "JoCoR and ELR are the best two, and are not compared, because fewer than two runs share seeds and labels."
    )
    assert words.best_two(leaderboard(workdir(tmp_path / "c"))) == ""


def test_a_precision_below_chance_is_explained(tmp_path):
    low = {"label_precision": np.full(12, 0.3)}
    told = words.below_chance([leaderboard(workdir(tmp_path / "a", "decoupling", more=low), workdir(tmp_path / "b"))])
    assert "Decoupling (symmetric 50\u00a0%: 30.0 % instead of 50.0 %). Among the examples" in told
    assert "JoCoR" not in told
    assert words.below_chance([leaderboard(workdir(tmp_path / "c"))]) == ""


def test_what_was_trained_is_told_in_words(tmp_path):
    told = words.trained([leaderboard(workdir(tmp_path / "a", optim__learning_rate=0.001))])
    assert told == (
        "JoCoR trained the network MLP for 12 epochs on MNIST. Noise: symmetric 50\u00a0% (share of wrong labels: "
        "50.0 %). Batch size 128, optimizer adam, learning rate 0.001. Each number comes from 3 runs."
    )


def test_an_unknown_share_of_wrong_labels_is_called_unknown(tmp_path):
    path = workdir(tmp_path / "a")
    summary = (path / "summary.json").read_text()
    (path / "summary.json").write_text(summary.replace('"realized": [0.5, 0.5, 0.5]', '"realized": null'))
    assert "share of wrong labels: unknown" in words.trained([leaderboard(path)])


def test_a_color_belongs_to_a_method_in_every_report():
    everything = looks({title: name for name, title in methods.TITLES.items()})
    assert len(set(everything.values())) == len(methods.TITLES)
    for name, title in methods.TITLES.items():
        assert looks({title: name, "mine": "my:mine"})[title] == everything[title]
    mine = looks({"mine": "my:mine", "other": "my:other"})
    assert mine["mine"].color not in {look.color for look in everything.values()}
    assert mine["mine"] != mine["other"]


def test_other_settings_of_a_method_have_its_color_and_a_line_style_of_their_own():
    found = looks({"JoCoR": "jocor", "JoCoR (co_lambda=0.5)": "jocor", "JoCoR (co_lambda=0.9)": "jocor", "GCE": "gce"})
    assert found["JoCoR"].color == found["GCE"].color  # there are fewer colors than methods
    assert len(set(found.values())) == 4 and len({look.color for look in found.values()}) == 1


def test_the_legend_has_the_methods_alone_if_there_are_many_labels():
    few = series({"Standard": "standard", "JoCoR": "jocor"})
    assert [entry.title for entry in few.legend()] == ["Standard", "JoCoR"]
    many = series({f"JoCoR (co_lambda={number})": "jocor" for number in range(20)} | {"ELR": "elr"})
    assert [(entry.title, len(entry.numbers)) for entry in many.legend()] == [("JoCoR", 20), ("ELR", 1)]


def test_intervals_of_accuracies_stay_within_0_and_100(tmp_path):
    (one,) = leaderboard(*runs_of(tmp_path, "standard", [0.999, 0.9, 1.0])).results
    (low, high), *_ = [row.texts[2].strip("[]").split(", ") for row in papers.of_one(one, []).rows]
    assert (high, float(low) > 0) == ("100.00", True)
    assert all(point.runs for point in read([tmp_path]))
