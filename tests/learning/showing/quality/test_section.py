"""How good a model is, as a page shows it: scores, charts, matrices, thresholds and what figures are worth."""

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from open_algorithms.learning.showing.frame import PageHead, render_page
from open_algorithms.learning.showing.quality.build import count_labels
from open_algorithms.learning.showing.quality.schema import (
    BinaryQuality,
    ChannelRows,
    ClassQuality,
    LabelMoments,
    MulticlassQuality,
    Quality,
    RegressionQuality,
)
from open_algorithms.learning.showing.quality.section import describe_quality
from open_algorithms.learning.showing.quality.tables import channel_table
from open_algorithms.learning.showing.quality.words import warn_of_figures
from open_algorithms.learning.showing.words import NO_VALUE, format_count, format_number
from tests.learning.showing.quality.made import KINDS, judge_rows, predict_rows, tally_rows
from tests.reader import PageReader

TEMPLATE = (
    '{% extends "frame.html" %}{% from "pieces.html" import quality %}{% block sections %}{{ quality(it) }}'
    "{% endblock %}"
)
CHANNELS = ("train", "test")


def judge_channels(kind: str) -> tuple[dict[str, Quality], dict[str, ChannelRows]]:
    """Return how good predictions are on two channels, and their rows."""
    seeds = {name: seed for seed, name in enumerate(CHANNELS)}
    counted = {name: count_labels(tally_rows(kind, predict_rows(kind, seed))) for name, seed in seeds.items()}
    return {name: judge_rows(kind, seed) for name, seed in seeds.items()}, counted


def show(
    folder: Path, channels: Mapping[str, Quality], counted: Mapping[str, ChannelRows], classes: list[str] | None = None
) -> str:
    """Return the page of a section."""
    template = folder / "quality.html"
    template.write_text(TEMPLATE, encoding="utf-8")
    section = describe_quality(channels, counted, "train", classes)
    return render_page(template, PageHead("A title", "A summary."), it=section)


@pytest.mark.parametrize("kind", KINDS)
def test_every_score_of_every_channel_is_shown(kind: str, tmp_path: Path) -> None:
    channels, counted = judge_channels(kind)
    reader = PageReader(show(tmp_path, channels, counted))
    for quality in channels.values():
        for name, score in quality.scores.items():
            assert format_number(score) in reader.texts
            assert name in "".join(reader.texts)


def test_two_classes_have_curves_matrices_and_thresholds(tmp_path: Path) -> None:
    channels, counted = judge_channels("binary")
    texts = PageReader(show(tmp_path, channels, counted, ["no", "yes"])).texts
    for wanted in (
        "Receiver operating characteristic",
        "Precision and recall",
        "Is a score a probability?",
        "Confusion matrix of the train rows",
        "Confusion matrix of the test rows",
        "The threshold and its neighbours, on the train rows",
        "said to be yes",
        "is no",
    ):
        assert wanted in texts
    test = channels["test"]
    assert isinstance(test, BinaryQuality)
    for count in chain(*test.confusion):
        assert format_count(count) in texts


def test_scores_that_are_no_probabilities_are_not_compared_with_shares(tmp_path: Path) -> None:
    channels, counted = judge_channels("binary")
    quality = channels["test"]
    assert isinstance(quality, BinaryQuality)
    margins = dict.fromkeys(CHANNELS, replace(quality, calibration=None))
    assert "Is a score a probability?" not in show(tmp_path, margins, counted)


def test_a_regressor_has_predictions_and_residuals_where_a_row_is_finite(tmp_path: Path) -> None:
    channels, counted = judge_channels("numbers")
    assert "Residuals on the test rows, of 400" in PageReader(show(tmp_path, channels, counted)).texts
    assert "Residuals" not in show(tmp_path, {"train": RegressionQuality({"mse": 1.0}, 0)}, counted)


def test_of_very_many_classes_the_first_are_shown_and_said_to_be_so(tmp_path: Path) -> None:
    rows = ChannelRows(1200, classes=[600, *[1] * 600])
    quality = MulticlassQuality({"accuracy": 0.5}, [ClassQuality(c, c % 2, 0, 0.0, 0.0) for c in range(601)])
    page = show(tmp_path, dict.fromkeys(CHANNELS, quality), dict.fromkeys(CHANNELS, rows))
    text = " ".join(" ".join(PageReader(page).texts).split())
    assert "The first 100 of 601 classes on the test rows" in text
    assert f"98 0 0 {NO_VALUE} {NO_VALUE}" in text
    assert f"99 1 0 0 {NO_VALUE}" in text
    assert channel_table(dict.fromkeys(CHANNELS, rows), None, "2 features").rows[-1] == ["of the others", "581", "581"]


def test_rows_and_labels_are_counted_by_channel() -> None:
    _, counted = judge_channels("binary")
    table = channel_table(counted, ["no", "yes"], "3 features")
    assert table.heads == ["3 features", "train", "test"]
    negatives, positives = counted["test"].classes or []
    assert [row[2] for row in table.rows] == ["400", str(negatives), str(positives)]
    assert [row[0] for row in table.rows] == ["rows", "of class no", "of class yes"]
    assert [row[0] for row in channel_table(judge_channels("numbers")[1], None, "").rows] == [
        "rows",
        "label's mean",
        "label's deviation",
    ]


def test_figures_that_say_little_are_told() -> None:
    quality = RegressionQuality({"mse": math.inf}, 0)
    counted = {"train": ChannelRows(4, label=LabelMoments(1.0, 0.5)), "test": ChannelRows(4, classes=[0, 4])}
    beyond, same = warn_of_figures({"train": quality, "test": RegressionQuality({"mse": 1.0}, 0)}, counted)
    assert "figures of the train rows are beyond what can be counted" in beyond
    assert same.startswith("All test rows have the same label")
    assert list(warn_of_figures(*judge_channels("binary"))) == []
    constant = {"train": ChannelRows(4, label=LabelMoments(1.0, 0.0))}
    assert len(list(warn_of_figures({"train": RegressionQuality({"mse": 1.0}, 0)}, constant))) == 1
