"""The result of a finished job: the model, and everything that the report is made of.

Tests: tests/k_means/training/test_fit.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.options.hyperparameters import Hyperparameters
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.scaling import Scaler
from open_algorithms.learning.types.arrays import Float64s


@dataclass(frozen=True)
class Distortion:
    """How far rows are from their nearest centers: the sum of the squared distances of so many rows, and the mean."""

    ssd: float
    rows: int

    @property
    def msd(self) -> float:
        """The mean squared distance."""
        return self.ssd / max(self.rows, 1)


@dataclass(frozen=True)
class Clustering:
    """The best run of one number of clusters: its centers (k, d) in standardised units, and how good they are.

    Each cluster has `sizes` (k,) rows. `silhouette` is the mean of those of a sample; `centers_msd` is the mean squared
    distance of the centers that were clustered, by their counts, which the original reports.
    """

    centers: Float64s
    distortion: Distortion
    sizes: Float64s
    silhouette: float
    centers_msd: float

    @property
    def k(self) -> int:
        """The number of clusters."""
        return len(self.centers)


@dataclass(frozen=True)
class ClusteringResult:
    """The result of a finished job.

    `clusterings` are the best of each number of clusters, ascending; `chosen` is the place of that of the model.
    `distortions` maps a channel to the model's distortion of its rows. `attempts` are the mean squared distances of the
    attempts to cluster the centers, by their counts. `sample` are standardised rows, by `scaler`, of the first of which
    `silhouettes` (m,) are those in the model's clustering. Where the job `was_stopped`, figures are of the sample
    alone.
    """

    model: CentroidModel
    hp: Hyperparameters
    clusterings: Sequence[Clustering]
    chosen: int
    distortions: Mapping[str, Distortion]
    attempts: Sequence[float]
    sample: AnyRows
    silhouettes: Float64s
    scaler: Scaler
    exact_passes: int
    was_stopped: bool

    @property
    def clustering(self) -> Clustering:
        """The clustering of the model."""
        return self.clusterings[self.chosen]
