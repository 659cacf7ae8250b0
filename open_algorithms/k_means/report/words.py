"""What the report says in sentences: the result, how it was chosen, what to beware of, and what to do next.

Tests: tests/k_means/report/test_page.py.
"""

import math
from collections.abc import Iterator

from open_algorithms.k_means.measuring.spread import DOMINANT_SHARE, warn_of_dominance
from open_algorithms.k_means.report.schema import Report
from open_algorithms.learning.showing.words import format_count, format_decimals, format_number, format_share

# Kaufman and Rousseeuw, Finding groups in data, 1990, table 4.
STRUCTURES = ((0.71, "a strong structure"), (0.51, "a reasonable structure"), (0.26, "a weak structure"))
NO_STRUCTURE = "hardly any structure"
WEAK_SILHOUETTE = 0.26
FURTHER = 1.2  # times as far, in the mean square, from which on new rows are said to lie further away
NAMED_CLUSTERS = 5
USUAL_RANGE = 10  # up to which all numbers of clusters are compared


def name_structure(silhouette: float) -> str:
    """Say what a mean silhouette tells of clusters.

    >>> name_structure(0.6)
    'a reasonable structure'
    """
    return next((words for least, words in STRUCTURES if silhouette >= least), NO_STRUCTURE)


def summary_text(report: Report) -> str:
    """Summarise the result in a few sentences."""
    count, several = report.count, len(report.counts) > 1
    text = f"The model has {count_clusters(report.k)}, as was asked for. "
    if not report.asked and several:
        text = f"{len(report.counts)} numbers of clusters were tried; k={report.k} has the largest silhouette. "
    text += f"The mean squared distance of a row from its center is {format_number(count.msd)}"
    if report.k > 1:
        silhouette = f"{format_decimals(count.silhouette, 2)}, {name_structure(count.silhouette)}"
        text += f": clusters explain {format_share(report.sample.explained)} of the variance of rows. "
        text += f"Their silhouette is {silhouette}"
    return text + "."


def count_clusters(k: int) -> str:
    """Return a number of clusters in words."""
    return f"{format_count(k)} cluster{'' if k == 1 else 's'}"


def choice_note(report: Report) -> str:
    """Explain how the number of clusters was chosen."""
    if len(report.counts) == 1:
        return (
            f"Only k={report.k} was tried. With k_range={suggest_range(report)}, say, a job compares several numbers "
            "of clusters in the same passes over the rows."
        )
    best = max(report.counts, key=lambda entry: entry.silhouette)
    text = f"k={report.k} was chosen, because its mean silhouette is the largest. "
    if report.asked:
        text = f"k={report.k} was asked for. "
        if best.k != report.k:
            text += f"By the silhouette, k={best.k} would have been chosen ({format_decimals(best.silhouette, 2)}). "
    return text + (
        "The squared distances always fall as clusters become more: look for the k from which on they fall little. The "
        "silhouette, from \N{MINUS SIGN}1 to 1, tells how much closer a row is to the others of its own cluster than "
        f"to those of the next one, in the mean of {format_count(report.sample.silhouette_rows)} rows."
    )


