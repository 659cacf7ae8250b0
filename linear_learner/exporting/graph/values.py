"""Values of a graph that are calculated with as with numbers; each operation adds a node.

Tests: tests/linear_learner/exporting/test_raw_columns.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Union

import numpy as np

from linear_learner.exporting.graph.parts import GraphParts
from open_algorithms.learning.types.arrays import AnyArray

Operand = Union["Value", AnyArray, np.generic, float]


@dataclass(frozen=True)
class Value:
    """A value by its name in a graph."""

    graph: GraphParts
    name: str

    def apply(self, operator: str, *others: "Operand", **attributes: Any) -> "Value":
        """Return the output of an operator of this value and others."""
        names = [(other if isinstance(other, Value) else constant_value(self.graph, other)).name for other in others]
        output = f"value_{len(self.graph.nodes)}"
        self.graph.add_node(operator, self.name, *names, output, **attributes)
        return Value(self.graph, output)

    def __add__(self, other: "Operand") -> "Value":
        return self.apply("Add", other)

    def __sub__(self, other: "Operand") -> "Value":
        return self.apply("Sub", other)

    def __mul__(self, other: "Operand") -> "Value":
        return self.apply("Mul", other)

    def __truediv__(self, other: "Operand") -> "Value":
        return self.apply("Div", other)

    def floor(self) -> "Value":
        """Return the largest whole number that is not larger."""
        return self.apply("Floor")

    def choose(self, yes: "Operand", no: "Operand") -> "Value":
        """Return `yes` where this is true and `no` elsewhere."""
        return self.apply("Where", yes, no)

    def cast(self, kind: str) -> "Value":
        """Return the value as another type."""
        output = f"value_{len(self.graph.nodes)}"
        self.graph.add_cast(self.name, output, kind)
        return Value(self.graph, output)


def constant_value(graph: GraphParts, constant: AnyArray | np.generic | float) -> Value:
    """Return a constant, a double where it is a number."""
    name = f"constant_{len(graph.arrays)}"
    graph.arrays[name] = np.asarray(constant)
    return Value(graph, name)


def stack_columns(columns: Sequence[Value]) -> Value:
    """Return values (n,) as the columns of a matrix (n, m)."""
    standing = [column.apply("Unsqueeze", np.array([1])) for column in columns]
    return standing[0].apply("Concat", *standing[1:], axis=1)
