"""The two matrix products of an epoch alone, by the fastest implementation: the lower bound of a bank's time."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.measure import shortest_times
from benchmarks.problems import PROCESSORS
from open_algorithms.learning.engine import threads
from open_algorithms.learning.engine.graph import as_ndarray
from open_algorithms.learning.engine.mxnet import mx


def products_seconds(steps: int, batch: int, width: int, columns: int, repeats: int = 3) -> float:
    """Time X W' and slope' X for so many X (batch, width) that lie one after another; return the shortest seconds.

    W is (columns, width). MXNet and numpy have as many threads as a bank has.
    """
    draw = np.random.default_rng(0).standard_normal
    batches = draw((steps, batch, width), np.float32)
    W, slope = draw((columns, width), np.float32), draw((batch, columns), np.float32)
    z, gradient = np.empty_like(slope), np.empty_like(W)

    def multiply_by_numpy() -> None:
        for X in batches:
            np.dot(X, W.T, out=z)
            np.dot(slope.T, X, out=gradient)

    arrays = {"W": as_ndarray(W), "slope": as_ndarray(slope)}
    ways = {"dot": dot_symbol(columns), "oneDNN": gradient_symbol(columns)}
    works: dict[str, Callable[[], None]] = {"numpy": multiply_by_numpy}
    works |= {name: compile_runs(symbol, arrays, [as_ndarray(X) for X in batches]) for name, symbol in ways.items()}
    count = threads.useful_count(4 * batch * width * columns, PROCESSORS)
    threads.set_count(count)
    with threadpool_limits(count, "blas"):
        return min(shortest_times(works, repeats).values())


def dot_symbol(columns: int) -> Any:
    """Compute the gradient by `dot`."""
    S = mx.sym
    X, W, slope = map(S.Variable, ("X", "W", "slope"))
    product = S.FullyConnected(X, W, num_hidden=columns, no_bias=True)
    return S.Group([product, S.dot(slope, X, transpose_a=True)])


def gradient_symbol(columns: int) -> Any:
    """Build the graph with the backward operator of FullyConnected, which can only be named in a graph's JSON."""
    settings = {"num_hidden": str(columns), "no_bias": "True"}
    nodes: list[dict[str, Any]] = [{"op": "null", "name": name, "inputs": []} for name in ("X", "W", "slope")]
    nodes += [
        {"op": "FullyConnected", "name": "z", "attrs": settings, "inputs": [[0, 0, 0], [1, 0, 0]]},
        {
            "op": "_backward_FullyConnected",
            "name": "gradient",
            "attrs": settings,
            "inputs": [[2, 0, 0], [0, 0, 0], [1, 0, 0]],
            "control_deps": [3],
        },
    ]
    version = {"mxnet_version": ["int", 10901]}
    graph = {"nodes": nodes, "arg_nodes": [0, 1, 2], "heads": [[3, 0, 0], [4, 1, 0]], "attrs": version}
    return mx.sym.load_json(json.dumps(graph))


def compile_runs(symbol: Any, arrays: dict[str, Any], batches: list[Any]) -> Callable[[], None]:
    """Compile a graph; return a function that runs it on each batch and waits for the results."""
    operator = mx.nd.CachedOp(symbol, [("static_alloc", True), ("static_shape", True)])
    inputs = [[{**arrays, "X": X}[name] for name in symbol.list_inputs()] for X in batches]
    results = [array.copy() for array in operator(*inputs[0])]

    def run_all() -> None:
        for each in inputs:
            operator(*each, out=results)
        mx.nd.waitall()

    return run_all
