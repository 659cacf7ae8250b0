"""report.json: every key that programs may rely on, and no number that JSON cannot hold."""

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from linear_learner.report.page import render_report
from open_algorithms.learning.showing.job import ColumnEntry
from open_algorithms.learning.showing.report_json import encode_report
from tests.linear_learner.report.jobs import JOBS, job, tell
from tests.report_keys import add_keys, read_keys

PAGE = "report.md"
NAMED = (  # by the job
    "losses", "scores", "intervals", "files", "settings", "quantiles", "sizes", "seconds", "given", "used", "versions",
)  # fmt: skip


def table_report() -> Any:
    """A report on a table, whose classes have names, with all that a report may have."""
    report = job("binary_classifier")[1]
    columns = [ColumnEntry("a", "number", 1, "")]
    return json.loads(encode_report(replace(report, columns=columns, classes=["no", "yes"], quantile=0.9)))


def test_its_page_lists_every_key_and_none_that_is_not_there() -> None:
    found: dict[str, set[str]] = {}
    metrics: set[str] = set()
    for name in JOBS:
        report = json.loads(encode_report(job(name)[1]))
        metrics |= {metric for channel in report["channels"].values() for metric in channel["scores"]}
        add_keys(found, report, NAMED)
    add_keys(found, table_report(), NAMED)
    found["channels.NAME.thresholds[]"] -= metrics
    assert read_keys(PAGE) == found


@pytest.mark.parametrize("name", JOBS)
def test_it_holds_the_numbers_of_the_report(name: str) -> None:
    _, report, _ = job(name)
    found = json.loads(encode_report(report))
    assert list(found)[:3] == ["format", "predictor_type", "objective"]
    assert found["winner"] == report.winner
    assert found["threshold"] == report.threshold
    assert {channel: part["scores"] for channel, part in found["channels"].items()} == {
        channel: part.scores for channel, part in report.channels.items()
    }
    assert [entry["loss"] for entry in found["bank"]] == [
        entry.loss if math.isfinite(entry.loss) else None for entry in report.bank
    ]
    assert ("calibration" in found["channels"]["train"]) == (
        report.predictor_type == "binary_classifier" and name != "by hinge"
    )


def test_the_metrics_of_a_threshold_stand_beside_it() -> None:
    _, report, _ = job("binary_classifier")
    entry = json.loads(encode_report(report))["channels"]["train"]["thresholds"][0]
    assert list(entry)[:3] == ["threshold", "flagged", "binary_classification_accuracy"]
    assert list(entry)[-1] == "calibrated"


def test_a_class_is_called_so() -> None:
    first = json.loads(encode_report(job("multiclass_classifier")[1]))["channels"]["train"]["classes"][0]
    assert list(first) == ["class", "rows", "flagged", "recall", "precision"]


def test_what_is_not_finite_is_null_and_shown_as_a_dash() -> None:
    result, _, _ = job("regressor")
    members = result.course.active
    place = next(place for place, m in enumerate(members) if m != result.winner)
    result.course.history[:, :, members[place]] = np.inf
    result.standings.losses[place] = result.standings.values[place] = np.nan
    found = tell(result, JOBS["regressor"])
    job.cache_clear()
    last = next(entry for entry in json.loads(encode_report(found))["bank"] if entry["diverged"])
    assert (last["candidate"], last["diverged"], last["loss"]) == (members[place], True, None)
    assert ">diverged<" in render_report(found)
