"""X, y and weights as scikit-learn's users give them, checked by its own validation, as what is learned from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_regressor
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, _check_y, check_consistent_length, validate_data

from open_algorithms.estimators.inputs.frames import (
    as_arrow,
    is_frame,
    is_matrix,
    is_missing,
    name_columns,
    unify_frame,
)
from open_algorithms.estimators.inputs.rows import MatrixSource, TableSource, keep_rows
from open_algorithms.estimators.inputs.tables import arrange_columns, learn_columns
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.rows.weights import scale_weights
from open_algorithms.learning.types.arrays import Float32s

MATRICES: Mapping[str, Any] = {"accept_sparse": "csr", "dtype": "numeric"}


@dataclass(frozen=True)
class Training:
    """The rows to learn from: their features, labels (n,) and weights (n,) of mean 1, None where all are alike.

    `label_name` is what y is called, if anything.
    """

    source: MatrixSource | TableSource
    y: NDArray[Any]
    weights: Float32s | None
    label_name: str


def read_training(estimator: Any, X: Any, y: Any, sample_weight: Any, kinds: Mapping[str, str]) -> Training:
    """Read what an estimator learns from; `kinds` are those that the user says of columns.

    Sets `n_features_in_` and, of a frame, `feature_names_in_`. Rows of weight 0 are left out. Raises ValueError.
    """
    refuse_missing(y)
    label_name = getattr(y, "name", None)
    X, table = unify_frame(X), find_table(X, kinds)
    source: MatrixSource | TableSource
    if table is not None:
        validate_data(estimator, X, y, skip_check_array=True)
        source, labels = TableSource(*learn_columns(table, kinds)), read_labels(estimator, y)
        check_consistent_length(X, labels)
    else:
        matrix, labels = validate_data(estimator, X, y, **MATRICES, y_numeric=is_regressor(estimator))
        source = MatrixSource(matrix)
    if not is_regressor(estimator):
        check_classification_targets(labels)
    weights = None
    if sample_weight is not None:
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        kept = np.flatnonzero(weights)
        if len(kept) < len(weights):
            source, labels, weights = keep_rows(source, kept), labels[kept], weights[kept]
        weights = scale_weights(weights)
    return Training(source, labels, weights, label_name if isinstance(label_name, str) else "")


def read_rows(estimator: Any, X: Any, kinds: Mapping[str, str]) -> MatrixSource | TableSource:
    """Read what an estimator learns from without labels; `kinds` are those that the user says of columns.

    Sets `n_features_in_` and, of a frame, `feature_names_in_`. Raises ValueError.
    """
    X, table = unify_frame(X), find_table(X, kinds)
    if table is None:
        return MatrixSource(validate_data(estimator, X, **MATRICES))
    validate_data(estimator, X, skip_check_array=True)
    return TableSource(*learn_columns(table, kinds))


def find_table(X: Any, kinds: Mapping[str, str]) -> Any:
    """Return X as an arrow table where its columns have to be looked into; None where it is a matrix of numbers.

    Raises InputError where the user says kinds of columns that have no names.
    """
    table = as_arrow(X) if is_frame(X) else None
    if table is not None and (kinds or not is_matrix(table)):
        return table
    if kinds:
        raise InputError("column_types and ignore need names of columns, and X has none: give a DataFrame.")
    return None


def read_labels(estimator: Any, y: Any) -> NDArray[Any]:
    """Return labels (n,) as they are, of a regressor as numbers; raises ValueError for missing ones."""
    refuse_missing(y)
    labels: NDArray[Any] = _check_y(y, y_numeric=is_regressor(estimator), estimator=estimator)
    return labels


def refuse_missing(y: Any) -> None:
    """Raise InputError where a label is None, or what else stands for a missing one beside the NaN of a float."""
    gone: Any = []
    if hasattr(y, "isna"):
        gone = np.flatnonzero(np.asarray(y.isna()))
    elif y is not None and (labels := np.asarray(y)).dtype.kind == "O":
        gone = [row for row, label in enumerate(labels.ravel()) if is_missing(label)]
    if len(gone):
        others = f", and {len(gone) - 1:,} others" if len(gone) > 1 else ""
        raise InputError(
            f"Input y contains NaN or None: row {gone[0]} (the first is 0) has no label{others}. Leave such rows out."
        )


def read_features(estimator: Any, X: Any, recipe: Recipe | None) -> MatrixSource | TableSource:
    """Return rows with the columns that an estimator was fitted on: those of a recipe, or a matrix."""
    X = unify_frame(X)
    if recipe is None:
        return MatrixSource(validate_data(estimator, X, reset=False, **MATRICES))
    if not is_frame(X):
        X = validate_data(estimator, X, reset=False, dtype=None, ensure_all_finite=False)
        X = name_columns(X, recipe.column_names)
    return TableSource(recipe, arrange_columns(X, recipe))


def read_pair(estimator: Any, pair: Any, recipe: Recipe | None) -> tuple[MatrixSource | TableSource, NDArray[Any]]:
    """Return the rows and labels of a pair (X, y), such as that of validation."""
    if not (isinstance(pair, tuple | list) and len(pair) == 2):
        raise ValueError(f"validation: expected a pair (X, y) of rows and their labels, found {type(pair).__name__}.")
    source, labels = read_features(estimator, pair[0], recipe), read_labels(estimator, pair[1])
    check_consistent_length(pair[0], labels)
    return source, labels
