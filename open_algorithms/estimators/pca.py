"""PCA as an estimator of scikit-learn, the largest component first: an artifact has them the other way round."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_array, check_is_fitted

from open_algorithms.doors.algorithms import Algorithm
from open_algorithms.estimators.inputs.rows import MatrixSource
from open_algorithms.estimators.parameters import write_text
from open_algorithms.estimators.unlabelled import UnlabelledEstimator, declare_parameters
from open_algorithms.learning.options.declaration import AUTO
from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.learning.work import Work
from open_algorithms.pca.artifact.model import ComponentModel
from open_algorithms.pca.artifact.write import write_artifact
from open_algorithms.pca.report.schema import Report
from open_algorithms.pca.training.result import PcaResult

PCA_ALGORITHM = Algorithm("pca", "open_algorithms.pca")


class PCA(UnlabelledEstimator, parameters=declare_parameters(PCA_ALGORITHM, num_components=AUTO)):
    """Find the directions in which rows vary most: the principal components, the largest first.

    `num_components` of "auto" are as many as so many rows and features can have. `components_` (c, d) are what rows
    about `mean_` (d,) are multiplied by. `singular_values_` (c,) are those of the rows about it, `explained_variance_`
    and `explained_variance_ratio_` (c,) tell how much of the variance each component explains.

    An artifact, and what the program `pca`, the server and SageMaker answer, has components in the opposite order.
    """

    _algorithm = PCA_ALGORITHM
    model_: ComponentModel

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the components of rows X (n, d), a matrix or a frame; y is ignored."""
        source = self._read_rows(X)
        count = write_text(self.num_components)
        if count == AUTO:
            features = source.X.shape[1] if isinstance(source, MatrixSource) else len(source.recipe.feature_names)
            directions = len(source) - (write_text(self.subtract_mean) == "true")  # of rows about their mean
            count = str(max(1, min(directions, features)))
        self._learn(source, {"num_components": count})
        return self

    def transform(self, X: Any) -> Float64s:
        """Return the projections of rows on the components, (n, c)."""
        return np.concatenate([self.model_.project(piece)[:, ::-1] for piece in self._read_pieces(X)])

    def inverse_transform(self, T: Any) -> Float64s:
        """Return the rows (n, d) of features that projections T (n, c) are nearest to."""
        check_is_fitted(self)
        projections = check_array(T, dtype=np.float64)
        return np.asarray(projections @ (self.components_ * self._scales**2) + self.mean_)

    @property
    def components_(self) -> Float64s:
        """The components (c, d), the largest first; orthonormal unless features are divided by their deviations."""
        check_is_fitted(self)
        return np.asarray(self.model_.loadings.T[::-1], np.float64)

    @property
    def mean_(self) -> Float64s:
        """What is subtracted from rows, (d,): 0 without `subtract_mean`."""
        check_is_fitted(self)
        return np.asarray(self.model_.mean, np.float64)

    @property
    def component_names_(self) -> NDArray[np.object_]:
        """The names of the features of `components_`: of a table those that its columns become."""
        return self._name_encoded()

    @property
    def singular_values_(self) -> Float64s:
        """The singular values of the rows about their mean, (c,)."""
        check_is_fitted(self)
        return np.asarray(self.model_.singular_values[::-1], np.float64)

    @property
    def explained_variance_(self) -> Float64s:
        """The variance of each projection, (c,)."""
        return np.asarray(self.singular_values_**2 / (self._find_fact("rows") - 1))

    @property
    def explained_variance_ratio_(self) -> Float64s:
        """The share of the variance of all features that each component explains, (c,)."""
        ratios: Float64s = np.array(self._find_fact("explained_variance_ratios"), np.float64)[: self._n_features_out]
        return ratios

    def _find_fact(self, name: str) -> Any:
        """Return what training found; raises AttributeError where the model does not say, as one of the original."""
        check_is_fitted(self)
        if name not in self.model_.facts:
            raise AttributeError("the model does not say how its rows varied: it may be one of the original")
        return self.model_.facts[name]

    @property
    def _scales(self) -> Float64s:
        """The deviations that features are divided by, (d,)."""
        scales = self.model_.scales
        return np.ones(self.model_.feature_dim) if scales is None else scales

    @property
    def _n_features_out(self) -> int:
        return self.model_.outputs

    @classmethod
    def _kept_parameters(cls, model: ComponentModel) -> Mapping[str, Any]:
        return {"num_components": model.outputs}

    def _build_report(self, result: PcaResult, work: Work) -> Report:
        from open_algorithms.pca.report.build import build_report

        return build_report(result, work)

    def _render_report(self) -> str:
        from open_algorithms.pca.report.page import render_report

        return render_report(self._report)

    def _write_model(self, folder: Path) -> None:
        write_artifact(self.model_, folder)
