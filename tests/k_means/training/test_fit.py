"""A job finds the clusters that are there, whatever the form and the place of its rows."""

from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans

from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.work import Columns
from tests.k_means.jobs import as_blocks, cluster, draw_rows, sort_centers
from tests.learning.job.host_threads import run_hosts
from tests.learning.job.recorder import Recorder
from tests.learning.job.stops import Stop

X = draw_rows(3000, spread=0.8)


def msd_of(centers: np.ndarray[Any, Any], rows: np.ndarray[Any, Any] = X) -> float:
    distances = np.square(rows[:, None].astype(np.float64) - centers).sum(axis=2)
    return float(distances.min(axis=1).mean())


def test_centers_are_as_good_as_the_best_of_many_starts_of_scikit_learn() -> None:
    best = KMeans(9, n_init=20, random_state=0).fit(X).inertia_ / len(X)
    for seed in range(3):
        assert cluster({"k": "9", "seed": str(seed)}, X).clustering.distortion.msd < 1.005 * best


def test_the_figures_told_are_those_of_the_model_on_the_rows() -> None:
    log, test = Recorder(), draw_rows(500, seed=1)
    texts = {"k": "6", "eval_metrics": "[msd, ssd]"}
    result = cluster(texts, X, log, channels={"test": as_blocks(test)})
    centers = result.model.centers.astype(np.float64)
    assert log.final_value("train", "msd") == pytest.approx(msd_of(centers), rel=1e-5)
    assert log.final_value("train", "ssd") == pytest.approx(msd_of(centers) * len(X), rel=1e-5)
    assert log.final_value("test", "msd") == pytest.approx(msd_of(centers, test), rel=1e-5)
    closest = result.model.predict(X)["closest_cluster"]
    np.testing.assert_array_equal(np.bincount(closest.astype(int)), result.model.facts["sizes"])
    assert log.final_value("train", "msd_of_centers") < log.final_value("train", "msd")


def test_one_job_compares_numbers_of_clusters_and_finds_the_one_that_is_there() -> None:
    rows = draw_rows(2000, clusters=5, spread=0.1, seed=3)
    result = cluster({"k_range": "2-9"}, rows)
    assert [clustering.k for clustering in result.clusterings] == list(range(2, 10))
    msds = [clustering.distortion.msd for clustering in result.clusterings]
    assert msds == sorted(msds, reverse=True)
    assert (result.clustering.k, result.model.outputs) == (5, 5)
    assert result.clustering.silhouette > 0.8


def test_the_number_that_is_asked_for_is_the_models_whatever_else_is_compared() -> None:
    assert cluster({"k": "3", "k_range": "2-5"}, X).model.outputs == 3


def test_sparse_rows_have_the_clusters_of_their_dense_form() -> None:
    rows = np.where(abs(X) > 1, X, 0).astype(np.float32)
    dense, sparse = cluster({"k": "6"}, rows), cluster({"k": "6"}, as_blocks(rows, sparse=True))
    assert sparse.clustering.distortion.msd == pytest.approx(dense.clustering.distortion.msd, rel=1e-3)
    np.testing.assert_allclose(sort_centers(sparse.model.centers), sort_centers(dense.model.centers), atol=0.05)


def test_a_stream_has_the_clusters_of_rows_in_memory() -> None:
    rows = np.tile(draw_rows(3000, features=8), (30, 1))
    texts = {"k": "6", "mini_batch_size": "500", "extra_center_factor": "4", "exact_passes": "3"}
    log, tight_log = Recorder(), Recorder()
    held = cluster(texts, as_blocks(rows, parts=100), log)
    tight = cluster(texts, as_blocks(rows, parts=100), tight_log, free_memory=lambda: 78 << 20)
    assert log.has_said("is held in memory")
    assert tight_log.has_said("is read anew for every pass")
    np.testing.assert_allclose(sort_centers(tight.model.centers), sort_centers(held.model.centers), atol=1e-4)
    assert tight.clustering.distortion.msd == pytest.approx(held.clustering.distortion.msd, rel=1e-5)


@pytest.mark.parametrize("sparse", [False, True])
def test_several_hosts_give_the_model_of_one(sparse: bool) -> None:
    rows = np.where(abs(X) > 0.5, X, 0).astype(np.float32)
    texts = {"k": "6", "mini_batch_size": "500"}
    alone = cluster(texts, as_blocks(rows, sparse=sparse))

    def be_host(hosts: Hosts) -> Any:
        return cluster(texts, as_blocks(rows, sparse=sparse), hosts=hosts)

    for result in run_hosts(2, be_host):
        np.testing.assert_allclose(result.model.centers, alone.model.centers, atol=1e-4)
        assert result.clustering.distortion.msd == pytest.approx(alone.clustering.distortion.msd, rel=1e-5)
        assert result.model.facts["sizes"] == alone.model.facts["sizes"]


