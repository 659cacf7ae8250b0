"""The two matrix products of a step alone, by whatever computes them fastest here: what a bank cannot do without."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import shortest
from linear_learner.engine import mx


def products_seconds(steps: int, batch: int, width: int, columns: int, repeats: int = 3) -> float:
    """Time so many pairs of X W' and slope' X for X (batch, width) and W (columns, width); return the shortest."""
    draw = np.random.default_rng(0).standard_normal
    X, W, slope = (draw(shape, np.float32) for shape in ((batch, width), (columns, width), (batch, columns)))
    z, gradient = np.empty_like(slope), np.empty_like(W)

    def by_numpy() -> None:
        for _ in range(steps):
            np.dot(X, W.T, out=z)
            np.dot(slope.T, X, out=gradient)

    arrays = {"X": mx.nd.array(X), "W": mx.nd.array(W), "slope": mx.nd.array(slope)}
    ways = {"dot": by_dot(columns), "oneDNN": by_gradient(columns)}
    works: dict[str, Callable[[], None]] = {"numpy": by_numpy}
    works |= {name: repeated(symbol, arrays, steps) for name, symbol in ways.items()}
    return min(shortest(works, repeats).values())


def by_dot(columns: int) -> Any:
    """Compute the gradient by `dot`."""
    S = mx.sym
    X, W, slope = map(S.Variable, ("X", "W", "slope"))
    product = S.FullyConnected(X, W, num_hidden=columns, no_bias=True)
    return S.Group([product, S.dot(slope, X, transpose_a=True)])


def by_gradient(columns: int) -> Any:
    """Compute it by the gradient of FullyConnected, which has no name among the symbols, only in their JSON."""
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


def repeated(symbol: Any, arrays: dict[str, Any], steps: int) -> Callable[[], None]:
    """Compile a graph; return what runs it so many times and waits for the end."""
    operator = mx.nd.CachedOp(symbol, [("static_alloc", True), ("static_shape", True)])
    inputs = [arrays[name] for name in symbol.list_inputs()]
    results = [array.copy() for array in operator(*inputs)]

    def run() -> None:
        for _ in range(steps):
            operator(*inputs, out=results)
        mx.nd.waitall()

    return run
