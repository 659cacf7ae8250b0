"""How good a model is, as a page shows it: scores, charts, matrices, thresholds and what figures are worth."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from open_algorithms.learning.measuring.metrics import BinaryTally
from open_algorithms.learning.showing.frame import PageHead, render_page
from open_algorithms.learning.showing.quality.build import channel_quality, count_labels
from open_algorithms.learning.showing.quality.figures import curve_figures
from open_algorithms.learning.showing.quality.schema import (
    BinaryQuality,
    ChannelRows,
    ClassQuality,
    Judgement,
    LabelMoments,
    MulticlassQuality,
    RegressionQuality,
)
from open_algorithms.learning.showing.quality.scores import format_interval, format_score, name_score
from open_algorithms.learning.showing.quality.section import describe_quality
from open_algorithms.learning.showing.quality.tables import channel_table, threshold_table
from open_algorithms.learning.showing.quality.words import warn_of_figures
from open_algorithms.learning.showing.words import NO_VALUE, format_count, format_percent
from tests.learning.showing.quality.made import CHANNELS, KINDS, ROWS, judge_channels
from tests.reader import PageReader

TEMPLATE = (
    '{% extends "frame.html" %}{% from "pieces.html" import answer, details %}{% block sections %}{{ answer(it) }}'
    "{{ details(it) }}{% endblock %}"
)


def show(folder: Path, judgement: Judgement) -> str:
    """Return the page of what is told of a model."""
    template = folder / "quality.html"
    template.write_text(TEMPLATE, encoding="utf-8")
    return render_page(template, PageHead("A title", "A summary."), it=describe_quality(judgement))


def read(folder: Path, judgement: Judgement) -> str:
    """Return the texts of the page."""
    return " ".join(" ".join(PageReader(show(folder, judgement)).texts).split())


@pytest.mark.parametrize("kind", KINDS)
def test_every_score_of_every_channel_is_shown_with_its_interval_and_by_both_of_its_names(
    kind: str, tmp_path: Path
) -> None:
    judgement = judge_channels(kind)
    text = read(tmp_path, judgement)
    for quality in judgement.channels.values():
        for name, score in quality.scores.items():
            assert format_score(name, score, ROWS) in text
            assert name_score(name) in text
            assert name in text.replace("_ ", "_")
    for name, interval in judgement.quality.intervals.items():
        assert format_interval(name, interval, ROWS) in text


def test_two_classes_have_curves_matrices_and_thresholds(tmp_path: Path) -> None:
    judgement = judge_channels("binary", classes=["no", "yes"])
    text = read(tmp_path, judgement)
    for wanted in (
        "Receiver operating characteristic",
        "Precision and recall",
        "Is a score a probability?",
        "Which scores the test rows have",
        "What it says of the train rows",
        "What it says of the test rows",
        "The threshold and its neighbours, on the train rows",
        "said to be yes",
        "is no",
        "by chance",
        "as it should be",
    ):
        assert wanted in text
    test = judgement.quality
    assert isinstance(test, BinaryQuality)
    for row in test.confusion:
        for count in row:
            assert f"{format_count(count)} {format_percent(count / sum(row), 0)}" in text


def test_the_confusion_matrix_of_the_best_rows_comes_first(tmp_path: Path) -> None:
    text = read(tmp_path, judge_channels("binary"))
    assert text.index("What it says of the test rows") < text.index("area under the ROC curve")
    assert text.index("area under the ROC curve") < text.index("What it says of the train rows")


def test_scores_that_are_no_probabilities_are_not_compared_with_shares(tmp_path: Path) -> None:
    judgement = judge_channels("binary")
    quality = judgement.quality
    assert isinstance(quality, BinaryQuality)
    margins = dict.fromkeys(CHANNELS, replace(quality, calibration=None, histogram=None))
    text = read(tmp_path, replace(judgement, channels=margins))
    assert "Is a score a probability?" not in text
    assert "Which scores" not in text


def test_a_rare_class_has_a_calibration_chart_of_its_range() -> None:
    tally = BinaryTally(1.0)
    score = np.linspace(0, 0.1, 400).astype(np.float32)
    y = (np.random.default_rng(1).random(400) < score).astype(np.float32)
    tally.add(y, {"score": score, "predicted_label": np.zeros(400)})
    quality = channel_quality(tally.metrics(), tally, 0.5, is_probability=True, usual=0)
    judgement = Judgement({"test": quality}, {"test": count_labels(tally)}, None)
    figure = next(one for one in curve_figures(judgement) if one.caption == "Is a score a probability?")
    assert ">0.6<" not in figure.picture
    assert ">0.1<" in figure.picture


def test_a_regressor_has_predictions_and_residuals_where_a_row_is_finite(tmp_path: Path) -> None:
    judgement = judge_channels("numbers", label="price")
    text = read(tmp_path, judgement)
    assert "What they are off by, over the prediction" in text
    assert "How far predictions are off on the test rows" in text
    assert "the 400 test rows" in text
    assert "sample" not in text
    assert "price" in text
    nothing = Judgement({"train": RegressionQuality({"mse": 1.0}, 0)}, judgement.counted, None)
    assert "off by" not in read(tmp_path, nothing)


def test_a_sample_is_said_to_be_one(tmp_path: Path) -> None:
    judgement = judge_channels("numbers")
    counted = {**judgement.counted, "test": ChannelRows(40_000, label=LabelMoments(0, 1))}
    text = read(tmp_path, replace(judgement, counted=counted))
    assert "of a sample of 400" in text
    assert "400 of the 40,000 test rows" in text


def test_of_very_many_classes_the_first_are_shown_and_said_to_be_so(tmp_path: Path) -> None:
    rows = ChannelRows(1200, classes=[600, *[1] * 600])
    quality = MulticlassQuality({"accuracy": 0.5}, [ClassQuality(c, c % 2, 0, 0.0, 0.0) for c in range(601)])
    judgement = Judgement(dict.fromkeys(CHANNELS, quality), dict.fromkeys(CHANNELS, rows), "train")
    text = read(tmp_path, judgement)
    assert "The first 100 of 601 classes on the test rows" in text
    assert f"98 0 0 {NO_VALUE} {NO_VALUE}" in text
    assert f"99 1 0 0% {NO_VALUE}" in text
    assert channel_table(dict.fromkeys(CHANNELS, rows), None, "2 features").rows[-1] == ["of the others", "581", "581"]


def test_of_more_classes_than_a_matrix_shows_those_that_are_mixed_up_most_are_listed(tmp_path: Path) -> None:
    confusion = np.eye(30, dtype=np.int64) * 5
    confusion[3, 7], confusion[7, 3] = 4, 2
    quality = MulticlassQuality(
        {"multiclass_accuracy": 0.9}, [ClassQuality(c, 5, 5, 0.9, 0.9) for c in range(30)], confusion.tolist()
    )
    judgement = Judgement({"test": quality}, {"test": ChannelRows(156, classes=[5] * 30)}, None)
    text = read(tmp_path, judgement)
    assert "What is taken for what most, on the test rows is it says rows 3 7 4 7 3 2" in text
    assert "What it says of" not in text


def test_rows_and_labels_are_counted_by_channel() -> None:
    counted = judge_channels("binary").counted
    table = channel_table(counted, ["no", "yes"], "3 features")
    assert table.heads == ["3 features", "train", "test"]
    negatives, positives = counted["test"].classes or []
    assert [row[2] for row in table.rows] == ["400", str(negatives), str(positives)]
    assert [row[0] for row in table.rows] == ["rows", "of class no", "of class yes"]
    assert [row[0] for row in channel_table(judge_channels("numbers").counted, None, "").rows] == [
        "rows",
        "label's mean",
        "label's deviation",
    ]


def test_thresholds_that_lie_close_are_told_apart() -> None:
    judgement = judge_channels("binary")
    quality = judgement.channels["train"]
    assert isinstance(quality, BinaryQuality)
    first = quality.thresholds[0]
    close = [replace(first, threshold=at, calibrated=at == 0.5) for at in (0.5, 0.500001)]
    ((_, table),) = threshold_table(replace(judgement, channels={"train": replace(quality, thresholds=close)}))
    assert [row[0] for row in table.rows] == ["0.500000", "0.500001"]


def test_figures_that_say_little_are_told() -> None:
    quality = RegressionQuality({"mse": math.inf}, 0)
    counted = {"train": ChannelRows(4, label=LabelMoments(1.0, 0.5)), "test": ChannelRows(4, classes=[0, 4])}
    channels = {"train": quality, "test": RegressionQuality({"mse": 1.0}, 0)}
    beyond, same = warn_of_figures(Judgement(channels, counted, None))
    assert "figures of the train rows are beyond what can be counted" in beyond
    assert same.startswith("All test rows have the same label")
    assert list(warn_of_figures(judge_channels("binary"))) == []
    constant = {"train": ChannelRows(4, label=LabelMoments(1.0, 0.0))}
    assert len(list(warn_of_figures(Judgement({"train": RegressionQuality({"mse": 1.0}, 0)}, constant, None)))) == 1
