"""The page says first how good the machine is, shows what the report tells, and needs nothing beside it."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from open_algorithms.factorization_machines.report.figures import shown_range
from open_algorithms.factorization_machines.report.page import headline_figures, render_report
from open_algorithms.factorization_machines.report.schema import Report
from open_algorithms.factorization_machines.report.words import (
    choice_note,
    learned_note,
    list_next_steps,
    list_warnings,
)
from open_algorithms.learning.showing.job import HyperparameterTexts
from open_algorithms.learning.showing.quality.schema import LONGEST_CLASS, ChannelRows
from open_algorithms.learning.showing.quality.scores import format_score
from open_algorithms.learning.showing.words import cut_middle, format_count, format_rounded
from tests.factorization_machines.report.jobs import (
    make_report,
    make_table_report,
)
from tests.reader import PageReader

CLASSIFIER, REGRESSOR, TABLE = make_report(), make_report("regressor"), make_table_report()
HELD_OUT = make_report(channels=("train", "validation"), held_out=150, is_refitted=True)
SINGLE = make_report(texts={"num_models": "1"}, channels=("train", "test"))
STOPPED = make_report(epochs=0, was_stopped=True)
REPORTS = {
    "classifier": CLASSIFIER,
    "regressor": REGRESSOR,
    "table": TABLE,
    "held out": HELD_OUT,
    "single": SINGLE,
    "stopped": STOPPED,
}


def read(report: Report) -> str:
    """Return the texts of a page."""
    return " ".join(" ".join(PageReader(render_report(report)).texts).split())


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_shows_every_score_and_candidate_and_needs_nothing_beside_it(name: str) -> None:
    report = REPORTS[name]
    page = render_report(report)
    reader = PageReader(page)
    assert reader.fetched == ["data:,"]
    assert "url(" not in page
    assert "<script" not in page
    for channel, quality in report.channels.items():
        for score, value in quality.scores.items():
            assert format_score(score, value, report.data.channels[channel].rows) in reader.texts
    for entry in report.candidates:
        assert format_rounded(entry.train_loss, 4) in reader.texts
    for pair in report.pairs:
        assert format_rounded(pair.raw, 4) in reader.texts


NAMES: list[Callable[[int], str]] = [
    lambda i: f"<script>alert({i})</script>",
    lambda i: f"\"{i}\" & '{i}' {{{{ 7 * 7 }}}}",
    lambda i: f"größe {i} \N{GREEK SMALL LETTER ALPHA}\u202e" * 20,
]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_shown_as_they_are_and_never_run(name: Callable[[int], str]) -> None:
    texts = {name(0): name(1)}
    assert TABLE.recommendations is not None
    popular = [replace(entry, item=name(i)) for i, entry in enumerate(TABLE.recommendations.popular)]
    named = replace(
        TABLE,
        weights=[replace(entry, feature=name(entry.column)) for entry in TABLE.weights],
        pairs=[replace(entry, features=[name(i) for i in entry.columns]) for entry in TABLE.pairs],
        recommendations=replace(TABLE.recommendations, popular=popular, item_column=name(3)),
        classes=[name(4), name(5)],
        hyperparameters=HyperparameterTexts(texts, texts),
    )
    page = render_report(named)
    shown = PageReader(page).texts
    for i in (named.weights[0].column, 1, 3):
        assert name(i) in shown
    assert " \N{MULTIPLICATION SIGN} ".join(map(name, named.pairs[0].columns)) in shown
    assert f"is {cut_middle(name(4), LONGEST_CLASS)}" in shown
    assert "<script" not in page


@pytest.mark.parametrize("report", [CLASSIFIER, REGRESSOR])
def test_the_page_begins_with_how_good_it_is_on_rows_it_has_not_seen(report: Report) -> None:
    text = read(report)
    assert "On 200 test rows, which it has not learned from, " in text
    places = [text.index(part) for part in ("How good is it?", "always saying", "What next?", "Did it learn?")]
    assert sorted(places[:1] + places[2:]) == places[:1] + places[2:]
    name, value = headline_figures(report)[0]
    assert name == ("mean absolute error on test rows" if report is REGRESSOR else "accuracy on test rows")
    assert value in text


def test_the_model_is_said_to_be_a_mean_or_one_candidate() -> None:
    mean = "The model is the mean of 3 of 6 candidates, in one machine of 4 factors."
    assert choice_note(CLASSIFIER).startswith(mean)
    assert choice_note(SINGLE).startswith("The model is one candidate, a machine of 4 factors.")
    one = replace(CLASSIFIER, candidates=[replace(CLASSIFIER.candidates[0], share=1.0), CLASSIFIER.candidates[-1]])
    assert choice_note(one).startswith("The model is candidate 5 of 2, a machine of 4 factors.")


def test_rows_that_were_held_out_are_said_to_be_so() -> None:
    text = read(HELD_OUT)
    assert "validation rows, which it has not learned from but was chosen on, it is right in" in text
    assert "Loss on the 150 rows held out of train" in text
    before = "before what was chosen learned again from them, too."
    (warning,) = list_warnings(HELD_OUT)
    assert "candidates and threshold were chosen on the 150 rows held out of train" in warning
    assert warning.endswith(before)
    assert before not in " ".join(list_warnings(make_report(held_out=150)))
    assert "threshold" not in " ".join(list_warnings(make_report("regressor", held_out=150)))
    learned = make_report(channels=("train",))
    assert "train rows, which it has learned from, so that figures look better than they are" in read(learned)


def warn(**more: Any) -> str:
    return " ".join(list_warnings(replace(CLASSIFIER, **more)))


def test_warnings_tell_what_to_know_first() -> None:
    assert warn() == ""
    assert "asked to stop before its end" in warn(stopped=True)
    assert "chosen on the rows that they learned from" in warn(training=replace(CLASSIFIER.training, deciding="train"))
    assert list(list_warnings(SINGLE)) == []
    lost = [*CLASSIFIER.candidates[:-1], replace(CLASSIFIER.candidates[-1], loss=math.nan)]
    assert "Left out, since their loss is not finite: the candidates 0." in warn(candidates=lost)
    rows = {**CLASSIFIER.data.channels, "test": ChannelRows(200, classes=[0, 200])}
    assert "All test rows have the same label" in warn(data=replace(CLASSIFIER.data, channels=rows))


def test_the_choice_is_explained() -> None:
    best, original = CLASSIFIER.candidates[0], CLASSIFIER.candidates[-1]
    text = choice_note(CLASSIFIER)
    assert f"on the validation rows is that of candidate 5, {format_rounded(best.loss, 4)}." in text
    assert "the mean of the scores of candidates 5, 4 and 3 by their shares" in text
    assert "Candidate 0, which trains as the original does with these hyperparameters, comes to " in text
    assert f"comes to {format_rounded(original.loss, 4)}." in text
    assert "There was one candidate; its log loss on" in choice_note(SINGLE)
    assert "Candidate 0" not in choice_note(SINGLE)
    alone = replace(CLASSIFIER, candidates=[replace(original, share=1.0), *CLASSIFIER.candidates[3:5]])
    assert "their mean" not in choice_note(alone)
    assert "Candidate 0" not in choice_note(alone)
    many = [replace(best, candidate=i, share=0.1) for i in range(8)]
    assert "candidates 0, 1, 2, 3, 4 and 3 others" in choice_note(replace(CLASSIFIER, candidates=many))


def test_candidate_0_is_in_sight_unless_it_is_far_above_the_others() -> None:
    key = "candidate 0, as the original"
    assert key in read(CLASSIFIER)
    slow = [[2.0, 1.0], *CLASSIFIER.losses["train"][1:]]
    assert shown_range(CLASSIFIER, slow)[1] == 1
    assert key in read(replace(CLASSIFIER, losses={"train": slow}))
    far = [[value + 100 for value in CLASSIFIER.losses["train"][0]], *CLASSIFIER.losses["train"][1:]]
    away = replace(CLASSIFIER, losses={"train": far})
    assert shown_range(away, far)[1] < 1
    assert key not in read(away)
    assert key not in read(SINGLE)


def test_a_job_that_is_stopped_in_its_first_epoch_says_so() -> None:
    text = read(STOPPED)
    assert "there is no curve yet" in text
    assert "No epoch came to its end" in text


def test_units_are_told_and_what_a_pair_does_not_say() -> None:
    assert "of flags 1, of other features about their deviation" in learned_note(CLASSIFIER)
    assert "normalize_data is off" in learned_note(make_report(texts={"normalize_data": "false"}))
    assert "the log odds of a score" in learned_note(CLASSIFIER)
    assert "the log odds" not in learned_note(REGRESSOR)
    never = "Of features that are never together in a row, such as two users, a pair says nothing."
    assert learned_note(CLASSIFIER).endswith(never)
    assert never not in learned_note(TABLE)
    linear = replace(CLASSIFIER, pairs=[])
    assert never not in learned_note(linear)
    assert "What pairs of features add" not in read(linear)
    assert "What pairs of features add" in read(CLASSIFIER)


def test_what_is_recommended_stands_beside_what_is_popular() -> None:
    text, found = read(TABLE), TABLE.recommendations
    assert found is not None
    assert "What does it recommend?" not in read(CLASSIFIER)
    assert f"Together that is {found.recommended_items} different items." in text
    for entry in (*found.popular, *found.recommended):
        assert f"{entry.item} {format_count(entry.users)} {format_count(entry.recommended)}" in text
    assert "most popular ones" not in text
    few = replace(found, popular=found.popular[:2], pairs=1000)
    share = sum(entry.users for entry in few.popular) / 1000
    assert f"The 2 most popular ones have {share:.1%} of the pairs" in read(replace(TABLE, recommendations=few))


def test_next_steps_follow_from_the_job() -> None:
    def steps(report: Report) -> str:
        return " ".join(list_next_steps(report))

    assert "channel test" in steps(make_report(channels=("train",)))
    assert "channel test" not in steps(CLASSIFIER)
    assert "factorization_machines recommend" in steps(TABLE)
    assert "factorization_machines recommend" not in steps(CLASSIFIER)
    assert "num_models=13" in steps(SINGLE)
    assert "num_models" not in steps(CLASSIFIER)
    assert "epochs=24" in steps(replace(CLASSIFIER, training=replace(CLASSIFIER.training, epochs_wanted=12)))
    assert "epochs=" not in steps(CLASSIFIER)
    assert "num_factors" not in steps(CLASSIFIER)
    first = CLASSIFIER.candidates[0]
    wide = replace(first, settings={**first.settings, "num_factors": 64})
    assert "num_factors=128" in steps(replace(CLASSIFIER, candidates=[wide, *CLASSIFIER.candidates[1:]]))
    assert "num_factors" not in steps(SINGLE)
