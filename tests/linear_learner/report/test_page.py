"""The page of the report: it shows what the report says, needs nothing beside it, and runs nothing."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from linear_learner.report.build import build_report
from linear_learner.report.page import render_report
from linear_learner.report.schema import Report
from open_algorithms.learning.showing.quality.schema import ChannelRows, ClassQuality, MulticlassQuality
from open_algorithms.learning.showing.report_json import encode_report
from open_algorithms.learning.showing.words import NO_VALUE, format_number
from tests.linear_learner.report.jobs import JOBS, SECONDS, channels, job, rename, train
from tests.linear_learner.training.examples import HYPERPARAMETERS
from tests.reader import PageReader


def read(report: Report) -> PageReader:
    return PageReader(render_report(report))


@pytest.mark.parametrize("name", JOBS)
def test_the_page_shows_every_score_and_needs_nothing_beside_it(name: str) -> None:
    _, found, _ = job(name)
    reader = read(found)
    assert reader.fetched == ["data:,"]
    for quality in found.channels.values():
        for score in quality.scores.values():
            assert format_number(score) in reader.texts
    for entry in found.bank:
        assert format_number(entry.loss) in reader.texts
    assert "url(" not in render_report(found)


NAMES: list[Callable[[int], str]] = [
    lambda i: f"<script>alert({i})</script>",
    lambda i: f"\"{i}\" & '{i}' {{{{ 7 * 7 }}}}",
    lambda i: f"größe {i} \N{GREEK SMALL LETTER ALPHA}\u202e" * 20,
]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_shown_as_they_are_and_never_run(name: Callable[[int], str]) -> None:
    found = job("binary_classifier")[1]
    named = rename(found, name)
    reader = read(named)
    assert name(found.weights[0].column) in reader.texts
    assert name(1) in reader.texts
    assert "script" not in render_report(found)
    assert "<script" not in render_report(named)


def chosen(value: float, /, **second: float | int) -> str:
    """Return the text of a report whose winner has that value; the second is as good, but for what is said of it."""
    found = job("binary_classifier")[1]
    winner = replace(found.bank[0], value=value)
    rival = replace(winner, candidate=found.bank[1].candidate, **second)  # type: ignore[arg-type]
    worse = [replace(entry, value=0.0) for entry in found.bank[2:]]
    return " ".join(read(replace(found, bank=[winner, rival, *worse])).texts)


def test_the_page_says_why_the_winner_won() -> None:
    first, second = job("binary_classifier")[1].bank[:2]
    rival = f"the next best, candidate {second.candidate}, has"
    assert f"{rival} 0.9 too, and the same loss." in chosen(0.9)
    assert f"{rival} 0.9 too, and the higher loss." in chosen(0.9, loss=first.loss + 1)
    assert f"{rival} 0.8. The others are sorted" in chosen(0.9, value=0.8)
    assert f"candidate {second.candidate}, has" not in chosen(0.9, left_after_epoch=2)
    assert "None reaches the target" in chosen(-0.1)
    assert "None reaches the target" not in chosen(0.0)


def test_the_page_draws_what_decides_where_it_is_not_the_loss() -> None:
    assert "What decides: accuracy on the validation rows" in read(job("binary_classifier")[1]).texts
    for name in ("regressor", "by loss", "unvalidated"):
        assert "What decides" not in render_report(job(name)[1])


@pytest.mark.parametrize("given", [{}, {"normalize_data": "false"}, {"normalize_label": "false"}])
def test_the_page_says_in_what_units_weights_and_losses_are(given: dict[str, str]) -> None:
    result = train(JOBS["regressor"] | given, channels("regressor"))
    text = " ".join(read(build_report(result, given, SECONDS)).texts)
    assert ("per standard deviation of their feature" in text) == ("normalize_data" not in given)
    assert ("normalize_data is off" in text) == ("normalize_data" in given)
    assert ("in standard deviations of the label" in text) == ("normalize_label" not in given)
    assert ("divided by its standard deviation" in text) == ("normalize_label" not in given)


def test_of_very_many_classes_the_page_shows_the_first_and_says_so() -> None:
    found = job("multiclass_classifier")[1]
    rows = ChannelRows(1200, classes=[600, *[1] * 600])
    quality = MulticlassQuality({"accuracy": 0.5}, [ClassQuality(c, c % 2, 0, 0.0, 0.0) for c in range(601)])
    many = replace(
        found,
        data=replace(found.data, channels=dict.fromkeys(found.channels, rows)),
        channels=dict.fromkeys(found.channels, quality),
    )
    text = " ".join(" ".join(read(many).texts).split())
    assert "The first 100 of 601 classes on the test rows" in text
    assert "of the others 581 581 581" in text
    assert f"98 0 0 {NO_VALUE} {NO_VALUE}" in text
    assert f"99 1 0 0 {NO_VALUE}" in text


@pytest.mark.parametrize("name", HYPERPARAMETERS)
@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_values_far_beyond_those_of_training_and_a_single_label_are_told(name: str) -> None:
    data = channels(name)
    _, y = data["test"][0]
    extreme = np.full((len(y), 5), 3e38, np.float32) * np.array([1, -1, 1, 1, -1], np.float32)
    data["test"] = [(extreme, np.ones_like(y))]
    found = build_report(train(JOBS[name], data), JOBS[name], SECONDS)
    assert "NaN" not in encode_report(found)
    text = " ".join(read(found).texts)
    assert "Some figures of the test rows are beyond what can be counted" in text
    assert "All test rows have the same label" in text
    assert "All train rows" not in text


def test_a_job_in_folds_shows_the_path_of_its_candidates_and_what_its_figures_are_worth() -> None:
    found = job("folds")[1]
    page = " ".join(read(found).texts)
    assert "Loss by strength of L2, solved" in page
    assert f"in folds, its accuracy is {found.winning_entry.value:.6g}" in page
    assert "in 3 folds" in page
    assert "before each update" not in page
    assert "Loss by strength of L2, solved" not in " ".join(read(job("by hinge")[1]).texts)
