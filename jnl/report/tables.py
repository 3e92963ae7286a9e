"""The tables of one leaderboard in full, beside the published table of its setup."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jnl.ops.curves import STATISTICS
from jnl.report.comparing import Comparison, of_epochs, tested
from jnl.report.grouping import Leaderboard, MethodResult, one_noise_draw
from jnl.report.methods import UPPER_BOUND
from jnl.report.table import NOTHING, Row, Table, best_of, interval, p_value, spread, with_interval
from jnl.report.words import dependence, upper_bound
from jnl.results import statistics
from jnl.results.summary import last10
from jnl.support.json_values import as_integer


class Matrix(NamedTuple):
    """The noise matrix P(noisy | clean) of one run."""

    name: str  # name of its files
    title: str
    values: np.ndarray  # f64[C, C]
    note: str


def accuracy(leaderboard: Leaderboard) -> Table:
    """Return the table of every statistic of the accuracy, side by side."""
    numbers = {result.label: result.numbers() for result in leaderboard.results}
    names = [name for name in STATISTICS if any(name in own for own in numbers.values())]
    means = [[_mean(result, numbers[result.label].get(name)) for result in leaderboard.results] for name in names]
    best = [best_of(each) for each in means]
    rows = []
    for number, result in enumerate(leaderboard.results):
        failed = len(result.runs) - len(result.whole())
        label = result.label if result.judged == "test_accuracy" else f"{result.label}\n(noisy validation labels)"
        texts = [label, f"{len(result.whole())}" + (f"\n{failed} failed" if failed else "")]
        for name in names:
            values = numbers[result.label].get(name)
            texts.append(NOTHING if values is None else with_interval(statistics.share(values)))
        curve = result.curve("label_precision")
        texts.append(NOTHING if curve is None else with_interval(statistics.share(last10(curve))))
        highest = frozenset(column for column, each in enumerate(best, 2) if number in each)
        rows.append(Row(texts, result.label, bool(failed), highest))
    columns = ["method", "runs", *(STATISTICS[name] for name in names), "label precision, last 10"]
    note = (
        "Test accuracy in percent, mean of the networks: mean ± standard deviation (ddof 0) over runs and the 95 % t "
        "interval of the mean, cut to [0, 100]. The best number of a column is bold. Best and maximal are chosen by "
        "test labels. With fewer than 10 epochs, last 10 is the mean of all epochs."
    )
    note += upper_bound(leaderboard.results) + dependence(leaderboard.results)
    return Table("statistics", "Every statistic", columns, rows, note)


def _mean(result: MethodResult, values: np.ndarray | None) -> float:
    """Return the mean that takes part in the choice of the best, else NaN."""
    if values is None or result.judged != "test_accuracy" or result.strategy == UPPER_BOUND:
        return math.nan
    return 100 * statistics.mean(values).mean


def paired(found: Sequence[Comparison], without: Sequence[str]) -> Table:
    """Return the table of the differences between each result and the baseline, over shared seeds.

    Args:
      found: the comparisons.
      without: the results that have no comparison, as text for the note.
    """
    rows = []
    for one in found:
        pairs = one.paired
        difference = f"{100 * pairs.mean:+.2f}\n{interval(pairs.low, pairs.high)}"
        numbers = [str(pairs.pairs), p_value(pairs.p), p_value(pairs.least_p), p_value(one.holm)]
        rows.append(Row([one.result.label, one.baseline.label, difference, *numbers], one.result.label))
    columns = ["method", "baseline", "difference", "pairs", "p", "smallest p", "Holm"]
    note = (
        "The difference is method minus baseline in percentage points, with its 95 % t interval, over runs with the "
        "same seed, noise seed and noisy labels. p is from the exact two-sided sign-flip test. With n pairs, p is at "
        "least 2 / 2^n (smallest p), so five pairs never reach 0.05. With more than 40 pairs jnl does not make the "
        "test. Holm is p adjusted over the comparisons of this table."
    )
    if found:
        note += f" The comparison uses the {of_epochs(as_integer(found[0].result.settings['epochs']))}."
    note += dependence([one.result for one in found])
    if without:
        note += (
            " Methods without a baseline under the same settings and with shared seeds are not compared: "
            f"{', '.join(without)}."
        )
    return Table("paired", "Differences over shared seeds", columns, rows, note)


def variance(leaderboard: Leaderboard) -> Table:
    """Return the table of the standard deviations that are due to the noise draw and to the initialization.

    It has only the results for which the two can be told apart.
    """
    rows = []
    for result in leaderboard.results:
        values = result.numbers().get(tested(leaderboard.epochs))
        seeds, noise_seeds = [run.seed for run in result.runs], [run.noise_seed for run in result.runs]
        found = None if values is None else statistics.components(values, seeds, noise_seeds)
        if found is not None:
            texts = [f"{100 * math.sqrt(part):.3f}" for part in (found.noise, found.initialization, found.residual)]
            layout = f"{len(set(seeds))} x {len(set(noise_seeds))}"
            rows.append(Row([result.label, layout, *texts], result.label))
    columns = ["method", "seeds x noise seeds", "noise draw", "initialization", "both together and chance"]
    title = "Noise draw against initialization"
    if not rows and one_noise_draw(leaderboard.results):
        note = "All runs have one noise draw, so no deviation includes it. noise.seed=per_run draws one for each run."
        return Table("variance", title, columns, rows, note)
    if not rows:
        note = (
            "The effect of the noise draw and the effect of the initialization cannot be told apart for any method: "
            "that needs every seed with every noise seed."
        )
        return Table("variance", title, columns, rows, note)
    note = (
        f"Standard deviations in percentage points ({of_epochs(leaderboard.epochs)}) from a two-way analysis of "
        "variance with random effects. It needs every seed with every noise seed; methods without that are not in the "
        "table."
    )
    return Table("variance", title, columns, rows, note)


def compute(leaderboard: Leaderboard) -> Table:
    """Return the table of the accuracy of each result and its cost in operations and seconds."""
    rows = []
    for result in leaderboard.results:
        seconds, operations = cost(result)
        accuracy = result.numbers().get(tested(leaderboard.epochs))
        texts = [NOTHING if accuracy is None else with_interval(statistics.share(accuracy))]
        texts += [f"{operations:.3g}" if math.isfinite(operations) else NOTHING]
        texts += [f"{seconds:.1f}" if math.isfinite(seconds) else NOTHING]
        rows.append(Row([result.label, *texts], result.label))
    note = (
        "Operations and seconds are means over the runs. The seconds of a run are the wall time of training and "
        "evaluation divided by the number of runs of the program. Compare them only if the machine and its load were "
        "the same."
    )
    note += dependence(leaderboard.results)
    columns = ["method", STATISTICS[tested(leaderboard.epochs)], "floating-point operations", "seconds"]
    return Table("compute", "Accuracy against compute", columns, rows, note)


def cost(result: MethodResult) -> tuple[float, float]:
    """Return seconds and floating-point operations, mean over runs that have not failed. NaN if not recorded."""
    whole = result.whole()
    if not whole:
        return math.nan, math.nan
    return float(np.mean([run.seconds for run in whole])), float(np.mean([run.operations for run in whole]))


def classes(leaderboard: Leaderboard) -> Table | None:
    """Return the table of the accuracy of each class in the last epoch, or None if it is not recorded."""
    found = {result.label: of_classes(result) for result in leaderboard.results}
    known = {label: values for label, values in found.items() if values is not None}
    if not known:
        return None
    names = class_names(leaderboard, max(values.shape[1] for values in known.values()))
    rows = []
    for label, values in known.items():
        shown = [spread(statistics.mean(of_class)) for of_class in values.T]
        rows.append(Row([label, *shown, *[NOTHING] * (len(names) - len(shown))], label))
    note = (
        "Test accuracy of each class in the last epoch, percent, mean of the networks: mean ± standard deviation "
        "(ddof 0) over runs."
    )
    return Table("classes", "Accuracy of each class", ["method", *names], rows, note)


def of_classes(result: MethodResult) -> np.ndarray | None:
    """Return the accuracy of each class in the last epoch, mean over networks: f64[S, C]. None if a run lacks it."""
    curves = [run.curves.get("class_accuracy") for run in result.whole()]
    last = [curve[-1].mean(0) for curve in curves if curve is not None and curve.ndim == 3]
    return np.stack(last) if last and len(last) == len(curves) else None


def class_names(leaderboard: Leaderboard, number: int) -> list[str]:
    """Return the names of `number` classes that a workdir of the leaderboard records, or numbers if none does."""
    known = (
        point.class_names
        for result in leaderboard.results
        for point in result.points
        if len(point.class_names) == number
    )
    return next(known, [str(index) for index in range(number)])


def matrices(leaderboard: Leaderboard) -> list[Matrix]:
    """Return the true noise matrix and the estimate of each result, as far as they are recorded."""
    found: dict[str, Matrix] = {}
    for result in leaderboard.results:
        for point in result.points:
            if "true" in point.matrices:
                note = (
                    "The matrix shows the share of the examples of each true class (rows) that have each noisy label "
                    f"(columns), in the first run of {point.title}. Under other noise seeds it differs by chance."
                )
                found.setdefault("", Matrix("noise", "Noise matrix, true", point.matrices["true"], note))
            if "estimated" in point.matrices:
                title, estimated = f"Noise matrix, estimated ({result.label})", point.matrices["estimated"]
                note = (
                    "The matrix shows the probability of each noisy label (columns) for each true class (rows), as the "
                    "method estimates it in the first run that has not failed."
                )
                found.setdefault(result.label, Matrix(f"noise-{len(found)}", title, estimated, note))
    return list(found.values())


def noise(leaderboard: Leaderboard) -> list[Table]:
    """Return the noise matrices of a leaderboard as tables."""
    tables = []
    for one in matrices(leaderboard):
        names = class_names(leaderboard, len(one.values))
        shown = [[f"{value:.3f}" if math.isfinite(value) else NOTHING for value in row] for row in one.values]
        rows = [Row([name, *row]) for name, row in zip(names, shown, strict=True)]
        tables.append(Table(one.name, one.title, ["true class", *names], rows, one.note))
    return tables
