"""The page of the report: it shows what the report says, needs nothing beside it, and runs nothing."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from linear_learner.report.build import build_model_report
from linear_learner.report.figures import criterion_error
from linear_learner.report.losses import shown_loss
from linear_learner.report.page import render_report
from linear_learner.report.schema import ModelReport
from open_algorithms.learning.showing.quality.schema import FOLDS, ChannelRows, ClassQuality, MulticlassQuality
from open_algorithms.learning.showing.quality.scores import format_score
from open_algorithms.learning.showing.report_json import encode_report
from open_algorithms.learning.showing.words import NO_VALUE
from tests.linear_learner.report.jobs import JOBS, channels, job, rename, tell, train
from tests.linear_learner.training.examples import HYPERPARAMETERS
from tests.reader import PageReader


def read(report: ModelReport) -> PageReader:
    return PageReader(render_report(report))


@pytest.mark.parametrize("name", JOBS)
def test_the_page_shows_every_score_and_needs_nothing_beside_it(name: str) -> None:
    _, found, _ = job(name)
    reader = read(found)
    assert reader.fetched == ["data:,"]
    for channel, quality in found.channels.items():
        for score, value in quality.scores.items():
            assert format_score(score, value, found.judgement.count_rows(channel).rows) in reader.texts
    for entry in found.bank:
        assert shown_loss(found).write(entry.loss) in reader.texts
    assert "url(" not in render_report(found)


def test_the_page_answers_first_and_tells_of_candidates_last() -> None:
    text = " ".join(read(job("binary_classifier")[1]).texts)
    text = text[text.index("</style>") if "</style>" in text else text.index("@media print") :]
    places = [
        text.index(heading)
        for heading in (
            "Predicts the label: 0 or 1",
            "A binary classifier of 5 features learned from",
            "rows of rows.csv",
            "always saying",
            "How good is it?",
            "it is right in",
            "What it says of the test rows",
            "What does it look at?",
            "What next?",
            "How good is it, in detail?",
            "Did it learn?",
            "Which candidate won, and why?",
            "Seconds of each part",
            "To run it again",
        )
    ]
    assert places == sorted(places)


def test_the_two_losses_of_a_regressor_are_in_the_labels_own_units_and_not_squared() -> None:
    result, found, _ = job("regressor")
    shown, winner = shown_loss(found), found.winning_entry
    assert shown.words == "root mean squared error"
    assert shown.show(winner.loss) == pytest.approx(found.channels["validation"].scores["rmse"], rel=1e-5)
    assert shown.show(1.0, "train") == pytest.approx(result.scaler.label_deviation)
    assert shown_loss(job("by loss")[1]).show(0.25, "train") == 0.25


def test_the_report_of_any_model_has_no_candidates_and_no_job() -> None:
    result, found, _ = job("binary_classifier")
    report = build_model_report(result.model, found.objective, result.measurements["test"], ["new.csv"])
    page = " ".join(read(report).texts)
    assert "measured on" in page
    assert "rows of new.csv" in page
    for absent in ("candidate", "Did it learn?", "To run it again", "train rows"):
        assert absent not in page
    assert report.channels["test"].scores == found.channels["test"].scores


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
    assert f"{rival} 90.0% too, and the same loss." in chosen(0.9)
    assert f"{rival} 90.0% too, and the higher loss." in chosen(0.9, loss=first.loss + 1)
    assert f"{rival} 80.0%. The others are sorted" in chosen(0.9, value=0.8)
    assert f"candidate {second.candidate}, has" not in chosen(0.9, left_after_epoch=2)
    assert "None reaches the target" in chosen(-0.1)
    assert "None reaches the target" not in chosen(0.0)


def test_the_page_draws_what_decides_where_it_is_not_the_loss() -> None:
    assert "What decides: accuracy on the validation rows" in read(job("binary_classifier")[1]).texts
    for name in ("regressor", "by loss", "unvalidated"):
        assert "What decides" not in render_report(job(name)[1])


def test_the_page_says_in_what_units_weights_are() -> None:
    result, found, _ = job("regressor")
    text = " ".join(read(found).texts)
    assert "What one standard deviation more of a feature adds to the prediction, in the label's own units" in text
    assert "What one unit more" not in text
    unknown = replace(result, model=replace(result.model, deviations=None))
    page = " ".join(read(tell(unknown, JOBS["regressor"])).texts)
    assert "What one unit more of a feature adds to the prediction, in the label's own units" in page
    assert "the log odds of 1" in " ".join(read(job("binary_classifier")[1]).texts)
    assert "the log odds" not in " ".join(read(job("by hinge")[1]).texts)


def test_the_criterion_is_drawn_in_a_band_of_one_standard_error() -> None:
    found = job("binary_classifier")[1]
    rows = found.data.channels["validation"].rows
    share = found.channels["validation"].scores["binary_classification_accuracy"]
    assert criterion_error(found) == pytest.approx((share * (1 - share) / rows) ** 0.5, rel=0.25)
    assert "Differences within the band may be chance." in " ".join(read(found).texts)
    assert criterion_error(job("regressor")[1]) == 0


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
    assert f"99 1 0 0% {NO_VALUE}" in text


@pytest.mark.parametrize("name", HYPERPARAMETERS)
@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_values_far_beyond_those_of_training_and_a_single_label_are_told(name: str) -> None:
    data = channels(name)
    _, y = data["test"][0]
    extreme = np.full((len(y), 5), 3e38, np.float32) * np.array([1, -1, 1, 1, -1], np.float32)
    data["test"] = [(extreme, np.ones_like(y))]
    found = tell(train(JOBS[name], data), JOBS[name])
    assert "NaN" not in encode_report(found)
    text = " ".join(read(found).texts)
    assert "Some figures of the test rows are beyond what can be counted" in text
    assert "All test rows have the same label" in text
    assert "All train rows" not in text


def test_a_job_in_folds_shows_the_path_of_its_candidates_and_what_its_figures_are_worth() -> None:
    found = job("folds")[1]
    page = " ".join(read(found).texts)
    assert "Loss by strength of L2, solved" in page
    accuracy = found.channels[FOLDS].scores["binary_classification_accuracy"]
    assert f"each judged by what was learned without it, it is right in {accuracy:.1%} of cases" in page
    assert "in 3 folds" in page
    assert "before each update" not in page
    assert "Loss by strength of L2, solved" not in " ".join(read(job("by hinge")[1]).texts)


def test_a_winner_that_was_solved_is_not_said_to_have_weights_of_an_epoch() -> None:
    page = " ".join(read(job("solved")[1]).texts)
    assert "The candidate that won was solved, and not trained by epochs." in page
    assert "The weights that were taken are those after epoch" not in page


def test_a_model_without_weights_is_said_to_give_one_answer() -> None:
    result, _, _ = job("regressor")
    nothing = replace(result, model=replace(result.model, weight=np.zeros_like(result.model.weight)))
    page = " ".join(read(tell(nothing, JOBS["regressor"])).texts)
    assert "All weights are 0: the model gives the same answer for all rows." in page
    assert "The largest weights" not in page


def test_a_quantile_is_read_from_the_model() -> None:
    texts = JOBS["regressor"] | {"loss": "quantile_loss", "quantile": "0.9"}
    found = tell(train(texts, channels("regressor")), texts)
    assert found.quantile == found.judgement.quantile == 0.9
    assert "the aim is 0.9 of all" in " ".join(read(found).texts)
    assert job("regressor")[1].quantile is None
