"""Parts of rows are those of their matrix, dense as sparse."""

import numpy as np
import pytest

from open_algorithms.k_means.clustering.sampling import hold_dense, hold_sparse
from open_algorithms.k_means.measuring.parts import take_features, take_head
from open_algorithms.learning.rows.csr import as_csr
from open_algorithms.learning.rows.kept import AnyRows
from tests.k_means.jobs import draw_rows

X = np.where(abs(draw_rows(60, features=9)) > 1.5, draw_rows(60, features=9), 0).astype(np.float32)
X[:, 4] = 0
DENSE, SPARSE = hold_dense(X), hold_sparse(as_csr(X))


@pytest.mark.parametrize("rows", [DENSE, SPARSE], ids=["dense", "sparse"])
def test_some_features_of_some_rows_in_the_order_that_is_asked_for(rows: AnyRows) -> None:
    numbers = np.array([7, 0, 59, 7])
    np.testing.assert_array_equal(take_features(rows, numbers, [8, 2, 4]), X[numbers][:, [8, 2, 4]])


def test_the_head_of_dense_rows_has_all_features_of_as_many_rows_as_fit() -> None:
    found, features = take_head(DENSE, 40, 90)
    np.testing.assert_array_equal(found, X[:10])
    assert features.tolist() == list(range(9))
    assert take_head(DENSE, 40, 1)[0].shape == (1, 9)
    assert take_head(DENSE, 400, 10**6)[0].shape == (60, 9)


def test_the_head_of_sparse_rows_has_the_features_that_are_stored() -> None:
    found, features = take_head(SPARSE, 40, 10**6)
    assert features.tolist() == [0, 1, 2, 3, 5, 6, 7, 8]
    np.testing.assert_array_equal(found, X[:40][:, features])
    fewer, features = take_head(SPARSE, 40, 100)
    assert fewer.size <= 100
    np.testing.assert_array_equal(fewer, X[: len(fewer)][:, features])


def test_rows_of_zeros_have_one_feature() -> None:
    zeros = np.zeros((3, 5), np.float32)
    found, features = take_head(hold_sparse(as_csr(zeros)), 10, 100)
    assert features.tolist() == [0]
    assert found.tolist() == [[0], [0], [0]]