def test_hosts_with_rows_of_their_own_find_the_clusters_of_all() -> None:
    parts = [X[:700], X[700:]]

    def be_host(hosts: Hosts) -> Any:
        blocks = as_blocks(parts[hosts.rank])
        return cluster({"k": "6"}, blocks, hosts=hosts, sharded_channels=["train"])

    first, second = run_hosts(2, be_host)
    np.testing.assert_array_equal(first.model.centers, second.model.centers)
    best = KMeans(6, n_init=10, random_state=0).fit(X).inertia_ / len(X)
    assert first.clustering.distortion.msd < 1.005 * best
    assert first.clustering.distortion.rows == len(X)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("empty", [0, 1])
def test_a_job_that_is_stopped_tells_the_same_on_all_hosts_also_where_some_have_no_rows(
    sparse: bool, empty: int
) -> None:
    def be_host(hosts: Hosts) -> Any:
        blocks = as_blocks(X, sparse=sparse) if hosts.rank != empty else []
        stop = Stop(0 if hosts.rank != empty else 9)
        texts = {"k": "6", "mini_batch_size": "100"}
        return cluster(texts, blocks, hosts=hosts, sharded_channels=["train"], raise_if_stopped=stop)

    first, second = run_hosts(2, be_host)
    assert first.was_stopped
    assert second.was_stopped
    assert first.clustering.distortion == second.clustering.distortion
    assert first.clustering.distortion.msd == pytest.approx(msd_of(first.model.centers), rel=0.01)


@pytest.mark.parametrize("sparse", [False, True])
def test_figures_are_exact_also_where_clusters_are_far_apart(sparse: bool) -> None:
    rows = np.concatenate([X, X + 300]).astype(np.float32)
    test = rows[::7]
    result = cluster({"k": "2"}, as_blocks(rows, sparse=sparse), channels={"test": as_blocks(test, sparse=sparse)})
    centers = result.model.centers.astype(np.float64)
    assert result.distortions["train"].msd == pytest.approx(msd_of(centers, rows), rel=1e-5)
    assert result.distortions["test"].msd == pytest.approx(msd_of(centers, test), rel=1e-5)


def test_clusters_that_float32_does_not_tell_apart_are_told_with_the_feature_that_is_to_blame() -> None:
    for rows in (X, np.concatenate([X, X + 300]).astype(np.float32)):
        log = Recorder()
        cluster({"k": "6"}, rows, log)
        assert not log.has_said("float32")
    rows = np.concatenate([X, X + np.array([0, 0, 1e5, 0])]).astype(np.float32)
    log = Recorder()
    cluster({"k": "12"}, rows, log)
    assert log.has_said("than float32 tells apart beside the large values of f2")


def test_features_far_from_zero_keep_their_digits() -> None:
    far = cluster({"k": "6"}, (X + 1000).astype(np.float32))
    near = cluster({"k": "6"}, X)
    assert far.clustering.distortion.msd == pytest.approx(near.clustering.distortion.msd, rel=1e-3)


def test_sparse_rows_far_from_zero_keep_their_digits_in_training_and_in_answers() -> None:
    rows = (X + 1e5).astype(np.float32)
    dense, sparse = cluster({"k": "6"}, rows), cluster({"k": "6"}, as_blocks(rows, sparse=True))
    np.testing.assert_array_equal(sort_centers(sparse.model.centers), sort_centers(dense.model.centers))
    answers, wanted = sparse.model.predict(as_csr(rows)), sparse.model.predict(rows)
    np.testing.assert_array_equal(answers["closest_cluster"], wanted["closest_cluster"])
    np.testing.assert_allclose(answers["distance_to_cluster"], wanted["distance_to_cluster"], rtol=1e-5)


def test_centers_that_float32_rounds_too_much_are_kept_exactly() -> None:
    far = (0.1 * X + 1e6).astype(np.float32)
    result = cluster({"k": "6"}, far)
    assert result.model.exact
    assert msd_of(result.model.centers, far) == pytest.approx(result.clustering.distortion.msd, rel=1e-5)
    assert not cluster({"k": "6"}, X).model.exact


