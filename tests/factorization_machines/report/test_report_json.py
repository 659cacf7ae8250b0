"""report.json: what programs may rely on."""

import json
from dataclasses import fields

import pytest

from open_algorithms.factorization_machines.learn import write_report
from open_algorithms.factorization_machines.report.schema import CalibrationEntry, Report
from open_algorithms.learning.showing.report_json import encode_report
from tests.factorization_machines.report.jobs import KINDS, make_report, make_table_report, train_job
from tests.report_keys import Keys, add_keys, read_keys

PAGE = "factorization_machines_report.md"
NAMED = (  # by the job
    "losses",
    "scores",
    "intervals",
    "files",
    "sizes",
    "settings",
    "quantiles",
    "reliability",
    "seconds",
    "given",
    "used",
    "versions",
)
FIRST = ["format", "predictor_type", "objective", "label", "stopped", "hosts", "num_factors", "data", "training"]


@pytest.mark.parametrize("report", [*map(make_report, KINDS), make_table_report(), make_report(epochs=0)])
def test_it_holds_the_numbers_of_the_report(report: Report) -> None:
    found = json.loads(encode_report(report))
    assert list(found)[: len(FIRST)] == FIRST
    assert {name: part["scores"] for name, part in found["channels"].items()} == {
        name: part.scores for name, part in report.channels.items()
    }
    assert [entry["candidate"] for entry in found["candidates"]] == [entry.candidate for entry in report.candidates]
    assert found["losses"] == report.losses
    assert ("recommendations" in found) == ("columns" in found) == (report.columns is not None)


def test_its_page_lists_every_key_and_none_that_is_not_there() -> None:
    found: Keys = {}
    for report in (*map(make_report, KINDS), make_table_report()):
        add_keys(found, json.loads(encode_report(report)), NAMED)
    metrics = {name for report in map(make_report, KINDS) for name in report.channels["test"].scores}
    found["channels.NAME.thresholds[]"] -= metrics | {"binary_balanced_accuracy"}
    listed = read_keys(PAGE)
    assert listed.pop("reliability.NAME") == {field.name for field in fields(CalibrationEntry)}
    assert listed.pop("losses") == set(make_report().losses)
    assert listed == found


def test_a_loss_that_is_not_known_is_null() -> None:
    found = json.loads(encode_report(make_report(epochs=0)))
    assert {entry["loss"] for entry in found["candidates"]} == {None}
    assert {entry["best_epoch"] for entry in found["candidates"]} == {None}


@pytest.mark.parametrize("has_others", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_trained_job_reports_what_its_log_says(kind: str, has_others: bool) -> None:
    result, work, log = train_job(kind, has_others=has_others)
    files = write_report(result, work)
    assert list(files) == ["report.json", "report.html"]
    found = json.loads(files["report.json"])
    assert set(found["channels"]) == ({"train", "validation", "test"} if has_others else {"train", "validation"})
    for name, channel in found["channels"].items():
        assert channel["scores"] == log.final_scores(name)
        assert channel["scores"]
    assert found["training"]["held_out"] == (0 if has_others else 180)
    assert found["training"]["refitted"] == (not has_others)
    assert sum(entry["share"] for entry in found["candidates"]) == pytest.approx(1)
    assert found["num_factors"] == sum(
        entry["settings"]["num_factors"] for entry in found["candidates"] if entry["share"]
    )
    assert all(len(losses) <= found["training"]["epochs"] for losses in found["losses"]["validation"])
