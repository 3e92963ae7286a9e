"""The main table of a setup in the layout of the papers: methods side by side, published numbers over measured ones."""

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from typing import NamedTuple

from jnl.ops.curves import LAST, STATISTICS
from jnl.report import methods, words
from jnl.report.comparing import means, of_epochs, tested
from jnl.report.grouping import Leaderboard, MethodResult, one_noise_draw
from jnl.report.table import NOTHING, Row, Table, best_of, interval, spread, with_interval
from jnl.report.verdicts import RULE, Verdict
from jnl.results import statistics
from jnl.results.summary import last10
from jnl.support.json_values import as_integer
from jnl.support.text import number

MOST_COLUMNS = 10  # with more methods, each method has a row
OURS = "jnl"
_NOTE = "Test accuracy in percent, {epochs}, mean of the networks: mean ± standard deviation (ddof 0) over runs."
_SHORT = " With fewer than 20 epochs the last one counts, because the last 10 would also measure the start."
_ONE_DRAW = " All runs have one noise draw, so ± does not include it."
_BEST = " The best number of each noise is bold."
_FEWER = " A number from fewer runs than others of its noise has its number of runs below it."
_MISSED = (
    ' A missed number is marked with its difference to the published one. The section "How to read this" of the page '
    "says when a number is missed."
)
_VALIDATION = (
    " Results without a test set are judged by the noisy labels of held-out examples. They are never the best."
)


class Main(NamedTuple):
    """The leaderboards of a setup, divided for its main table and figures."""

    shown: list[Leaderboard]
    others: list[Leaderboard]  # other settings of the same methods, if all together are too many


def main(leaderboards: Sequence[Leaderboard]) -> Main:
    """Divide the results of a setup: all of them or, if these are too many columns, one of each method and noise."""
    labels = labels_of(leaderboards)
    strategies = {result.strategy for leaderboard in leaderboards for result in leaderboard.results}
    if len(labels) <= MOST_COLUMNS or len(strategies) > MOST_COLUMNS:
        return Main(list(leaderboards), [])
    shown, others = [], []
    for leaderboard in leaderboards:
        by_variant = sorted(leaderboard.results, key=lambda result: result.variant, reverse=True)
        first = {result.strategy: result for result in by_variant}  # the last one of each method stays
        is_first = [result is first[result.strategy] for result in leaderboard.results]
        shown.append(leaderboard._replace(results=list(compress(leaderboard.results, is_first))))
        others.append(leaderboard._replace(results=list(compress(leaderboard.results, map(operator.not_, is_first)))))
    return Main(shown, [leaderboard for leaderboard in others if leaderboard.results])


def labels_of(leaderboards: Iterable[Leaderboard]) -> dict[str, str]:
    """Return the labels of all results with their methods, in the published order. The name alone comes first."""
    found = {
        result.label: (result.strategy, result.variant)
        for leaderboard in leaderboards
        for result in leaderboard.results
    }
    order = methods.in_order({strategy for strategy, _ in found.values()})
    names = set(methods.titles(order).values())

    def place(label: str) -> tuple[int, bool, int, str]:
        strategy, variant = found[label]
        return order.index(strategy), label not in names, variant, label

    return {label: found[label][0] for label in sorted(found, key=place)}


def table(
    leaderboards: Sequence[Leaderboard], verdicts: Sequence[Verdict], name: str, title: str, as_rows: bool = False
) -> Table:
    """Return the main table. Methods are columns or, if there are many, rows.

    It has published numbers if a result has the published settings.

    Args:
      leaderboards: the leaderboards that the table shows, of one setup.
      verdicts: the verdicts on all published numbers.
      name: the name of its files.
      title: the title of the table.
      as_rows: whether each method is a row, even if there are few.
    """
    labels = list(labels_of(leaderboards))
    results = [result for leaderboard in leaderboards for result in leaderboard.results]
    known, epochs = set(map(id, results)), leaderboards[0].epochs
    here = [one for one in verdicts if one.published.statistic == tested(epochs) and id(one.result) in known]
    judged = {id(one.result): one for one in here} if any(one.same_settings for one in here) else {}
    note = _NOTE.format(epochs=of_epochs(epochs)) + (_SHORT if tested(epochs) == "last" else "")
    note += (_ONE_DRAW if one_noise_draw(results) else "") + (_BEST if len(labels) > 1 else "")
    note += words.upper_bound(results) if len(labels) > 1 else ""
    if any(
        len(result.whole()) < _most_runs(leaderboard) for leaderboard in leaderboards for result in leaderboard.results
    ):
        note += _FEWER
    if any(one.missed for one in judged.values()):
        note += _MISSED
    sources = dict.fromkeys(one.published.independent_source for one in judged.values())
    note += "".join(f" {source} is an independent re-implementation." for source in sources if source)
    if any(result.judged != "test_accuracy" for result in results):
        note += _VALIDATION
    if as_rows or len(labels) > MOST_COLUMNS:
        return _methods_as_rows(leaderboards, labels, judged, Table(name, title, [], [], note))
    rows: list[Row] = []
    for leaderboard in leaderboards:
        rows += _of_noise(leaderboard, labels, judged)
    first = "numbers of" if judged else "noise"
    return Table(name, title, [first, *labels], rows, note, labels=["", *labels])


