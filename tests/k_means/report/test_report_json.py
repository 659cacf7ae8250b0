"""report.json: every key that programs may rely on, and no number that JSON cannot hold."""

import json
import math

import pytest

from open_algorithms.k_means.learn import write_report
from open_algorithms.learning.showing.report_json import encode_report
from tests.k_means.report.jobs import JOBS, run
from tests.report_keys import Keys, add_keys, read_keys

NAMED = ("seconds", "given", "used", "versions", "values")  # by the job


def test_its_page_lists_every_key_and_none_that_is_not_there() -> None:
    found: Keys = {}
    for name in JOBS:
        add_keys(found, json.loads(encode_report(run(name).report)), NAMED)
    listed = read_keys("k_means.md")
    assert {place: listed[place] for place in found} == found
    assert {place for place in listed if "." in place or "[]" in place} <= found.keys()


@pytest.mark.parametrize("name", JOBS)
def test_it_holds_the_numbers_of_the_report_and_null_for_what_is_none(name: str) -> None:
    job = run(name)
    files = write_report(job.result, job.work)
    assert list(files) == ["report.json", "report.html"]
    found = json.loads(files["report.json"], parse_constant=pytest.fail)
    assert list(found)[:3] == ["format", "k", "asked"]
    assert found["k"] == job.report.k == job.result.model.outputs
    for entry, told in zip(job.report.clusters, found["clusters"], strict=True):
        assert told["silhouette"] == (entry.silhouette if math.isfinite(entry.silhouette) else None)
        assert told["msd"] == (entry.msd if math.isfinite(entry.msd) else None)
    assert ("columns" in found) == (name == "table")
    for count, told in zip(job.report.counts, found["counts"], strict=True):
        assert (told["k"], told["msd"]) == (count.k, count.msd)
        assert (told["msd_of_centers"] is None) == (name == "stopped")
