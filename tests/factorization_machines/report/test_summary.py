"""The terminal tells of a finished job in a few lines."""

import json

import pytest

from open_algorithms.factorization_machines.report.schema import Report
from open_algorithms.factorization_machines.report.summary import describe_report
from open_algorithms.learning.showing.report_json import encode_report
from tests.factorization_machines.report.jobs import KINDS, make_report, make_table_report


def describe(report: Report) -> list[str]:
    return list(describe_report(json.loads(encode_report(report))))


@pytest.mark.parametrize("kind", KINDS)
def test_it_tells_the_main_scores_of_every_channel_first(kind: str) -> None:
    report = make_report(kind)
    found = report.channels["test"].scores
    first, *_ = describe(report)
    assert first.startswith("scores: train ")
    assert first.endswith(
        f"; test rmse {found['rmse']:.4g}, R2 {found['r2']:.4g}"
        if kind == "regressor"
        else f"; test accuracy {found['binary_classification_accuracy']:.4g}, cross entropy "
        f"{found['binary_classification_cross_entropy']:.4g}, AUC {found['roc_auc_score']:.4g}"
    )


def test_it_tells_the_threshold_of_a_classifier_and_what_is_called_by_it() -> None:
    assert "threshold: 0.45; a score from there on is called 1" in describe(make_report())
    assert "threshold: 0.45; a score from there on is called yes" in describe(make_table_report())
    assert not any(line.startswith("threshold") for line in describe(make_report("regressor")))


def test_it_tells_what_the_model_is_made_of_and_by_what() -> None:
    assert describe(make_report("regressor"))[-1] == (
        "model: the mean of candidates 5 (50%), 4 (30%), 3 (20%) of 6, by rmse on the validation rows; 4 factors"
    )
    held_out = make_report(held_out=1200)
    assert describe(held_out)[-1].endswith("on 1,200 rows held out; 4 factors")
    single = make_report(texts={"num_models": "1"}, channels=("train",))
    assert describe(single)[-1].startswith("model: candidate 0 of 1, by binary_classification_cross_entropy")
    assert describe(make_report(epochs=0))[-1].startswith("model: candidate 5 of 6, ")


def test_a_score_that_is_not_finite_is_left_out() -> None:
    report = json.loads(encode_report(make_report("regressor")))
    report["channels"] = {"test": {"scores": {"rmse": None, "r2": 0.5}}}
    assert next(describe_report(report)) == "scores: test R2 0.5"
