"""In what the centers of a model differ from the mean of all rows."""

from typing import NamedTuple

import numpy as np

from open_algorithms.k_means.artifact.model import CentroidModel
from open_algorithms.k_means.describing.features import PLAIN, list_kinds
from open_algorithms.learning.features import number_columns
from open_algorithms.learning.types.arrays import Float64s, Int64s


class Difference(NamedTuple):
    """A feature: by how much a center is beyond the mean of all rows, in units of distances, and both as texts."""

    name: str
    away: float
    center: str
    mean: str


def read_sizes(model: CentroidModel) -> Int64s | None:
    """Return how many rows of training each cluster has, (k,); None where the model does not know."""
    found = model.facts.get("sizes")
    if not isinstance(found, list) or len(found) != model.outputs:
        return None
    if not all(isinstance(size, int) and 0 <= size < 2**53 for size in found) or not any(found):
        return None
    return np.array(found, np.int64)


def largest_clusters(model: CentroidModel, most: int) -> list[int]:
    """Return the numbers of the clusters with the most rows, or of the first ones; of all of them in their order."""
    sizes = read_sizes(model)
    if sizes is None or model.outputs <= most:
        return list(range(min(model.outputs, most)))
    found: list[int] = np.argsort(-sizes, kind="stable")[:most].tolist()
    return found


def mean_center(model: CentroidModel) -> Float64s:
    """Return the mean of all rows, (d,): that of the centers by their rows, or of all alike."""
    return np.asarray(np.average(model.centers.astype(np.float64), axis=0, weights=read_sizes(model)))


class Differences:
    """Finds in what centers differ from the mean, of all rows or of all centers: `mean_of` tells which."""

    def __init__(self, model: CentroidModel) -> None:
        self.model, self.mean, self.spread = model, mean_center(model), model.centers.std(axis=0, dtype=np.float64)
        self.mean_of = "centers" if read_sizes(model) is None else "rows"
        self.unit = 1.0 if model.deviations is None else 1 / model.deviations.astype(np.float64)
        self.names, self.kinds = model.feature_names, list_kinds(model)
        self.columns = number_columns(model.recipe, model.feature_dim)

    def find(self, cluster: int, most: int) -> list[Difference]:
        """Return the features in which a center is furthest from the mean, of each column of a table one at most."""
        center = self.model.centers[cluster].astype(np.float64)
        away = (center - self.mean) * self.unit
        order = np.argsort(-np.abs(away), kind="stable")
        first = np.sort(np.unique(self.columns[order], return_index=True)[1])[:most]
        return [self._describe(i, away[i], center[i]) for i in order[first].tolist() if away[i]]

    def _describe(self, feature: int, away: float, center: float) -> Difference:
        kind = self.kinds.get(feature, PLAIN)
        spread, values = float(self.spread[feature]), (float(center), float(self.mean[feature]))
        texts = (kind.write(value + kind.offset, spread) for value in values)
        return Difference(self.names[feature], float(away), *texts)