def _of_noise(leaderboard: Leaderboard, labels: Sequence[str], judged: Mapping[int, Verdict]) -> list[Row]:
    """Return the rows of one noise: published numbers, ours, and independent ones."""
    results = {result.label: result for result in leaderboard.results}
    of = {label: judged[id(result)] for label, result in results.items() if id(result) in judged}
    group = leaderboard.noise if judged else ""
    rows = []
    for source in dict.fromkeys(_short(one.published.source) for one in of.values()):
        theirs = {label: one for label, one in of.items() if _short(one.published.source) == source}
        texts = [_published(theirs[label]) if label in theirs else NOTHING for label in labels]
        best = best_of([theirs[label].published.mean if label in theirs else math.nan for label in labels])
        rows.append(Row([source, *texts], best=_further(best), group=group))
    own = [_ours(results[label], of.get(label), leaderboard) if label in results else NOTHING for label in labels]
    missed = frozenset(number for number, label in enumerate(labels) if label in of and of[label].missed)
    best = _further(_best([results.get(label) for label in labels], tested(leaderboard.epochs)))
    rows.append(
        Row(
            [_own_name(leaderboard) if group else leaderboard.noise, *own],
            best=best,
            missed=_further(missed),
            ours=True,
            group=group,
        )
    )
    for source in dict.fromkeys(filter(None, (one.published.independent_source for one in of.values()))):
        others = [of[label].published.independent if label in of else math.nan for label in labels]
        texts = [f"{value:.2f}" if math.isfinite(value) else NOTHING for value in others]
        rows.append(Row([source, *texts], best=_further(best_of(others)), group=group))
    return rows


def _own_name(leaderboard: Leaderboard) -> str:
    """Return the name of our numbers, with the number of runs of those that have most."""
    runs = _most_runs(leaderboard)
    return f"{OURS}, {runs} runs" if runs > 1 else OURS


def _most_runs(leaderboard: Leaderboard) -> int:
    return max(len(result.whole()) for result in leaderboard.results)


def _methods_as_rows(
    leaderboards: Sequence[Leaderboard], labels: Sequence[str], judged: Mapping[int, Verdict], empty: Table
) -> Table:
    """Return the table with one row for each method and one column for each noise."""
    by_label = [{result.label: result for result in leaderboard.results} for leaderboard in leaderboards]
    statistic = tested(leaderboards[0].epochs)
    best = [_best([results.get(label) for label in labels], statistic) for results in by_label]
    rows = []
    for place, label in enumerate(labels):
        own = [results.get(label) for results in by_label]
        of = [None if result is None else judged.get(id(result)) for result in own]
        texts = [
            NOTHING
            if result is None
            else _ours(result, one, leaderboard) + (f"\npublished {_published(one)}" if one else "")
            for result, one, leaderboard in zip(own, of, leaderboards, strict=True)
        ]
        missed = frozenset(column for column, one in enumerate(of, 1) if one is not None and one.missed)
        highest = frozenset(column for column, each in enumerate(best, 1) if place in each)
        rows.append(Row([label, *texts], label, best=highest, missed=missed))
    return empty._replace(columns=["method", *(leaderboard.noise for leaderboard in leaderboards)], rows=rows)


def _best(results: Sequence[MethodResult | None], statistic: str) -> frozenset[int]:
    """Return the positions of the best methods. The upper bound is none."""
    taken = [result for result in results if result is not None and result.strategy != methods.UPPER_BOUND]
    found = dict(zip(map(id, taken), means(taken, statistic), strict=True))
    return best_of([100 * found.get(id(result), math.nan) for result in results])


def _further(columns: Iterable[int]) -> frozenset[int]:
    """Return columns of the table, whose first one is the name of the row."""
    return frozenset(column + 1 for column in columns)


