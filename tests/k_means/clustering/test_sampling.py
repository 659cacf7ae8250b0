"""A sample of rows is uniform, and the same however rows are divided."""

from typing import Any

import numpy as np
import pytest

from open_algorithms.k_means.clustering.sampling import Sampler, hold_dense, hold_sparse, stored_features
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.rows.csr import as_csr, expand_rows
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float32s
from tests.learning.job.host_threads import run_hosts

X = np.arange(1, 20_001, dtype=np.float32).reshape(10_000, 2)


def hold(rows: Float32s, sparse: bool) -> AnyRows:
    return hold_sparse(as_csr(rows)) if sparse else hold_dense(rows)


def values(rows: AnyRows) -> Float32s:
    return expand_rows(rows.X) if isinstance(rows, SparseRows) else stored_features(rows)


def sample(parts: int, size: int, seed: int = 0, sparse: bool = False) -> Float32s:
    sampler = Sampler(size, seed)
    for part in np.array_split(X, parts):
        sampler.add(hold(part, sparse))
    return values(sampler.take())


@pytest.mark.parametrize("size", [1, 100, 3000, 9_999, 20_000])
def test_the_sample_does_not_depend_on_the_pieces_that_rows_come_in(size: int) -> None:
    expected = sample(1, size)
    assert len(expected) == min(size, len(X)) == len(np.unique(expected, axis=0))
    for parts in (2, 17, 400):
        np.testing.assert_array_equal(sample(parts, size), expected)
    np.testing.assert_array_equal(sample(5, size, sparse=True), expected)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("size", [50, 5000])
def test_hosts_that_are_dealt_rows_in_turn_take_the_sample_of_one(size: int, sparse: bool) -> None:
    def be_host(hosts: Hosts) -> Any:
        sampler = Sampler(size, 3, hosts)
        for part in np.array_split(X[hosts.rank :: hosts.count], 4):
            sampler.add(hold(part, sparse))
        return values(sampler.take())

    for found in run_hosts(3, be_host):
        np.testing.assert_array_equal(found, sample(2, size, 3))


def test_a_host_without_rows_takes_the_sample_of_the_others() -> None:
    def be_host(hosts: Hosts) -> Any:
        sampler = Sampler(10, 0, hosts)
        if hosts.rank:
            sampler.add(hold_dense(X))
        return values(sampler.take())

    first, second = run_hosts(2, be_host)
    np.testing.assert_array_equal(first, second)
    assert first.shape == (10, 2)


def test_samples_are_uniform_and_those_of_other_seeds_are_others() -> None:
    places = np.array([sample(3, 1000, seed)[:, 0] for seed in range(20)]) / 20_000
    assert abs(places.mean() - 0.5) < 0.01
    counts, _ = np.histogram(places, bins=10, range=(0, 1))
    assert counts.min() > 1800
    assert len(np.intersect1d(sample(1, 1000, 1)[:, 0], sample(1, 1000, 2)[:, 0])) < 150
