"""Scores as people write them."""

import pytest

from open_algorithms.learning.showing.quality.scores import arrange_scores, format_interval, format_score, name_score


@pytest.mark.parametrize(
    ("score", "words"),
    [
        ("binary_classification_accuracy", "accuracy"),
        ("multiclass_accuracy", "accuracy"),
        ("binary_f_0.500", "F0.5"),
        ("macro_f_1.000", "F1, mean of classes"),
        ("multiclass_top_k_accuracy_3", "right among the best 3"),
        ("binary_classification_weighted_cross_entropy_objective", "log loss, weighted"),
        ("r2", "R\N{SUPERSCRIPT TWO}"),
        ("a_score_of_tomorrow", "a_score_of_tomorrow"),
    ],
)
def test_a_score_has_a_name_that_people_use(score: str, words: str) -> None:
    assert name_score(score) == words


def test_shares_are_in_percent_and_the_more_rows_the_more_digits() -> None:
    assert format_score("recall", 0.56216, 1409) == "56.2%"
    assert format_score("recall", 0.56216, 14090) == "56.22%"
    assert format_score("mse", 1646928742.77, 586) == "1,650,000,000"
    assert format_score("roc_auc_score", 0.852768, 20_000) == "0.8528"
    assert format_interval("precision", [0.5, 1.0], 40) == "50.0% to 100%"


def test_r2_and_the_mean_absolute_error_come_before_the_squared_one_and_equal_ones_are_one() -> None:
    scores = {"mse_objective": 4.0, "mse": 4.0, "absolute_loss": 1.5, "rmse": 2.0, "r2": 0.5, "mae": 1.5}
    rows = arrange_scores({"train": scores, "test": scores}, {"train": 50, "test": 50})
    assert [row.words for row in rows] == [
        "R\N{SUPERSCRIPT TWO}",
        "mean absolute error",
        "root mean squared error",
        "mean squared error",
    ]
    assert rows[1].scores == ["absolute_loss", "mae"]
    assert rows[1].texts == ["1.50", "1.50"]
    apart = arrange_scores({"train": {**scores, "mae": 2.5}}, {"train": 50})
    assert len(apart) == 5
