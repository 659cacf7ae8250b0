"""Compile a graph of MXNet operators once and run it repeatedly on fixed arrays.

Tests: tests/linear_learner/bank/updating/test_optimizers.py, tests/linear_learner/bank/operators/test_dense.py,
tests/linear_learner/bank/operators/test_sparse.py.
"""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from open_algorithms.learning.engine.expressions import Array, Expression, Operators, Symbol
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.types.arrays import Numbers


def operator_placeholder(
    F: Operators,
    operator: str,
    *inputs: Expression,
    attributes: Mapping[str, float] = MappingProxyType({}),
    after: Sequence[Expression] = (),
    output: int = 0,
) -> Symbol:
    """Return a placeholder for an MXNet operator that symbols cannot compose, such as an optimizer's update.

    `CompiledGraph` substitutes the operator. It runs after the operators whose outputs are in `after`, and sees the
    changes that they made to its inputs.
    """
    texts = {f"__{name}__": repr(value) for name, value in attributes.items()}
    texts |= {"__operator__": operator, "__output__": str(output), "__inputs__": str(len(inputs))}
    # CachedOp asks every operator for its gradient, and these have none, unless it is blocked.
    placeholder: Symbol = F.BlockGrad(F.add_n(*inputs, *after, attr=texts))
    return placeholder


def add_in_place(F: Operators, array: Expression, change: Expression, *, after: Sequence[Expression] = ()) -> Symbol:
    """Add a change to an input array in place; return the symbol of the result."""
    return operator_placeholder(F, "mp_sgd_update", change, change, array, attributes={"lr": -1.0}, after=after)


def weight_gradient(F: Operators, slope: Expression, X: Expression, W: Expression, product: Symbol) -> Symbol:
    """Return slope' X, (m, d), for slope (n, m), where `product` is FullyConnected of X (n, d) and W (m, d).

    This is that operator's own gradient by W, which oneDNN computes several times as fast as `dot` does through BLAS.
    """
    attributes = {"num_hidden": int(product.attr("num_hidden")), "no_bias": True}
    return operator_placeholder(
        F, "_backward_FullyConnected", slope, X, W, attributes=attributes, after=[product], output=1
    )


def substitute_placeholders(graph: dict[str, Any]) -> dict[str, Any]:
    """Substitute the operators of a graph for their placeholders; the graph is changed and returned."""
    outputs: dict[int, int] = {}
    for i, node in enumerate(graph["nodes"]):
        held = node.get("attrs", {})
        if "__operator__" in held:
            node["op"], outputs[i] = held.pop("__operator__"), int(held.pop("__output__"))
            count = int(held.pop("__inputs__"))
            node["inputs"], after = node["inputs"][:count], node["inputs"][count:]
            node["control_deps"] = [place for place, _, _ in after]
            node["attrs"] = {name.strip("_"): text for name, text in held.items() if name.startswith("__")}
    for entries in (*(node["inputs"] for node in graph["nodes"]), graph["heads"]):
        for entry in entries:
            entry[1] = outputs.get(entry[0], entry[1])
    return graph


class CompiledGraph:
    """A compiled graph whose results overwrite the arrays of the same names."""

    def __init__(self, results: Mapping[str, Expression], arrays: dict[str, Array], inputs: Sequence[str] = ()) -> None:
        """Compile the graph of `results` on `arrays`; `inputs` names those passed with every call.

        MXNet runs operators on fixed arrays as one unit. Operators that use an input or a result are queued one by one,
        which costs some microseconds each.
        """
        graph = json.loads(mx.sym.Group(list(results.values())).tojson())
        symbol = mx.sym.load_json(json.dumps(substitute_placeholders(graph)))
        self.names = symbol.list_inputs()
        self.arrays = arrays
        self.results = [arrays[name] for name in results]
        places: dict[str, list[int]] = {"param_indices": [], "data_indices": []}
        for i, name in enumerate(self.names):
            places["data_indices" if name in inputs else "param_indices"].append(i)
        self.operator = mx.nd.CachedOp(symbol, [*places.items(), ("static_alloc", True), ("static_shape", True)])

    def __call__(self, inputs: Mapping[str, Array] = MappingProxyType({})) -> None:
        """Start a run, without waiting for it to finish."""
        arrays = {**self.arrays, **inputs}
        self.operator(*[arrays[name] for name in self.names], out=self.results)


def as_ndarray(values: Numbers) -> Array:
    """Return an MXNet array that shares the memory of a contiguous numpy array."""
    array: Array = mx.nd.from_numpy(np.ascontiguousarray(values).view())
    return array
