"""How the native library lays out the outputs of all models: as columns, in panels of LANES."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from open_algorithms.learning.engine.native.library import LANES, aligned_zeros
from open_algorithms.learning.types.arrays import Float32s, Float64s


@dataclass(frozen=True)
class Columns:
    """The columns of M models of K outputs: number k M + m is output k of model m.

    `count` is that with those that pad them to panels of `lanes`.
    """

    models: int
    outputs: int
    lanes: int = LANES

    @property
    def panels(self) -> int:
        """The number of panels."""
        return -(-self.models * self.outputs // self.lanes)

    @property
    def count(self) -> int:
        """The number of columns, with those that fill up the last panel."""
        return self.lanes * self.panels

    def spread(self, values: Sequence[float] | Float64s | Float32s) -> Float32s:
        """Repeat a value for each model, (..., M), for each of its outputs, (..., count); 0 in columns of none."""
        given = np.asarray(values, np.float32)
        spread = aligned_zeros((*given.shape[:-1], self.count))
        used = spread[..., : self.models * self.outputs].reshape(*given.shape[:-1], self.outputs, self.models)
        used[...] = given[..., None, :]
        return spread

    def lay_out(self, weights: Float32s) -> Float32s:
        """Lay weights (M, K, w) out in panels, (panels, w, lanes)."""
        width = weights.shape[2]
        panels = aligned_zeros((self.panels, width, self.lanes))
        by_column = np.zeros((self.count, width), np.float32)
        by_column[: self.models * self.outputs] = weights.transpose(1, 0, 2).reshape(-1, width)
        panels[...] = by_column.reshape(self.panels, self.lanes, width).transpose(0, 2, 1)
        return panels

    def restore(self, panels: Float32s) -> Float32s:
        """Return a copy of weights in panels as (M, K, w)."""
        by_column = panels.transpose(0, 2, 1).reshape(self.count, -1)[: self.models * self.outputs]
        return np.ascontiguousarray(by_column.reshape(self.outputs, self.models, -1).transpose(1, 0, 2))

    def sum_by_model(self, values: Float64s) -> Float64s:
        """Sum what each column has, (count,), over the outputs of each model, (M,)."""
        by_output = values[: self.models * self.outputs].reshape(self.outputs, self.models)
        return np.asarray(by_output.sum(axis=0))
