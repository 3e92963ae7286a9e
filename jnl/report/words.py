"""Sentences about the numbers of a report that a reader can quote."""

import math
from collections.abc import Sequence

import numpy as np

from jnl.report import methods
from jnl.report.comparing import Duel, duel, of_epochs, tested
from jnl.report.grouping import Leaderboard, MethodResult
from jnl.report.table import UNKNOWN, p_value
from jnl.report.verdicts import Verdict
from jnl.results import statistics
from jnl.results.summary import last10
from jnl.support.json_values import Json
from jnl.support.text import number

TEST = (
    "Sentences about two methods compare those with the highest means. p is from the exact two-sided sign-flip test of "
    "the paired differences, and the interval is the 95 % t interval of their mean. p is not corrected for the choice "
    "of the two methods."
)
OTHERS = (
    "The first table has one setting of each method under each noise: the published one, if it was trained, or one "
    "that is similar under all noises. The details have all other settings."
)
_RARE = 0.05  # the usual level of a test
_BELOW = 0.005  # a precision is below chance if it is lower than the share of true labels by more than this


def best_two(leaderboard: Leaderboard) -> str:
    """Return the sentence that compares the two best methods of a leaderboard, or no text for fewer than two."""
    found = duel(leaderboard)
    if found is None:
        return ""
    noise = leaderboard.noise
    if tested(leaderboard.epochs) == "last":
        noise += f", {of_epochs(leaderboard.epochs)}"
    first, second, paired = found.first.label, found.second.label, found.paired
    if paired is None:
        told = f"{first} and {second} are the best two, and are not compared"
        return f"{noise}: {told}, because fewer than two runs share seeds and labels."
    points = f"{100 * paired.mean:.2f} points"
    known, above = math.isfinite(paired.p), paired.low > 0
    rare = paired.p <= _RARE if known else above
    if paired.least_p > _RARE:
        told = _of_few(first, second, paired)
    elif above and rare:
        told = f"{first} beats {second} by {points}"
    elif not above and not rare:
        told = f"{first} is not told apart from {second}: it is {points} better"
    else:
        told = f"{first} is {points} better than {second}, and interval and test disagree on whether this is chance"
    numbers = f"95 % interval {100 * paired.low:.2f} to {100 * paired.high:.2f}, {paired.pairs} paired seeds"
    p = f", p = {p_value(paired.p)}{_smallest(paired)}" if known else ""
    return f"{noise}: {told} ({numbers}{p}).{_conditions(found)}{dependence([found.first, found.second])}"


def _of_few(first: str, second: str, paired: statistics.Paired) -> str:
    """Return the comparison over so few pairs that no difference, however large, could be told from chance."""
    points, every = f"{100 * paired.mean:.2f} points", "both" if paired.pairs == 2 else f"all {paired.pairs}"
    few = f"{paired.pairs} pairs are too few for a test at {100 * _RARE:.0f} %"
    if paired.better == paired.pairs:
        return f"{first} is better than {second} in {every} pairs, by {points}; {few}"
    if not paired.better:
        return f"{first} and {second} are equal in {every} pairs; {few}"
    return f"{first} is better than {second} in {paired.better} of {paired.pairs} pairs, by {points} on average; {few}"


def _smallest(paired: statistics.Paired) -> str:
    """Return the remark that no smaller p value is possible, where that keeps p above 0.05."""
    return f", the smallest p that {paired.pairs} pairs can give" if paired.p == paired.least_p > _RARE else ""


def _conditions(found: Duel) -> str:
    return f" Their settings also differ in {', '.join(found.differing)}." if found.differing else ""


def upper_bound(results: Sequence[MethodResult]) -> str:
    """Return the sentence about the method that trains on true labels, or no text if it is not among the results."""
    names = dict.fromkeys(result.label for result in results if result.strategy == methods.UPPER_BOUND)
    if not names:
        return ""
    return f" {', '.join(names)} trains on the true labels: it is an upper bound, and never counts as the best."


def dependence(results: Sequence[MethodResult]) -> str:
    """Return the sentences about results of several noise draws whose runs share seeds or draws, or no text."""
    found: dict[str, list[str]] = {}
    for result in results:
        runs = len(result.runs)
        seeds, draws = len({run.seed for run in result.runs}), len({run.noise_seed for run in result.runs})
        if 1 < draws and min(seeds, draws) < runs:
            design = f"{runs} runs of {number(seeds, 'seed')} and {draws} noise draws"
            found.setdefault(design, []).append(result.label)
    if not found:
        return ""
    listed = "; ".join(f"{', '.join(labels)} ({design})" for design, labels in found.items())
    return (
        " Intervals and p values count all runs as independent. They can be too small where runs share seeds or noise "
        f"draws: {listed}."
    )


