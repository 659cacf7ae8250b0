"""The summations of an update in isolation: over features, and over the rows of a mini-batch.

Tests: tests/linear_learner/bank/operators/test_dense.py, tests/learning/engine/test_threads.py.
"""

from functools import cached_property

import numpy as np

from open_algorithms.learning.engine.expressions import Array, Operators
from open_algorithms.learning.engine.graph import CompiledGraph, as_ndarray, weight_gradient
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.types.arrays import Float32s, Int32s

S: Operators = mx.sym


class UpdateSums:
    """The summations of an update, compiled on first call, to compare their bits between numbers of threads.

    Weights and slopes are random: sums of zeros would not show the order of summation.
    """

    def __init__(self, X: Float32s, batch: Int32s, columns: int) -> None:
        """Use a mini-batch of the rows X (n, d + 1) and `columns` weights for each feature."""
        self.X, self.batch, self.columns = X, batch, columns

    def __call__(self) -> list[Array]:
        """Run the summations; return margins, gradient and losses."""
        self.compiled_graph()
        return self.compiled_graph.results

    @cached_property
    def compiled_graph(self) -> CompiledGraph:
        """Compile the graph."""
        rows, width, columns = len(self.batch), self.X.shape[1], self.columns
        generator = np.random.default_rng(0)
        drawn = {"W": (columns, width), "slope": (rows, columns)}
        made = {"margins": (rows, columns), "gradient": (columns, width), "lost": (1, columns)}
        arrays = {
            name: as_ndarray(generator.random(shape, np.float32) - np.float32(0.5)) for name, shape in drawn.items()
        }
        arrays |= {"X": as_ndarray(self.X[self.batch]), "counted": mx.nd.ones((1, rows))}
        X, W, slope, counted = (S.Variable(name) for name in ("X", "W", "slope", "counted"))
        z = S.FullyConnected(X, W, num_hidden=columns, no_bias=True)
        results = {"margins": z, "gradient": weight_gradient(S, slope, X, W, z), "lost": S.dot(counted, slope)}
        return CompiledGraph(results, arrays | {name: mx.nd.zeros(shape) for name, shape in made.items()})
