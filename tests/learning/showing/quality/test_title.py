"""What a report says first."""

from dataclasses import replace

import pytest

from open_algorithms.learning.showing.job import ColumnEntry
from open_algorithms.learning.showing.quality.schema import ChannelRows
from open_algorithms.learning.showing.quality.title import name_files, source_text, title_text
from tests.learning.showing.quality.made import judge_channels


@pytest.mark.parametrize(
    ("kind", "classes", "label", "title"),
    [
        ("binary", ["No", "Yes"], "churn", "Predicts churn: No or Yes"),
        ("binary", None, "", "Predicts the label: 0 or 1"),
        ("classes", ["a", "b", "c"], "kind", "Predicts kind: a, b or c"),
        ("numbers", None, "price", "Predicts price"),
    ],
)
def test_the_title_names_the_label_and_its_classes(
    kind: str, classes: list[str] | None, label: str, title: str
) -> None:
    assert title_text(judge_channels(kind, classes=classes, label=label)) == title


def test_of_many_classes_it_tells_the_number() -> None:
    judgement = judge_channels("classes", label="digit")
    many = replace(judgement, counted=dict.fromkeys(judgement.counted, ChannelRows(10, classes=[1] * 10)))
    assert title_text(many) == "Predicts digit: one of 10 classes"


def test_long_names_of_classes_are_cut_and_very_many_letters_counted() -> None:
    cut = title_text(judge_channels("binary", classes=["x" * 60 + "y" * 60, "z"], label="w"))
    assert cut == f"Predicts w: {'x' * 25}\N{HORIZONTAL ELLIPSIS}{'y' * 24} or z"
    many = judge_channels("classes", classes=["x" * 60, "y" * 60, "z" * 60], label="w")
    assert title_text(many) == "Predicts w: one of 3 classes"


def test_the_source_names_rows_features_and_files() -> None:
    judgement = judge_channels("binary")
    columns = [ColumnEntry("a", "category", 3, ""), ColumnEntry("b", "left out", 0, "")]
    text = source_text(judgement, "binary classifier", 3, columns, {"train": ["rows.csv"]})
    assert text == "A binary classifier of 1 column, as 3 features, learned from 400 rows of rows.csv."
    assert source_text(judgement, "regressor", 3, None, {}) == "A regressor of 3 features learned from 400 rows."
    other = replace(judgement, channels={"test": judgement.quality}, counted={"test": judgement.counted["test"]})
    assert source_text(other, "regressor", 1, None, {}).endswith("of 1 feature measured on 400 rows.")


def test_of_many_files_some_are_named() -> None:
    assert name_files(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert name_files([]) == ""