def test_normalised_features_count_alike_whatever_their_units() -> None:
    scaled = X * np.array([1, 100, 0.01, 1], np.float32)
    texts = {"k": "6", "normalize_data": "true"}
    plain, other = cluster(texts, X), cluster(texts, scaled)
    assert other.clustering.distortion.msd == pytest.approx(plain.clustering.distortion.msd, rel=1e-4)
    np.testing.assert_allclose(
        other.model.predict(scaled)["distance_to_cluster"], plain.model.predict(X)["distance_to_cluster"], rtol=1e-3
    )


def test_the_originals_way_is_there_without_exact_passes() -> None:
    log = Recorder()
    plain = cluster({"k": "6", "exact_passes": "0"}, X, log)
    assert plain.exact_passes == 0
    assert not log.has_said("exact pass")
    assert plain.clustering.distortion.msd >= cluster({"k": "6"}, X).clustering.distortion.msd


def test_rows_that_grow_old_lose_their_weight() -> None:
    drifting = np.concatenate([np.full((2000, 1), 0.0), np.full((2000, 1), 1.0)]).astype(np.float32)
    texts = {"k": "1", "extra_center_factor": "1", "mini_batch_size": "100"}
    assert cluster(texts, drifting).model.centers.item() == pytest.approx(0.5, abs=1e-3)
    recent = cluster(texts | {"half_life_time_size": "100"}, drifting)
    assert recent.model.centers.item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("rows", "k"),
    [
        (np.zeros((5, 3)), 1),
        (np.zeros((5, 3)), 2),
        (np.arange(6.0)[:, None], 6),
        (np.ones((1, 1)), 1),
        (np.eye(4), 3),
        (np.array([[1e15], [-1e15], [0]]), 2),
    ],
)
def test_few_equal_and_extreme_rows_have_finite_clusters(rows: np.ndarray[Any, Any], k: int) -> None:
    log = Recorder()
    result = cluster({"k": str(k)}, rows.astype(np.float32), log)
    assert np.isfinite(result.model.centers).all()
    assert result.model.outputs == k
    assert sum(result.model.facts["sizes"]) == len(rows)
    distinct = len(np.unique(rows, axis=0))
    assert log.has_said("clusters have no rows") == (distinct < k)


@pytest.mark.parametrize("rows", [np.array([[1e30], [0], [1]]), np.append(np.zeros((9999, 1)), [[-1e30]], axis=0)])
def test_features_whose_squares_float32_cannot_hold_are_refused(rows: np.ndarray[Any, Any]) -> None:
    with pytest.raises(InputError, match=r"channel 'train': .* below 1e\+17, .* Set normalize_data=true"):
        cluster({"k": "2", "mini_batch_size": "100"}, rows.astype(np.float32))


@pytest.mark.parametrize("sparse", [False, True])
def test_features_whose_squares_are_nothing_in_float32_are_refused_unless_normalised(sparse: bool) -> None:
    small = as_blocks(X * np.float32(1e-20), sparse=sparse)
    with pytest.raises(InputError, match=r"found about .*e-20\. Set normalize_data=true"):
        cluster({"k": "6"}, small)
    normalised = cluster({"k": "6", "normalize_data": "true"}, small)
    assert normalised.clustering.sizes.min() > 0


def test_more_clusters_than_rows_are_refused() -> None:
    with pytest.raises(InputError, match="k: expected at most as many clusters as there are rows, 5, found 6"):
        cluster({"k": "6"}, X[:5])


def test_a_table_with_the_same_rows_in_another_order_has_the_same_clusters() -> None:
    ordered = X[np.argsort(X[:, 0])]
    best = KMeans(6, n_init=10, random_state=0).fit(X).inertia_ / len(X)
    assert cluster({"k": "6", "mini_batch_size": "200"}, ordered).clustering.distortion.msd < 1.01 * best


def test_a_feature_that_decides_alone_is_named_unless_all_are_normalized() -> None:
    rows = draw_rows(500)
    rows[:, 2] *= 40
    named = Columns(("a", "b", "c", "d"))
    for texts, said in (({}, True), ({"normalize_data": "true"}, False)):
        log = Recorder()
        cluster({"k": "3", **texts}, rows, log, columns=named)
        assert log.has_said("c is 99.8% of the variance of the rows") == log.has_said("Set normalize_data=true") == said
    for others in (draw_rows(500), draw_rows(500, features=1)):
        cluster({"k": "3"}, others, log := Recorder())
        assert not log.has_said("of the variance of the rows")
