"""The parts of a graph of ONNX while it is written.

Tests: tests/linear_learner/exporting/test_raw_columns.py.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from open_algorithms.learning.types.arrays import AnyArray

DOUBLE, FLOAT, INT64, STRING = "DOUBLE", "FLOAT", "INT64", "STRING"
ML_DOMAIN = "ai.onnx.ml"
ML_OPERATORS = ("LabelEncoder",)


@dataclass
class GraphParts:
    """Nodes, constant arrays, and the types and shapes of inputs and outputs.

    Names of values begin with `prefix` in the file, but for those in `own_names`.
    """

    prefix: str = ""
    own_names: dict[str, str] = field(default_factory=dict)
    nodes: list[Any] = field(default_factory=list)
    arrays: dict[str, AnyArray] = field(default_factory=dict)
    inputs: dict[str, tuple[str, list[Any]]] = field(default_factory=dict)
    outputs: dict[str, tuple[str, list[Any]]] = field(default_factory=dict)

    def name_value(self, name: str) -> str:
        """Return the name of a value in the file."""
        return self.own_names.get(name, self.prefix + name)

    def add_node(self, operator: str, *names: str, **attributes: Any) -> None:
        """Add a node; the last name is its output."""
        from onnx import helper

        *inputs, output = map(self.name_value, names)
        domain = ML_DOMAIN if operator in ML_OPERATORS else None
        self.nodes.append(helper.make_node(operator, inputs, [output], domain=domain, **attributes))

    def add_cast(self, source: str, target: str, kind: str) -> None:
        """Add a node that changes the type of a value."""
        from onnx import TensorProto

        self.add_node("Cast", source, target, to=TensorProto.DataType.Value(kind))

    def make_graph(self) -> Any:
        """Return the graph."""
        from onnx import TensorProto, helper, numpy_helper

        inputs, outputs = (
            [
                helper.make_tensor_value_info(self.name_value(name), TensorProto.DataType.Value(kind), shape)
                for name, (kind, shape) in values.items()
            ]
            for values in (self.inputs, self.outputs)
        )
        initializers = [
            numpy_helper.from_array(np.ascontiguousarray(array), self.name_value(name))
            for name, array in self.arrays.items()
        ]
        return helper.make_graph(self.nodes, "linear_learner", inputs, outputs, initializers)