def suggest_range(report: Report) -> str:
    """Return numbers of clusters to compare, as k_range takes them; there are no more than rows."""
    k, rows = report.k, report.data.channels["train"].rows
    if k <= USUAL_RANGE:
        return f"{min(2, rows)}-{min(USUAL_RANGE, rows)}"
    return ",".join(str(number) for number in (k // 2, k, 2 * k) if number <= rows)


def sample_note(report: Report) -> str:
    """Explain what is told of clusters, and of which rows."""
    text = (
        "What tells a cluster apart are the features whose means there, which are shown, are furthest from those of "
        "all rows; by how many standard deviations, stands in parentheses."
    )
    if report.sample.rows < report.data.channels["train"].rows:
        text += f" Numbers of rows are of all rows, the rest is of a sample of {format_count(report.sample.rows)}."
    return text


def distance_note(report: Report) -> str:
    """Explain the squared distances of the log, and which of them the original reports."""
    count, training = report.count, report.training
    text = "Features are in their own units, so that those with large numbers count most. "
    if report.data.normalized:
        text = "Features are divided by their standard deviations, so that all count alike"
        text += ". " if report.columns is None else ", but for those that are 0 or 1. "
    text += "msd is the mean squared distance of all rows from their nearest centers, ssd the sum."
    if math.isfinite(count.msd_of_centers):
        text += (
            " What the original prints as its train msd is called msd_of_centers here, and is "
            f"{format_number(count.msd_of_centers)}: how far the {format_count(training.start_centers)} centers that "
            "the mini-batches moved are, by their counts, from those that they were clustered into. It tells little of "
            "rows."
        )
    if len(training.attempts) > 1:
        low, high = format_number(min(training.attempts)), format_number(max(training.attempts))
        text += f" The {len(training.attempts)} attempts at k={report.counts[-1].k} came to "
        text += f"{low}." if low == high else f"{low} to {high}."
    return text


def list_warnings(report: Report) -> Iterator[str]:
    """Yield what a reader should know before the figures."""
    count, sample = report.count, report.sample
    if report.stopped:
        yield (
            "The job was asked to stop before its end: the model is the best that there was by then, and its figures "
            "are those of a sample of the rows."
        )
    if report.data.features > 1 and sample.dominant_share > DOMINANT_SHARE and not report.data.normalized:
        yield warn_of_dominance(sample.dominant, sample.dominant_share)
    if count.empty:
        has = "has" if count.empty == 1 else "have"
        yield (
            f"{format_count(count.empty)} of {count_clusters(report.k)} {has} no rows: there are too few different "
            "ones. Lower k, or see whether rows repeat."
        )
    if report.k > 1 and count.silhouette < WEAK_SILHOUETTE:
        yield (
            "Rows hardly belong to their clusters more than to others: the silhouette is "
            f"{format_decimals(count.silhouette, 2)}. Clusters may still divide rows into handy parts, but do not take "
            "them for groups that are there by nature."
        )
    if (ratio := test_ratio(report)) > FURTHER:
        yield f"The test rows are {ratio:.2f} times as far from their centers as the train rows, in the mean square."


def test_ratio(report: Report) -> float:
    """Return how many times as far test rows are from their centers as train rows, in the mean square."""
    channels = report.data.channels
    if "test" not in channels or not channels["train"].msd:
        return 1.0
    return channels["test"].msd / channels["train"].msd


def list_next_steps(report: Report) -> Iterator[str]:
    """Yield what can be done now."""
    tried = [entry.k for entry in report.counts]
    if len(tried) == 1:
        yield f"Compare several numbers of clusters: train with k_range={suggest_range(report)}, with or without k."
    elif not report.asked and report.k == tried[-1]:
        yield f"k={report.k} is the largest number that was tried: try larger ones, too, by k_range."
    elif not report.asked and report.k == tried[0] > 2:
        yield f"k={report.k} is the smallest number that was tried: try smaller ones, too, by k_range."
    single = [f"cluster {entry.cluster}" for entry in report.clusters if entry.rows == 1]
    if len(single) > NAMED_CLUSTERS:
        yield f"{len(single)} clusters have but one row: lower k, or look whether these rows are mistakes."
    elif single and report.k > 1:
        yield (
            f"Look at the rows that are a cluster of their own, {', '.join(single)}: where they are mistakes, train "
            "without them."
        )
    if not report.data.normalized and report.data.features > 1:
        yield (
            "Train with normalize_data=true, unless the units of the features are comparable, and see which clusters "
            "make more sense."
        )
    if "test" not in report.data.channels:
        yield "Give rows that were not trained on as the channel test, to see whether they lie as close to the centers."
    yield "Ask for the cluster of any row and its distance from the center, by k_means predict or k_means serve."
