"""The sums over rows that a solver needs: losses, their gradients and their curvatures, of many models at once."""

from functools import partial
from typing import NamedTuple

import numpy as np

from linear_learner.bank.margins import row_blocks, sparse_margins
from linear_learner.solving.problems import Problems
from open_algorithms.learning.engine import threads
from open_algorithms.learning.engine.expressions import Array, Expression, Operators
from open_algorithms.learning.engine.graph import CompiledGraph, as_ndarray, weight_gradient
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.engine.pace import Pace
from open_algorithms.learning.job.stop import StopCheck, never_stop
from open_algorithms.learning.rows.dense import DenseRows
from open_algorithms.learning.rows.kept import AnyRows
from open_algorithms.learning.rows.sparse import SparseRows
from open_algorithms.learning.types.arrays import Float32s, Float64s, Int64s

S: Operators = mx.sym
LEAST_ERROR = 1e-6  # in the unit of labels in training: of less, a parabola's curvature is 1
PROBABILITY_LOSSES = ("logistic", "softmax_loss")  # their slope s is p - y, so that p (1 - p) is |s| (1 - |s|)


class Sums(NamedTuple):
    """The losses of P models, (P,), their gradients, (P, K, d + 1), and their curvatures by margin, (P, K).

    All are sums over rows, each of which counts as often as a model's problem says. The curvature is the second
    derivative of the loss by a margin, or a bound of it.
    """

    losses: Float64s
    gradients: Float64s
    curvatures: Float64s


