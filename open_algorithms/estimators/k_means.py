"""K-Means as an estimator of scikit-learn."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClusterMixin
from sklearn.utils.validation import check_is_fitted

from open_algorithms.doors.algorithms import Algorithm
from open_algorithms.estimators.inputs.rows import take_pieces
from open_algorithms.estimators.parameters import write_text
from open_algorithms.estimators.unlabelled import UnlabelledEstimator, declare_parameters
from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.artifact.write import write_artifact
from open_algorithms.k_means.report.schema import Report
from open_algorithms.k_means.training.result import ClusteringResult
from open_algorithms.learning.rows.csr import Features
from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.learning.work import Work

K_MEANS = Algorithm("k_means", "open_algorithms.k_means")
USUAL_K = "8"  # as in scikit-learn; a job has to be told


class KMeans(ClusterMixin, UnlabelledEstimator, parameters=declare_parameters(K_MEANS, k=USUAL_K)):  # type: ignore[misc]
    """Find k centers, so that rows are near to the closest of them.

    `cluster_centers_` (k, d) are the centers, `labels_` (n,) the numbers of those that the rows of `fit` are closest
    to, and `inertia_` is the sum of the squared distances to these.
    """

    _algorithm = K_MEANS
    model_: CentroidModel

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the centers of rows X (n, d), a matrix or a frame; y is ignored."""
        source = self._read_rows(X)
        rows = len(source)
        if isinstance(self.k, int | np.integer) and self.k > rows:
            raise ValueError(f"k is {self.k}, and X has n_samples={rows}; expected no more clusters than rows.")
        batch = (
            min(self.mini_batch_size, rows)
            if isinstance(self.mini_batch_size, int | np.integer)
            else self.mini_batch_size
        )
        self._learn(source, {"k": write_text(self.k), "mini_batch_size": write_text(batch)})
        self.labels_, self.inertia_ = self._assign(take_pieces(source))
        return self

    def predict(self, X: Any) -> NDArray[np.int32]:
        """Return the number of the closest center of each row, (n,)."""
        return self._assign(self._read_pieces(X))[0]

    def transform(self, X: Any) -> Float64s:
        """Return the distance of each row to each center, (n, k)."""
        return np.concatenate([self.model_.distances(piece) for piece in self._read_pieces(X)])

    def score(self, X: Any, y: Any = None) -> float:
        """Return the sum of the squared distances of rows to their closest centers, less than 0: more is better."""
        return -self._assign(self._read_pieces(X))[1]

    @property
    def cluster_centers_(self) -> Float64s:
        """The centers (k, d)."""
        check_is_fitted(self)
        return np.asarray(self.model_.centers, np.float64)

    @property
    def center_names_(self) -> NDArray[np.object_]:
        """The names of the features of `cluster_centers_`: of a table those that its columns become."""
        return self._name_encoded()

    @property
    def _n_features_out(self) -> int:
        return int(self.model_.centers.shape[0])

    @classmethod
    def _kept_parameters(cls, model: CentroidModel) -> Mapping[str, Any]:
        return {"k": int(model.centers.shape[0])}

    def _build_report(self, result: ClusteringResult, work: Work) -> Report:
        from open_algorithms.k_means.report.build import build_report

        return build_report(result, work)

    def _render_report(self) -> str:
        from open_algorithms.k_means.report.page import render_report

        return render_report(self._report)

    def _write_model(self, folder: Path) -> None:
        write_artifact(self.model_, folder)

    def _assign(self, pieces: Iterable[Features]) -> tuple[NDArray[np.int32], float]:
        """Return the closest center of each row, (n,), and the sum of the squared distances."""
        labels, inertia = list[NDArray[np.int32]](), 0.0
        for piece in pieces:
            distances, closest = self.model_.nearest(piece)
            labels.append(closest.astype(np.int32))
            inertia += float(distances @ distances)
        return np.concatenate(labels), inertia
