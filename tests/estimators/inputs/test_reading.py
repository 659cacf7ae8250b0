"""X and y as people have them are learned from as they are, or refused in a line that says where."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow
import pytest
from scipy import sparse

from linear_learner import LinearLearnerRegressor
from open_algorithms.estimators.fitting.progress import LearningWarning
from open_algorithms.estimators.inputs.rows import MatrixSource, Rows
from open_algorithms.learning.rows.csr import Csr
from tests.estimators.examples import AMOUNTS, AMOUNTS_X, NAMES, NUMBERS, X, fit_quickly, weight_bits
from tests.estimators.inputs.tables import make_table


@pytest.mark.parametrize(
    "convert",
    [
        np.ndarray.tolist,
        np.asfortranarray,
        memoryview,
        lambda X: np.asarray(X, np.float32),
        lambda X: np.asarray(X, object),
        lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    ],
    ids=["lists", "columns", "memoryview", "float32", "objects", "steps"],
)
def test_a_matrix_comes_in_many_forms(convert: Callable[[Any], Any]) -> None:
    rounded = X.astype(np.float32).astype(float)
    assert weight_bits(fit_quickly(convert(rounded))) == weight_bits(fit_quickly(rounded))


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint16, np.bool_, np.float16])
def test_numbers_of_any_type_are_numbers(kind: Any) -> None:
    whole = np.asarray(np.median(X, axis=0) < X, kind)
    expected = fit_quickly(whole.astype(float))
    found = fit_quickly(whole)
    assert weight_bits(found) == weight_bits(expected)
    np.testing.assert_array_equal(found.predict_proba(whole), expected.predict_proba(whole.astype(float)))


def test_rows_are_read_as_views_where_they_can_be() -> None:
    matrix = np.ones((10, 3), np.float32)
    ((block, _),) = Rows(MatrixSource(matrix), np.zeros(10, np.float32))
    assert not isinstance(block, Csr)
    assert np.shares_memory(block, matrix)


def test_rows_are_read_in_pieces_in_their_order() -> None:
    matrix = np.arange(3 * 400_000, dtype=np.float64).reshape(-1, 3) % 2**20
    labels = np.arange(len(matrix), dtype=np.float32)
    for source in (MatrixSource(matrix), MatrixSource(sparse.csr_array(matrix))):
        blocks = [*Rows(source, labels)]
        assert len(blocks) > 2
        np.testing.assert_array_equal(np.concatenate([y for _, y in blocks]), labels)
    np.testing.assert_array_equal(np.concatenate([x for x, _ in Rows(MatrixSource(matrix), labels)]), matrix)


def test_wide_sparse_rows_are_read_many_at_a_time() -> None:
    matrix = sparse.csr_array((np.ones(4000), (np.arange(4000), np.arange(4000))), (4000, 2**22))
    assert len([*Rows(MatrixSource(matrix), np.zeros(4000, np.float32))]) == 1


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        (np.where(X[7, 2] == X, 1e300, X), r"X has 1e\+300 in row 7, column 2 \(the first is 0\), a value too large"),
        (np.where(X[7, 2] == X, np.nan, X), "Input X contains NaN"),
        (np.where(X[7, 2] == X, np.inf, X), "Input X contains infinity"),
        (X[:, :0], r"Found array with 0 feature\(s\)"),
        (X[:5], "inconsistent numbers of samples"),
        (X.astype(complex), "Complex data not supported"),
        ([["a", "b"]] * 569, "'numeric'"),
    ],
)
def test_a_matrix_that_cannot_be_learned_from_is_refused(bad: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        fit_quickly(bad)


def test_a_sparse_value_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="a value too large"):
        fit_quickly(sparse.csr_array(np.where(X[7, 2] == X, 1e300, X)))


@pytest.mark.parametrize("missing", [None, np.nan])
def test_a_label_that_is_missing_is_named(missing: Any) -> None:
    labels = NAMES.astype(object)
    labels[3] = missing
    for rows, wanted in ((X, labels), (make_table()[0], labels[:200])):
        with pytest.raises(ValueError, match=r"Input y contains NaN or None: row 3 .* has no label\. Leave"):
            fit_quickly(rows, wanted)


def test_labels_beyond_float32_are_refused() -> None:
    with pytest.raises(ValueError, match="Input y contains a value too large"):
        LinearLearnerRegressor().fit(AMOUNTS_X, np.where(AMOUNTS > 340, 1e39, AMOUNTS))


def test_columns_become_features_with_names() -> None:
    table, labels = make_table()
    estimator = fit_quickly(table, labels, epochs=15)
    assert estimator.feature_names_in_.tolist() == ["town", "age"]
    assert sorted(estimator.coef_names_) == ["age", "age (missing)", "town=Basel", "town=Bern", "town=Ulm"]
    assert (estimator.n_features_in_, estimator.coef_.shape) == (2, (1, 5))
    assert estimator.score(table, labels) > 0.6


def test_columns_are_found_by_their_names() -> None:
    table, labels = make_table()
    estimator = fit_quickly(table, labels)
    others = table.select(["age", "town"]).append_column("more", pyarrow.array(["?"] * 200))
    np.testing.assert_array_equal(estimator.predict_proba(others), estimator.predict_proba(table))
    with pytest.raises(ValueError, match="X lacks columns that the model was trained on: 'age' is missing"):
        estimator.predict(table.drop(["age"]))


def test_a_matrix_is_taken_for_the_columns_in_their_order_with_a_warning() -> None:
    table, labels = make_table()
    estimator = fit_quickly(table, labels)
    rows = np.array([table["town"].to_pylist(), table["age"].to_pylist()], object).T
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        found = estimator.predict_proba(rows)
    np.testing.assert_array_equal(found, estimator.predict_proba(table))


def test_a_value_that_a_column_cannot_have_is_named() -> None:
    table, labels = make_table()
    ages = ["12"] * 200
    ages[7] = "old"
    with pytest.raises(ValueError, match=r"X, row 7 \(the first is 0\), column 'age': expected a number, found 'old'"):
        fit_quickly(table, labels).predict(table.set_column(1, "age", pyarrow.array(ages)))
    stray = table.set_column(1, "age", pyarrow.array([*map(str, range(199)), "old"]))
    with pytest.raises(ValueError, match=r"X, column 'age': nearly all of its values are numbers.* found 'old'"):
        fit_quickly(stray, labels)


def test_the_user_says_what_columns_are() -> None:
    table, labels = make_table()
    table = table.append_column("zip", pyarrow.array(np.arange(200) % 4)).append_column("id", pyarrow.array(range(200)))
    with pytest.warns(LearningWarning, match="The column 'id' is left out: each row has a whole number of its own"):
        assert "zip" in fit_quickly(table, labels).coef_names_
    estimator = fit_quickly(table, labels, column_types={"zip": "category"}, ignore=["town", "id"])
    assert sorted(estimator.coef_names_) == ["age", "age (missing)", "zip=0", "zip=1", "zip=2", "zip=3"]
    same = fit_quickly(table, labels, column_types="zip=category", ignore="town, id")
    assert weight_bits(same) == weight_bits(estimator)
    numbers = pyarrow.table({"zip": np.arange(569) % 4, "x": X[:, 0]})
    assert "zip=3" in fit_quickly(numbers, NUMBERS, column_types={"zip": "category"}).coef_names_


@pytest.mark.parametrize(
    ("wishes", "match"),
    [
        ({"ignore": ["twon"]}, "X: there is no column 'twon', of which a kind is said; the columns are 'town', 'age'"),
        ({"column_types": {"age": "nmber"}}, "column_types: expected NAME=KIND .*; found 'age=nmber'"),
        ({"column_types": {"town": "number"}}, "X, column 'town': its values are no numbers"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(wishes: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        fit_quickly(*make_table(), **wishes)


def test_wishes_need_names_of_columns() -> None:
    with pytest.raises(ValueError, match="column_types and ignore need names of columns"):
        fit_quickly(ignore=["age"])


def test_validation_rows_are_read_by_the_same_columns() -> None:
    table, labels = make_table()
    estimator = fit_quickly(table.slice(0, 150), labels[:150], validation=(table.slice(150), labels[150:]))
    assert sum(estimator.report_["data"]["channels"]["validation"]["classes"]) == 50
    with pytest.raises(ValueError, match="validation has the label 'maybe' in row 0"):
        fit_quickly(table, labels, validation=(table.slice(0, 1), ["maybe"]))


def test_columns_of_the_same_name_are_refused() -> None:
    table, labels = make_table()
    with pytest.raises(ValueError, match="'town'"):
        fit_quickly(table.append_column("town", table["age"]), labels)
