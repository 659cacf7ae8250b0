"""Compile a graph of MXNet operators once, to be run again and again on arrays that stay where they are."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.engine import mx


def fused(F: Any, operator: str, *inputs: Any, **attributes: float) -> Any:
    """Stand in for an MXNet optimizer operator, which symbols cannot compose: `CompiledStep` puts it in its place."""
    return F.BlockGrad(placeholder(F, operator, attributes, *inputs))


def weight_gradient(F: Any, slope: Any, X: Any, W: Any, product: Any) -> Any:
    """Return slope' X, (m, d), for slope (n, m), where `product` is FullyConnected of X (n, d) and W (m, d).

    It is that operator's own gradient by W, which oneDNN computes several times as fast as `dot` does through BLAS.
    """
    attributes = {"num_hidden": int(product.attr("num_hidden")), "no_bias": True}
    return placeholder(F, "_backward_FullyConnected", attributes, slope, X, W, output=1, forward=product.name)


def placeholder(
    F: Any, operator: str, attributes: Mapping[str, float], *inputs: Any, output: int = 0, forward: str = ""
) -> Any:
    """Hold the place of an operator's output; that of a gradient names the node whose shapes it takes."""
    texts = {f"__{name}__": repr(value) for name, value in attributes.items()}
    texts |= {"__operator__": operator, "__output__": str(output), "__forward__": forward}
    return F.add_n(*inputs, attr=texts)


def put_in_place(graph: dict[str, Any]) -> dict[str, Any]:
    """Put the operators of a graph in the places that are held for them."""
    places = {node["name"]: i for i, node in enumerate(graph["nodes"])}
    outputs: dict[int, int] = {}
    for i, node in enumerate(graph["nodes"]):
        held = node.get("attrs", {})
        if "__operator__" in held:
            node["op"], outputs[i] = held.pop("__operator__"), int(held.pop("__output__"))
            if forward := held.pop("__forward__"):
                node["control_deps"] = [places[forward]]
            node["attrs"] = {name.strip("_"): text for name, text in held.items() if name.startswith("__")}
    for entries in (*(node["inputs"] for node in graph["nodes"]), graph["heads"]):
        for entry in entries:
            entry[1] = outputs.get(entry[0], entry[1])
    return graph


class CompiledStep:
    """A graph compiled once whose results overwrite the arrays of the same names."""

    def __init__(self, results: dict[str, Any], arrays: dict[str, Any]) -> None:
        """Compile the graph of `results`; `arrays` are the inputs that stay from call to call."""
        graph = json.loads(mx.sym.Group(list(results.values())).tojson())
        symbol = mx.sym.load_json(json.dumps(put_in_place(graph)))
        self.names = symbol.list_inputs()
        self.arrays = arrays
        self.results = [arrays[name] for name in results]
        self.operator = mx.nd.CachedOp(symbol, [("static_alloc", True), ("static_shape", True)])

    def __call__(self, inputs: dict[str, Any]) -> None:
        """Run once, without waiting for the end."""
        arrays = self.arrays | inputs
        self.operator(*[arrays[name] for name in self.names], out=self.results)


def ndarray(values: NDArray[Any]) -> Any:
    """Hand a numpy array to MXNet without a copy."""
    return mx.nd.from_numpy(np.ascontiguousarray(values).view())
