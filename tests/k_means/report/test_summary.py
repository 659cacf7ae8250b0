"""The lines that `train` prints at its end."""

import json

import pytest

from open_algorithms.k_means.answer import describe_report
from open_algorithms.learning.showing.report_json import encode_report
from tests.k_means.report.jobs import JOBS, run


def lines(name: str) -> list[str]:
    return list(describe_report(json.loads(encode_report(run(name).report))))


def test_they_tell_the_clusters_and_the_distances_of_every_channel() -> None:
    report = run("several").report
    count, channels = report.count, report.data.channels
    assert lines("several") == [
        f"clusters: {report.k}, the clearest of 8 numbers from 1 to 8; silhouette {count.silhouette:.3f}; "
        f"from {count.smallest:,} to {count.largest:,} rows",
        f"mean squared distance: train {channels['train'].msd:.6g}, test {channels['test'].msd:.6g}; "
        f"{report.sample.explained:.1%} of the variance of rows explained",
    ]


def test_they_tell_what_was_asked_for() -> None:
    assert lines("asked")[0].startswith("clusters: 3, as was asked for, among 5 numbers from 2 to 6; silhouette 0.")
    assert lines("one cluster")[0] == "clusters: 1; from 200 to 200 rows"
    assert "variance" not in lines("one cluster")[1]
    assert "variance" not in lines("all alike")[1]


@pytest.mark.parametrize("name", JOBS)
def test_every_job_has_two_lines(name: str) -> None:
    assert len(lines(name)) == 2
