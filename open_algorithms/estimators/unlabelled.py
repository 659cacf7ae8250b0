"""What the estimators have in common that learn from rows without labels, and transform them.

Tests: tests/estimators/test_k_means.py, tests/estimators/test_pca.py.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from open_algorithms.doors.algorithms import Algorithm
from open_algorithms.estimators.base import ModelEstimator
from open_algorithms.estimators.inputs.reading import read_features, read_rows
from open_algorithms.estimators.inputs.rows import MatrixSource, TableSource, take_pieces, without_labels
from open_algorithms.estimators.parameters import select_parameters, write_texts
from open_algorithms.learning.options.declaration import AUTO, Declaration, load_declarations
from open_algorithms.learning.rows.csr import Features
from open_algorithms.learning.work import Columns, Work

DECIDED = ("feature_dim",)  # by the rows that fit is given


class UnlabelledEstimator(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ModelEstimator):  # type: ignore[misc]
    """Learns from rows X alone: y is ignored, as in a pipeline, wherever it is given."""

    def _read_rows(self, X: Any) -> MatrixSource | TableSource:
        """Read what is learned from."""
        self._forget_model()
        return read_rows(self, X, self._kinds)

    def _learn(self, source: MatrixSource | TableSource, decided: Mapping[str, str]) -> None:
        """Learn from rows, with what is `decided` of the hyperparameters."""
        texts = {**write_texts(self.get_params(deep=False), self._parameters), **decided}
        columns = Columns(self._feature_names)
        if isinstance(source, TableSource):
            columns = Columns(source.recipe.feature_names, recipe=source.recipe)
        result, work = self._train(texts, {"train": without_labels(source)}, columns)
        self._report = self._build_report(result, work)
        self.model_ = result.model

    def _read_pieces(self, X: Any) -> Iterator[Features]:
        """Yield rows to transform, some at a time, with all digits that dense ones have."""
        check_is_fitted(self)
        return take_pieces(read_features(self, X, self.model_.recipe))

    def _name_encoded(self) -> NDArray[np.object_]:
        """Return the names of the features that the columns of a frame become; f0, f1 and so on of a matrix."""
        check_is_fitted(self)
        return np.array(self.model_.feature_names, object)

    def _build_report(self, result: Any, work: Work) -> Any:
        """Return the report of a fit."""
        raise NotImplementedError


def declare_parameters(algorithm: Algorithm, **defaults: str) -> dict[str, Declaration]:
    """Return the parameters of an algorithm's estimator; `defaults` are those of what a job has to be told."""
    declared = load_declarations(algorithm.card.declaration)
    told = {
        name: replace(declared[name], default=default, auto=declared[name].auto or default == AUTO)
        for name, default in defaults.items()
    }
    return select_parameters({**declared, **told}, DECIDED, {})