def misses(verdicts: Sequence[Verdict]) -> str:
    """Return the sentence that counts the met and missed numbers, or no text if none is judged."""
    judged = [one for one in verdicts if one.missed is not None]
    if not judged:
        return ""
    missed = [one for one in judged if one.missed]
    told = f"{len(judged) - len(missed)} of {len(judged)} published numbers are met"
    if not missed:
        return f"{told}."
    known = [one for one in missed if math.isfinite(one.published.independent)]
    sided = sum(one.sided for one in known)
    told += f", {len(missed)} missed."
    if known:
        told += (
            f" An independent re-implementation has a number for {len(known)} of the missed ones; it is nearer to ours"
        )
        told += f" in {sided}."
    return told


def chance(result: MethodResult) -> float:
    """Return the share of true labels, which is the label precision of a random choice. NaN if it is not known."""
    realized = [share for point in result.points for share in point.realized]
    return 1 - float(np.mean(realized)) if realized else math.nan


def below_chance(leaderboards: Sequence[Leaderboard]) -> str:
    """Return the sentence about the methods whose label precision is below that of a random choice, or no text."""
    found: dict[str, list[str]] = {}
    for leaderboard in leaderboards:
        for result in leaderboard.results:
            curve = result.curve("label_precision")
            precision = math.nan if curve is None else statistics.mean(last10(curve)).mean
            if precision < chance(result) - _BELOW:
                shares = f"{100 * precision:.1f} % instead of {100 * chance(result):.1f} %"
                found.setdefault(result.label, []).append(f"{leaderboard.noise.lower()}: {shares}")
    if not found:
        return ""
    listed = "; ".join(f"{label} ({', '.join(where)})" for label, where in found.items())
    return (
        f"Label precision below that of a random choice: {listed}. Among the examples that such a method trains on, "
        "wrong labels are more frequent than in the whole training set. This is usual for methods that train where "
        "two networks disagree, because they agree on most true labels."
    )


def trained(leaderboards: Sequence[Leaderboard]) -> str:
    """Return sentences that say what was trained. All leaderboards belong to one setup."""
    results = [result for leaderboard in leaderboards for result in leaderboard.results]
    names = methods.in_order({result.strategy for result in results})
    what = methods.title(names[0]) if len(names) == 1 else f"{len(names)} methods"
    first = leaderboards[0]
    noises = ", ".join(_noise(leaderboard) for leaderboard in leaderboards)
    told = (
        f"{what} trained the network {methods.title_of_network(first.model)} for "
        f"{number(first.epochs, 'epoch')} on {methods.title_of_data(first.data)}. Noise: {noises}."
    )
    shared = [f"{words} {value}" for name, words in _TOLD if (value := _shared(results, name))]
    if shared:
        shown = ", ".join(shared)
        told += f" {shown[:1].upper()}{shown[1:]}."
    numbers = sorted({len(result.runs) for result in results})
    runs = str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
    failed = sum(run.failed for result in results for run in result.runs)
    told += f" Each number comes from {runs} run{'s' if numbers != [1] else ''}"
    have = "has failed and is" if failed == 1 else "have failed and are"
    return f"{told}; {failed} of all runs {have} in no mean." if failed else f"{told}."


_TOLD = (("batch_size", "batch size"), ("optim.name", "optimizer"), ("optim.learning_rate", "learning rate"),
         ("precision", "precision"))  # fmt: skip


def _noise(leaderboard: Leaderboard) -> str:
    realized = [share for result in leaderboard.results for point in result.points for share in point.realized]
    share = f"{100 * np.mean(realized):.1f} %" if realized else UNKNOWN
    return f"{leaderboard.noise.lower()} (share of wrong labels: {share})"


def _shared(results: Sequence[MethodResult], name: str) -> Json:
    """Return the value of a field if all results that record it have the same value, else nothing."""
    values = [settings[name] for settings in (result.settings for result in results) if name in settings]
    return values[0] if values and all(value == values[0] for value in values) and values[0] != "auto" else None
