"""Compile a graph of MXNet operators once, to be run again and again on arrays that stay where they are."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.engine import mx


def fused(F: Any, operator: str, *inputs: Any, **attributes: float) -> Any:
    """Stand in for an MXNet optimizer operator, which symbols cannot compose: `compiled` puts it in its place."""
    texts = {"__operator__": operator, **{f"__{name}__": repr(value) for name, value in attributes.items()}}
    return F.BlockGrad(F.add_n(*inputs, attr=texts))


class CompiledStep:
    """A graph compiled once whose results overwrite the arrays of the same names."""

    def __init__(self, results: dict[str, Any], arrays: dict[str, Any]) -> None:
        """Compile the graph of `results`; `arrays` are the inputs that stay from call to call."""
        graph = json.loads(mx.sym.Group(list(results.values())).tojson())
        for node in graph["nodes"]:
            attributes = node.get("attrs", {})
            if "__operator__" in attributes:
                node["op"] = attributes.pop("__operator__")
                node["attrs"] = {name.strip("_"): text for name, text in attributes.items() if name.startswith("__")}
        symbol = mx.sym.load_json(json.dumps(graph))
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
