"""What a report sees of a result: the sample with its clusters, in standardised and in raw units.

Tests: tests/k_means/report/test_build.py.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from open_algorithms.k_means.assigning.assignment import Assigner, Assignment
from open_algorithms.k_means.measuring.distances import own_distances
from open_algorithms.k_means.measuring.spread import Moments, measure_features
from open_algorithms.k_means.training.result import ClusteringResult
from open_algorithms.learning.types.arrays import Float64s, Int64s


@dataclass(frozen=True)
class SampleView:
    """The sample of a result, whose rows `assigner` assigns to the centers of the model's clustering."""

    result: ClusteringResult
    assigner: Assigner

    @property
    def centers(self) -> Float64s:
        """The centers (k, d) in standardised units."""
        return self.result.clustering.centers

    @cached_property
    def assignment(self) -> Assignment:
        """The clusters of the rows."""
        centers = self.centers.astype(np.float32)
        return self.assigner.assign(self.result.sample, centers, [len(centers)], with_labels=True)

    @cached_property
    def labels(self) -> Int64s:
        """The number of each row's cluster, (m,)."""
        labels = self.assignment.labels
        assert labels is not None
        return labels[:, 0].astype(np.int64)

    @cached_property
    def distances(self) -> Float64s:
        """The squared distance of each row from its center, (m,)."""
        return own_distances(self.result.sample, self.centers, self.labels)

    @cached_property
    def moments(self) -> Moments:
        """The moments of the features, in standardised units."""
        return measure_features(self.result.sample)

    @cached_property
    def means(self) -> Float64s:
        """The means of the rows of each cluster, (k, d), in standardised units; 0 of one without rows."""
        return np.asarray(self.assignment.sums / np.maximum(self.assignment.counts, 1)[:, None])

    @cached_property
    def explained(self) -> Float64s:
        """What part of the variance of each feature is that of the means of clusters, (d,); 0 of one without any."""
        between = self.assignment.counts @ (self.means - self.moments.mean) ** 2 / len(self.labels)
        varies = self.moments.variance > 0
        found = np.where(varies, between / np.where(varies, self.moments.variance, 1), 0)
        return np.asarray(np.minimum(found, 1))

    def restore(self, Z: Float64s, features: Int64s) -> Float64s:
        """Return some features in raw units, (n, f), of Z (n, f) in standardised ones: as those of the first center."""
        raw = self.result.model.centers[0, features].astype(np.float64)
        deviation = self.result.scaler.deviation[features].astype(np.float64)
        return np.asarray(raw + (Z - self.centers[0, features]) * deviation)