class RowSums:
    """Computes the sums of P models of K outputs over rows, block by block, by a graph compiled for each block size."""

    def __init__(self, problems: Problems, outputs: int, width: int, *, is_sparse: bool, processors: int = 1) -> None:
        """Prepare sums for weights (P, K, width); `processors` bounds the threads of large products."""
        self.problems, self.outputs, self.width = problems, outputs, width
        self.is_sparse, self.processors = is_sparse, processors
        self.columns = len(problems) * outputs
        self.graphs: dict[int, CompiledGraph] = {}
        self.paces: dict[int, Pace] = {}

    def sum_rows(
        self,
        rows: AnyRows,
        folds: Int64s | None,
        weights: Float64s,
        raise_if_stopped: StopCheck = never_stop,
        *,
        widths: Float64s | None = None,
    ) -> Sums:
        """Return the sums over rows, which may lie in `folds` (n,), for weights (P, K, d + 1).

        `raise_if_stopped` is called before each block and may raise. `widths` (P,) are those over which kinks of the
        loss are rounded; a smooth loss needs none.
        """
        flat = np.ascontiguousarray(weights.reshape(self.columns, self.width), np.float32)
        totals = [np.zeros(shape) for shape in ((1, len(self.problems)), flat.shape, (1, self.columns))]
        for first, last in row_blocks(rows, self.columns):
            raise_if_stopped()
            block = rows.slice_rows(first, last)
            inputs = self.row_inputs(block, last - first, None if folds is None else folds[first:last])
            if widths is not None:
                inputs["widths"] = as_ndarray(widths.astype(np.float32)[None, :])
            run = partial(self.run_block, block, inputs, flat)
            with self.prepare_pace(last - first, run).share_work(1):
                parts = [part.asnumpy() for part in run()]
            for total, part in zip(totals, parts, strict=True):
                total += part
        losses, gradients, curvatures = totals
        return Sums(losses[0], gradients.reshape(weights.shape), curvatures.reshape(-1, self.outputs))

    def run_block(self, block: AnyRows, inputs: dict[str, Array], flat: Float32s) -> list[Array]:
        """Start the sums of a block for weights (P K, d + 1); return its losses, gradients and curvatures."""
        rows = inputs["counted"].shape[1]
        graph = self.prepare_graph(rows)
        if isinstance(block, SparseRows):
            graph(inputs | {"z": sparse_margins(block, flat)})
            gradients = self.sparse_gradients(block, graph.arrays["slope"])
        else:
            graph(inputs | {"X": as_ndarray(block.X[:rows]), "W": as_ndarray(flat)})
            gradients = graph.arrays["gradients"]
        return [graph.arrays["losses"], gradients, graph.arrays["curvatures"]]

    def prepare_pace(self, rows: int, run: threads.Workload) -> Pace:
        """Return the pace of blocks of so many rows; created and tested on first use."""
        if rows not in self.paces:
            counts = threads.counts_to_try(4 * rows * self.columns * self.width, self.processors)
            self.paces[rows] = Pace(threads.same_result_counts([1] if self.is_sparse else counts, run))
        return self.paces[rows]

    def row_inputs(self, block: AnyRows, count: int, folds: Int64s | None) -> dict[str, Array]:
        """Return label, count and group of the first `count` rows of a block."""
        y = block.y[:count]
        weights = block.weights if isinstance(block, DenseRows) else block.row_weights
        inputs = {"y": y, "counted": (np.ones(count, np.float32) if weights is None else weights[:count])[None, :]}
        groups = self.problems.group_rows(y[:, 0], folds)
        inputs |= {} if groups is None else {"groups": groups}
        return {name: as_ndarray(array) for name, array in inputs.items()}

    def sparse_gradients(self, block: SparseRows, slope: Array) -> Array:
        """Return the gradients of sparse rows, (P K, d + 1), where the slopes are (n, P K)."""
        X, total = block.X, slope.asnumpy().sum(axis=0)
        arrays = tuple(as_ndarray(array) for array in (X.data, X.indices.astype(np.int64), X.indptr))
        held = mx.nd.sparse.csr_matrix(arrays, shape=X.shape)
        by_feature = mx.nd.sparse.dot(held, slope, transpose_a=True, forward_stype="default").asnumpy()
        if block.shift is not None:
            by_feature -= block.shift[:, None] * total
            by_feature[block.constant_features] = 0
        return as_ndarray(np.concatenate([by_feature.T, total[:, None]], axis=1))

    def prepare_graph(self, rows: int) -> CompiledGraph:
        """Return the graph for blocks of so many rows, compiled on first use."""
        if rows not in self.graphs:
            self.graphs[rows] = self.compile_graph(rows)
        return self.graphs[rows]

    def compile_graph(self, rows: int) -> CompiledGraph:
        """Compile the graph: from rows and weights to all sums, or of sparse rows from margins to slopes."""
        shares, shapes = self.problems.shares, {"losses": (1, len(self.problems)), "curvatures": (1, self.columns)}
        inputs = ["counted", *(["y"] if self.has_labels else []), *([] if shares is None else ["groups"])]
        inputs += [] if self.problems.objective.loss.is_smooth else ["widths"]
        arrays = {} if shares is None else {"shares": as_ndarray(shares)}
        if self.is_sparse:
            terms = self.build_terms(S.Variable("z"))
            inputs, shapes = [*inputs, "z"], shapes | {"slope": (rows, self.columns)}
        else:
            X, W = S.Variable("X"), S.Variable("W")
            z = S.FullyConnected(X, W, num_hidden=self.columns, no_bias=True)
            terms = self.build_terms(z)
            terms["gradients"] = weight_gradient(S, terms.pop("slope"), X, W, z)
            inputs, shapes = [*inputs, "X", "W"], shapes | {"gradients": (self.columns, self.width)}
        results = {name: terms[name] for name in shapes}
        return CompiledGraph(results, arrays | {name: mx.nd.zeros(shape) for name, shape in shapes.items()}, inputs)

    @property
    def has_labels(self) -> bool:
        """Whether the loss needs the labels: not that of signed rows."""
        return self.is_sparse or self.problems.objective.loss.signed_graph is None

    def build_terms(self, z: Expression) -> dict[str, Expression]:
        """Build the losses (1, P), slopes (n, P K) and curvatures (1, P K) of margins `z` (n, P K).

        The inputs are those of the loss, `counted` (1, n), how often each row counts, and `groups` (n,) and `shares`
        (G, P), where the problems have shares. Of signed rows, margins and slopes of label 1 are negated.
        """
        outputs, counted = self.outputs, S.Variable("counted")
        value, slope, curvature = self.build_loss(z)
        value = value * self.problems.objective.loss.gradient_factor
        if self.problems.shares is not None:
            groups = S.one_hot(S.Variable("groups"), depth=len(self.problems.shares))
            share = S.dot(groups, S.Variable("shares"))
            spread = share if outputs == 1 else S.repeat(share, repeats=outputs, axis=1)
            value, slope, curvature = value * share, slope * spread, curvature * spread
        return {
            "losses": S.dot(counted, value),
            "slope": S.broadcast_mul(slope, S.reshape(counted, shape=(-1, 1))),
            "curvatures": S.dot(counted, curvature),
        }

    def build_loss(self, z: Expression) -> tuple[Expression, Expression, Expression]:
        """Build the loss (n, P), the slope and the curvature (n, P K) of each row from margins `z` (n, P K).

        The inputs are `y` (n, 1), and `widths` (1, P) where the loss has kinks.
        """
        objective, loss = self.problems.objective, self.problems.objective.loss
        if loss.rounded_graph is not None:
            return loss.rounded_graph(S, z, S.Variable("y"), objective.parameter, S.Variable("widths"))
        if self.has_labels or loss.signed_graph is None:
            value, slope = loss.graph(S, z, S.Variable("y"), len(self.problems), self.outputs, objective.parameter)
        else:
            value, slope = loss.signed_graph(S, z)
        size = S.abs(slope)
        if loss.name in PROBABILITY_LOSSES:
            return value, slope, size * (1 - size)
        # That of a parabola above the loss: of a square 1, of the Huber loss less where it is straight.
        error = S.abs(S.broadcast_sub(z, S.Variable("y")))
        return value, slope, (size + LEAST_ERROR) / (error + LEAST_ERROR)