def _short(source: str) -> str:
    """Return a source without its table: `Wei et al. 2020, table 2` -> `Wei et al. 2020`."""
    return source.partition(",")[0]


def _published(one: Verdict) -> str:
    paper = one.published
    return f"{paper.mean:.2f}" + (f" ± {paper.std:.2f}" if math.isfinite(paper.std) else "")


def _ours(result: MethodResult, judged: Verdict | None, leaderboard: Leaderboard) -> str:
    """Return the measured number of a result.

    Below it is the number of runs if others have more, and the difference if it is missed, or that it is not judged.
    """
    values = result.numbers().get(tested(leaderboard.epochs))
    text = NOTHING if values is None else spread(statistics.mean(values))
    if 0 < len(result.whole()) < _most_runs(leaderboard):
        text += f"\n{number(len(result.whole()), 'run')}"
    if result.judged != "test_accuracy":
        text += "\nnoisy labels"
    if judged is None or judged.missed is False:
        return text
    return f"{text}\nmissed {judged.difference:+.2f}" if judged.missed else f"{text}\nnot judged"


def _parts(found: statistics.Mean) -> list[str]:
    """Return mean and deviation, interval, and number of runs as texts."""
    return [spread(found), interval(found.low, found.high) or NOTHING, str(found.runs)]


def of_one(result: MethodResult, verdicts: Sequence[Verdict]) -> Table:
    """Return the main table of a setup with one result: a row for each statistic."""
    of = {one.published.statistic: one for one in verdicts if one.result is result and one.same_settings}
    rows, epochs, numbers = [], as_integer(result.settings["epochs"]), result.numbers()
    counts, last = tested(epochs), f"last {min(LAST, epochs)}"
    for statistic in sorted(numbers, key=lambda name: name != counts):  # the one that counts comes first
        name = STATISTICS[statistic].replace(f"last {LAST}", last)
        texts = [name, *_parts(statistics.share(numbers[statistic]))]
        if of:
            one = of.get(statistic)
            texts += (
                [NOTHING, NOTHING] if one is None else [f"{_published(one)}\n{_short(one.published.source)}", one.words]
            )
        missed = frozenset({len(texts) - 1}) if statistic in of and of[statistic].missed else frozenset()
        rows.append(Row(texts, missed=missed))
    curve = result.curve("label_precision")
    if curve is not None:
        texts = [f"label precision, {last}", *_parts(statistics.share(last10(curve)))]
        rows.append(Row([*texts, *[NOTHING] * (2 * bool(of))]))
    columns = ["percent", "mean ± deviation", "95 % interval", "runs", *(["published", "verdict"] if of else [])]
    judged = (
        "Accuracy on the test set"
        if result.judged == "test_accuracy"
        else "Accuracy on noisy labels of held-out examples"
    )
    note = (
        f"{judged}, mean of the networks: mean and standard deviation (ddof 0) over runs, and the 95 % t interval of "
        f"the mean, cut to [0, 100]. {last.capitalize()} is the mean of the last {min(LAST, epochs)} of {epochs} "
        "epochs. Best and maximal are chosen by test labels."
    )
    note += (_SHORT if tested(epochs) == "last" else "") + (_ONE_DRAW if one_noise_draw([result]) else "")
    note += words.dependence([result])
    return Table("table", "Accuracy", columns, rows, note)


def one_by_one(found: Sequence[Verdict], titles: Sequence[str]) -> Table:
    """Return the table of all published numbers beside measured ones, with the verdicts. Missed numbers are marked.

    Args:
      found: the verdicts.
      titles: the title of the leaderboard of each verdict.
    """
    rows = []
    for one, title in zip(found, titles, strict=True):
        paper = one.published
        runs = f"\n{paper.runs} runs" if paper.runs > 1 else ""
        other = f"{paper.independent:.2f}\n{paper.independent_source}" if math.isfinite(paper.independent) else NOTHING
        texts = [
            one.result.label,
            title,
            STATISTICS[paper.statistic],
            f"{_published(one)}{runs}",
            f"{with_interval(one.measured, 1)}\n{number(one.measured.runs, 'run')}",
            f"{one.difference:+.2f}" if one.measured.runs else NOTHING,
            other,
            one.words,
            paper.source,
        ]
        rows.append(Row(texts, one.result.label, bool(one.missed)))
    columns = ["method", "data and noise", "statistic", "published", "measured", "difference", "independent", "verdict"]
    return Table("published", "Published and measured, one by one", [*columns, "source"], rows, RULE)
