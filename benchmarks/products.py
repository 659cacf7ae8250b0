"""The matrix products of an epoch alone, by the fastest library: the lower bound of a bank's time.

numpy (OpenBLAS), MXNet (its `dot` and oneDNN) and, where it is installed, torch (MKL) are timed with every number of
threads; the weights, the slopes and the results lie as each library likes it best.
"""

import json
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.measure import run_in_process, shortest_times
from benchmarks.problems import LEAST_SECONDS, PROCESSORS
from open_algorithms.learning.engine import threads
from open_algorithms.learning.engine.graph import as_ndarray
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.types.arrays import Floats

Run = Callable[[], object]
Multiply = Callable[[Any, Any, Any], object]  # two matrices, into a third
Pair = tuple[Any, Any]
COUNTS = range(1, PROCESSORS + 1)


class Sizes(NamedTuple):
    """The sizes of products: so many mini-batches X (batch, width), and W (columns, width)."""

    steps: int
    batch: int
    width: int
    columns: int
    has_gradient: bool = True


def time_products(sizes: Sizes, repeats: int = 3) -> dict[str, float]:
    """Time X W' and, where there is a gradient, slope' X for mini-batches that lie one after another.

    Return the shortest seconds of each library, layout and number of threads.
    """
    taken = time_here(sizes, repeats)
    return taken | run_in_process(PROCESSORS, time_torch, sizes, repeats) if find_spec("torch") else taken


def time_here(sizes: Sizes, repeats: int) -> dict[str, float]:
    """Time numpy and MXNet."""
    batches, W, slope = draw_operands(sizes)
    slopes = (slope, slope.T.copy()) if sizes.has_gradient else None
    runs = list_layouts("numpy", np.dot, [*batches], (W, W.T.copy()), slopes)
    arrays, inputs = {"W": as_ndarray(W), "slope": as_ndarray(slope)}, [as_ndarray(X) for X in batches]
    for way, build in (MXNET_WAYS if sizes.has_gradient else MXNET_MARGINS).items():
        runs[way] = compile_runs(build(sizes.columns), arrays, inputs)
    taken: dict[str, float] = {}
    for count in COUNTS:
        threads.set_count(count)
        with threadpool_limits(count, "blas"):
            taken |= add_threads(shortest_times(runs, repeats, LEAST_SECONDS), count)
    return taken


def time_torch(sizes: Sizes, repeats: int) -> dict[str, float]:
    """Time torch."""
    import torch

    batches, W, slope = map(torch.from_numpy, draw_operands(sizes))

    def multiply(left: Any, right: Any, result: Any) -> None:
        torch.mm(left, right, out=result)

    slopes = (slope, slope.T.contiguous()) if sizes.has_gradient else None
    runs = list_layouts("torch", multiply, [*batches], (W, W.T.contiguous()), slopes)
    taken: dict[str, float] = {}
    for count in COUNTS:
        torch.set_num_threads(count)
        taken |= add_threads(shortest_times(runs, repeats, LEAST_SECONDS), count)
    return taken


def add_threads(taken: Mapping[str, float], count: int) -> dict[str, float]:
    """Add the number of threads to the names."""
    return {f"{name}, threads: {count}": seconds for name, seconds in taken.items()}


def draw_operands(sizes: Sizes) -> tuple[Floats, Floats, Floats]:
    """Draw all X, W, and the slopes (batch, columns) of one mini-batch."""
    draw = np.random.default_rng(0).standard_normal
    batches = draw((sizes.steps, sizes.batch, sizes.width), np.float32)
    return batches, draw((sizes.columns, sizes.width), np.float32), draw((sizes.batch, sizes.columns), np.float32)


def list_layouts(
    library: str, multiply: Multiply, batches: list[Any], weights: Pair, slopes: Pair | None
) -> dict[str, Run]:
    """Return what multiplies matrices of a library, by layout; weights and slopes come with a transposed copy."""
    W, turned_W = weights
    margins = {"X W'": [(X, turned_W) for X in batches], "W X'": [(W, X.T) for X in batches]}
    if slopes is None:
        return {f"{library}, {layout}": make_run(multiply, pairs) for layout, pairs in margins.items()}
    slope, turned_slope = slopes
    gradients = {"slope' X": [(turned_slope, X) for X in batches], "X' slope": [(X.T, slope) for X in batches]}
    return {
        f"{library}, {first} and {second}": make_run(multiply, margins[first], gradients[second])
        for first in margins
        for second in gradients
    }


def make_run(multiply: Multiply, *products: list[Pair]) -> Run:
    """Return what computes the products mini-batch by mini-batch; each has one place for its results."""
    steps = [*zip(*products, strict=True)]
    results = [left @ right for left, right in steps[0]]
    calls = [(*pair, result) for step in steps for pair, result in zip(step, results, strict=True)]

    def run_all() -> None:
        for left, right, result in calls:
            multiply(left, right, result)

    return run_all


def margin_symbol(columns: int) -> Any:
    """Compute the margins alone."""
    S = mx.sym
    return S.FullyConnected(S.Variable("X"), S.Variable("W"), num_hidden=columns, no_bias=True)


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
    found = operator(*inputs[0])
    results = [array.copy() for array in (found if isinstance(found, list) else [found])]

    def run_all() -> None:
        for each in inputs:
            operator(*each, out=results)
        mx.nd.waitall()

    return run_all


MXNET_WAYS = {"MXNet, dot": dot_symbol, "MXNet, oneDNN": gradient_symbol}
MXNET_MARGINS = {"MXNet, oneDNN": margin_symbol}
