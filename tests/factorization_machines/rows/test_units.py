"""Features come to a size of about 1, and the model is that of raw features all the same."""

import numpy as np
import pytest

from open_algorithms.factorization_machines.rows.units import Units, fit_units
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.rows.dense import DenseRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float32s
from tests.learning.job.host_threads import run_hosts

generator = np.random.default_rng(0)
RAW = np.column_stack(
    [generator.integers(0, 2, 300), generator.normal(40, 12, 300), np.full(300, 7), generator.normal(0, 1e-3, 300)]
).astype(np.float32)


def hold_dense(X: Float32s) -> DenseRows:
    padded = np.zeros((len(X) + 1, X.shape[1] + 1), np.float32)
    padded[:-1, :-1] = X
    return DenseRows(padded, np.zeros((len(X) + 1, 1), np.float32))


def hold_sparse(X: Float32s) -> SparseRows:
    return SparseRows(as_csr(X), np.zeros((len(X), 1), np.float32), None, np.zeros(0, np.int64))


def test_dense_numbers_are_standardised_and_flags_are_not() -> None:
    units = fit_units(hold_dense(RAW))
    Z = units.standardise(RAW)
    dense = np.zeros(RAW.shape)
    dense[np.repeat(np.arange(300), np.diff(Z.indptr)), Z.indices] = Z.data
    np.testing.assert_array_equal(dense[:, 0], RAW[:, 0])
    np.testing.assert_allclose(dense[:, [1, 3]].mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(dense[:, [1, 3]].std(axis=0), 1, rtol=1e-4)
    assert not dense[:, 2].any()


def test_sparse_numbers_keep_their_zeros_and_come_to_a_mean_square_of_1() -> None:
    rare = np.where(generator.random(RAW.shape) < 0.1, RAW, 0).astype(np.float32)
    X = as_csr(rare)
    Z = fit_units(hold_sparse(rare)).scale(X)
    np.testing.assert_array_equal(Z.indices, X.indices)
    for feature in (1, 2, 3):
        assert np.square(Z.data[Z.indices == feature]).mean() == pytest.approx(1, rel=1e-4)
    assert (Z.data[Z.indices == 0] == 1).all()


@pytest.mark.parametrize("sparse", [False, True])
def test_rows_of_flags_stay_as_they_are(sparse: bool) -> None:
    flags = RAW[:, :1]
    units = fit_units(hold_sparse(flags) if sparse else hold_dense(flags))
    assert units == Units()
    assert units.scale(as_csr(flags)).data.tolist() == as_csr(flags).data.tolist()


@pytest.mark.parametrize("sparse", [False, True])
def test_several_hosts_find_the_units_of_one(sparse: bool) -> None:
    hold = hold_sparse if sparse else hold_dense

    def be_host(hosts: Hosts) -> Units:
        return fit_units(hold(RAW[hosts.rank :: hosts.count]), hosts)

    alone = fit_units(hold(RAW))
    for units in run_hosts(2, be_host):
        assert units.sizes is not None
        assert alone.sizes is not None
        np.testing.assert_allclose(units.sizes, alone.sizes, rtol=1e-5)
        if units.centers is not None and alone.centers is not None:
            np.testing.assert_allclose(units.centers, alone.centers, rtol=1e-5)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("unit", [1e-36, 1e-20, 1e20, 9e37])
def test_features_of_any_size_come_to_about_1_with_a_reach_that_a_file_can_hold(unit: float, sparse: bool) -> None:
    rows = generator.normal(size=(300, 2)).astype(np.float32)
    X = np.asarray(rows * (1, unit), np.float32)
    units = fit_units(hold_sparse(X) if sparse else hold_dense(X))
    assert units.reach is not None
    assert np.isfinite(units.reach).all()
    assert (units.reach > 0).all()
    far = np.array([[3e38, -3e38], [-3e38, 3e38]], np.float32)
    for Z in (units.scale(as_csr(far)), units.standardise(far)):
        assert (np.abs(Z.data) > 3).all()
        assert (np.abs(Z.data) <= 4.00001).all()
    Z = units.scale(as_csr(X)) if sparse else units.standardise(X)
    assert np.square(Z.data[Z.indices == 1]).mean() == pytest.approx(1, rel=0.1)
