"""The report of a job: what it tells is what the log tells, and what others compute of the same rows."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from open_algorithms.k_means.report.build import build_report
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.learning.work import Work
from tests.k_means.jobs import as_blocks, cluster
from tests.k_means.report.jobs import JOBS, SECONDS, Job, expand_sample, run
from tests.learning.job.host_threads import run_hosts
from tests.learning.job.recorder import Recorder

PLAIN = ["several", "asked", "sparse", "one cluster", "one feature", "a cluster each", "outlier", "many clusters"]


def scale(job: Job) -> Float64s:
    """Return the rows of a job in the units of its distances; these are few enough to be all of its sample."""
    assert len(job.result.sample) == len(job.X)
    return job.X / job.result.scaler.deviation.astype(np.float64)


def find_labels(job: Job) -> Any:
    """Return the clusters of the rows."""
    return job.result.model.nearest(job.X)[1]


@pytest.mark.parametrize("name", JOBS)
def test_the_figures_of_channels_and_of_numbers_of_clusters_are_those_of_the_log(name: str) -> None:
    job = run(name)
    report, log = job.report, job.log
    for channel, found in report.data.channels.items():
        for metric in job.result.hp.eval_metrics:
            assert getattr(found, metric) == log.final_value(channel, metric)
    assert report.data.channels["train"].msd == report.count.msd
    if not report.stopped:
        assert report.count.msd_of_centers == log.final_value("train", "msd_of_centers")
        assert log.has_said(f"shrinking {report.training.start_centers} centers into {report.k}")
        assert log.has_said(f"attempt #{len(report.training.attempts) - 1}. Current mean square distance")
    if len(report.counts) > 1:
        for entry in report.counts:
            assert log.has_said(f"k={entry.k}: msd {entry.msd:.6g}, silhouette {entry.silhouette:.4f}")
        assert log.has_said(f"k={report.k} is chosen") != report.asked
    assert report.seconds == SECONDS
    assert report.hyperparameters.given == JOBS[name]


@pytest.mark.parametrize("name", PLAIN)
def test_clusters_are_those_that_the_model_answers(name: str) -> None:
    job = run(name)
    labels = find_labels(job)
    sizes = np.bincount(labels, minlength=job.report.k)
    assert [entry.rows for entry in job.report.clusters] == sizes.tolist()
    assert [entry.cluster for entry in job.report.clusters] == list(range(job.report.k))
    assert (job.report.count.smallest, job.report.count.largest) == (sizes.min(), sizes.max())
    assert sum(entry.share for entry in job.report.clusters) == pytest.approx(1)
    distances = np.square(job.result.model.nearest(job.X)[0])
    for entry in job.report.clusters:
        assert entry.sampled_rows == entry.rows
        assert entry.msd == pytest.approx(distances[labels == entry.cluster].mean(), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", ["several", "asked", "sparse", "one feature", "outlier", "many clusters"])
def test_silhouettes_are_those_of_scikit_learn(name: str) -> None:
    job = run(name)
    count = job.report.sample.silhouette_rows
    Z = restore_sample(job)[:count]
    labels = job.result.model.nearest(Z * job.result.scaler.deviation)[1]
    found = silhouette_samples(Z, labels)
    assert job.report.count.silhouette == pytest.approx(found.mean(), abs=1e-5)
    for entry in job.report.clusters:
        if (labels == entry.cluster).any():
            assert entry.silhouette == pytest.approx(found[labels == entry.cluster].mean(), abs=1e-4)


def restore_sample(job: Job) -> Float64s:
    """Return the rows of the sample in the units of distances, not centred."""
    rows, scaler = expand_sample(job.result), job.result.scaler
    if isinstance(job.result.sample, SparseRows):
        return rows
    return np.asarray(rows + scaler.mean / scaler.deviation.astype(np.float64))


@pytest.mark.parametrize("name", PLAIN)
def test_the_variance_of_the_sample_is_divided_as_numpy_does(name: str) -> None:
    job = run(name)
    Z, labels = scale(job), find_labels(job)
    sample, variances = job.report.sample, scale(job).var(axis=0)
    assert sample.variance == pytest.approx(variances.sum(), rel=1e-5)
    assert sample.msd == pytest.approx(job.report.count.msd, rel=1e-3, abs=1e-6)
    assert sample.explained == pytest.approx(1 - sample.msd / variances.sum(), rel=1e-5, abs=1e-6)
    assert variances[int(sample.dominant[1:])] == pytest.approx(variances.max(), rel=1e-5)
    assert sample.dominant_share == pytest.approx(variances.max() / variances.sum(), rel=1e-5)
    for entry in job.report.features:
        column, raw = Z[:, entry.column], job.X[:, entry.column].astype(np.float64)
        means = np.array([column[labels == cluster].mean() for cluster in labels])
        assert entry.explained == pytest.approx(means.var() / column.var(), rel=1e-4, abs=1e-6)
        assert entry.mean == pytest.approx(raw.mean(), rel=1e-4, abs=1e-5)
        assert entry.deviation == pytest.approx(raw.std(), rel=1e-4)
        assert entry.variance_share == pytest.approx(column.var() / variances.sum(), rel=1e-4)
    explained = [round(entry.explained, 9) for entry in job.report.features]
    assert explained == sorted(explained, reverse=True)


@pytest.mark.parametrize("name", PLAIN)
def test_what_tells_a_cluster_apart_is_where_its_mean_is_most_deviations_from_that_of_all(name: str) -> None:
    job = run(name)
    X, labels = job.X.astype(np.float64), find_labels(job)
    for entry in job.report.clusters:
        away = (X[labels == entry.cluster].mean(axis=0) - X.mean(axis=0)) / X.std(axis=0)
        largest = np.abs(away).max()
        if len(entry.telling) and largest > 0.01:
            assert abs(entry.telling[0].deviations) == pytest.approx(largest, rel=1e-3)
        for found in entry.telling:
            assert found.deviations == pytest.approx(away[found.column], rel=1e-3, abs=1e-4)
            assert found.mean == pytest.approx(X[labels == entry.cluster, found.column].mean(), rel=1e-3, abs=1e-4)
            assert found.mean_of_all == pytest.approx(X[:, found.column].mean(), rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("name", PLAIN)
def test_the_nearest_rows_are_rows_as_near_as_any_of_their_cluster(name: str) -> None:
    job = run(name)
    labels = find_labels(job)
    distances = job.result.model.nearest(job.X)[0]
    for entry in job.report.clusters:
        own = np.sort(distances[labels == entry.cluster])
        assert [row.distance for row in entry.nearest] == pytest.approx(own[:3].tolist(), rel=1e-3, abs=1e-4)
        for row in entry.nearest:
            columns = [int(feature[1:]) for feature in row.values]
            near = np.abs(job.X[:, columns] - np.array([*row.values.values()], np.float64)).max(axis=1)
            assert near.min() < 1e-4
            assert labels[near.argmin()] == entry.cluster


def test_the_nearest_rows_are_told_by_the_columns_that_clusters_differ_in_most() -> None:
    rows = np.random.default_rng(0).normal(0, 0.1, (400, 14)).astype(np.float32)
    rows[:200, [11, 13]] += 5
    work = Work({"k": "2"}, {"train": as_blocks(rows)}, Recorder())
    report = build_report(cluster({"k": "2"}, rows), work)
    names = list(report.clusters[0].nearest[0].values)
    assert len(names) == 8
    assert {"f11", "f13"} <= set(names)
    assert {entry.feature for entry in report.features[:2]} == {"f11", "f13"}


def test_the_columns_of_a_table_are_told_in_their_own_words() -> None:
    report = run("table").report
    assert report.columns is not None
    assert [column.column for column in report.columns] == ["age", "id", "since", "town", "paid", "day", "hour"]
    row = report.clusters[0].nearest[0].values
    assert list(row) == ["age", "since", "town", "paid", "day", "hour"]
    assert row["town"] in ("Oslo", "Rome", "(other)", None)
    assert str(row["day"])[:2] in ("19", "20")
    kinds = {found.feature: found.kind for entry in report.clusters for found in entry.telling}
    assert kinds.get("since", "number") == "number"
    assert {entry.kind for entry in report.features} == {"number", "share", "days", "time"}
    since = next(entry for entry in report.features if entry.feature == "since")
    assert since.mean == pytest.approx(np.mean([1600000123.25, 1600000001, 1599999000, 1600000000]), abs=0.1)
    for entry in report.clusters:
        columns = [found.feature.split("=")[0].split(" (")[0] for found in entry.telling]
        assert len(columns) == len(set(columns))


def test_clusters_without_rows_have_no_figures() -> None:
    report = run("all alike").report
    empty = next(entry for entry in report.clusters if not entry.rows)
    assert (report.count.empty, empty.sampled_rows, empty.telling, empty.nearest) == (1, 0, [], [])
    assert np.isnan([empty.msd, empty.silhouette, report.sample.explained]).all()


def test_of_very_many_clusters_the_largest_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("open_algorithms.k_means.report.clusters.MOST_CLUSTERS", 10)
    job = run("many clusters")
    report = build_report(job.result, job.work)
    assert len(report.clusters) == 10
    least = min(entry.rows for entry in report.clusters)
    assert sorted((entry.rows for entry in job.report.clusters), reverse=True)[9] == least
    numbers = [entry.cluster for entry in report.clusters]
    assert numbers == sorted(numbers) == report.plane.centers.cluster


def test_a_job_that_is_stopped_reports_its_sample() -> None:
    job = run("stopped")
    assert job.report.stopped
    assert job.report.data.channels["train"].rows == job.report.sample.rows


def test_several_hosts_report_what_one_does() -> None:
    job = run("asked")

    def be_host(hosts: Hosts) -> Any:
        blocks = as_blocks(job.X)
        result = cluster(JOBS["asked"], blocks, hosts=hosts)
        return build_report(result, Work(JOBS["asked"], {"train": blocks}, Recorder(), hosts=hosts))

    first, second = run_hosts(2, be_host)
    assert asdict(first) == asdict(second)
    assert first.hosts == 2
    assert first.count.silhouette == pytest.approx(job.report.count.silhouette, abs=0.02)
    assert sorted(entry.rows for entry in first.clusters) == pytest.approx(
        sorted(entry.rows for entry in job.report.clusters), abs=20
    )
