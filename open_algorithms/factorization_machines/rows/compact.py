"""Learn on the features that rows have: of millions that there may be, few may occur, and others take time and room.

Machines know nothing of a feature that no row has, so that its numbers are 0 in the model.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.rows.units import Units
from open_algorithms.learning.job.hosts import Hosts
from open_algorithms.learning.rows.csr import Csr
from open_algorithms.learning.rows.kept import ChannelRows, HeldRows
from open_algorithms.learning.rows.scaling import Scaler
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float32s, Int64s

FEWEST_FEATURES, LARGEST_SHARE = 10_000, 0.5  # features, and the share of them that occurs, for which it pays


@dataclass(frozen=True)
class Compaction:
    """The features that occur in rows, `used` (u,), ascending, of `width` that there may be."""

    used: Int64s
    width: int

    def compact_rows(self, data: ChannelRows) -> HeldRows:
        """Return the sparse rows of a channel with the used features alone; the values of others are left out."""
        assert isinstance(data, HeldRows)
        assert isinstance(data.rows, SparseRows)
        X = data.rows.X
        places = np.full(self.width, -1, np.int32)
        places[self.used] = np.arange(len(self.used))
        indices = places[X.indices]
        kept = indices >= 0
        ends, values = X.indptr, X.data
        if not kept.all():
            ends = np.append(0, np.cumsum(kept))[X.indptr]
            indices, values = indices[kept], values[kept]
        narrow = Csr(values, indices, ends, (X.shape[0], len(self.used)))
        scaler = Scaler(np.zeros(len(self.used), np.float32), np.ones(len(self.used), np.float32))
        return HeldRows(replace(data.rows, X=narrow), scaler)

    def expand_model(self, model: FactorModel) -> FactorModel:
        """Return the model of all features, of one of the used ones."""
        factors = np.zeros((self.width, model.num_factors), np.float32)
        factors[self.used] = model.factors
        reach = None if model.reach is None else self._expand(model.reach, float(np.finfo(np.float32).max))
        settings = {**model.settings, "feature_dim": str(self.width)}
        return replace(model, linear=self._expand(model.linear, 0), factors=factors, reach=reach, settings=settings)

    def expand_units(self, units: Units) -> Units:
        """Return the units of all features, of those of the used ones."""
        return units if units.sizes is None else Units(None, self._expand(units.sizes, 1))

    def _expand(self, values: Float32s, other: float) -> Float32s:
        expanded = np.full(self.width, other, np.float32)
        expanded[self.used] = values
        return expanded


def find_compaction(data: Mapping[str, ChannelRows], learned: list[str], hosts: Hosts) -> Compaction | None:
    """Return the features that rows of the channels `learned` have, of all hosts; None where these are not few.

    Nor where not all hosts hold all their rows in memory, and sparse.
    """
    width = data["train"].feature_dim
    held = all(isinstance(rows, HeldRows) and isinstance(rows.rows, SparseRows) for rows in data.values())
    if hosts.all_reduce([not held])[0] or width < FEWEST_FEATURES:
        return None
    occurs = np.zeros(width, np.float32)
    for name in learned:
        rows = data[name].head_rows
        assert isinstance(rows, SparseRows)
        occurs[rows.X.indices] = 1
    used = np.flatnonzero(hosts.all_reduce(occurs))
    return Compaction(used, width) if 0 < len(used) <= LARGEST_SHARE * width else None
