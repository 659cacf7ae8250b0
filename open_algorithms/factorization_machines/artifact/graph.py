"""The network of MXNet's operators that an artifact holds: written so that its modules bind it, and what one tells.

Written and read without MXNet, and nothing of what is read is ever run.
"""

import json
import re
from reprlib import repr as shortened
from typing import Any, NamedTuple

from open_algorithms.learning.artifact.archives import NETWORK_SYMBOL
from open_algorithms.learning.artifact.settings import read_json_object
from open_algorithms.learning.job.errors import InputError

OUTPUTS = {"binary_classifier": "LogisticRegressionOutput", "regressor": "LinearRegressionOutput"}
VARIABLE, CSR = "null", "2"  # MXNet's words for a variable, and for sparse rows
MXNET_VERSION = 10901
ATTRIBUTE_KEYS = ("attrs", "attr", "param")  # as MXNet called them over the years
SHAPE_TEXT, LENGTH = re.compile(r"\([\d, L]*\)"), re.compile(r"\d{1,18}")  # an L of Python 2
ROWS = {"axis": "1", "keepdims": "True"}

Shape = tuple[int, ...]


class Node(NamedTuple):
    """A node of the network: its operator, its name, the names of what goes in, and attributes."""

    operator: str
    name: str
    inputs: tuple[str, ...] = ()
    attributes: dict[str, str] | None = None


def write_graph(predictor_type: str, features: int, factors: int) -> str:
    """Return the network as MXNet writes it: w0 + X w1 + ((X v)^2 - X^2 v^2) / 2, the squares summed over factors.

    Rows X (n, d) may be sparse or dense; v is (d, `factors`).
    """
    nodes = [
        Node(VARIABLE, "data", attributes={"__storage_type__": CSR}),
        variable("w1_weight", (features, 1)),
        Node("dot", "linear", ("data", "w1_weight")),
        variable("w0_weight", (1,)),
        Node("broadcast_add", "linear_and_bias", ("linear", "w0_weight")),
        variable("v", (features, factors)),
        Node("dot", "sums", ("data", "v")),
        Node("square", "squared_sums", ("sums",)),
        Node("sum", "all_products", ("squared_sums",), ROWS),
        Node("square", "squared_data", ("data",)),
        Node("square", "squared_v", ("v",)),
        Node("sum", "norms", ("squared_v",), ROWS),
        Node("dot", "own_products", ("squared_data", "norms")),
        Node("elemwise_sub", "pairs_twice", ("all_products", "own_products")),
        Node("_mul_scalar", "pairs", ("pairs_twice",), {"scalar": "0.5"}),
        Node("elemwise_add", "margin", ("linear_and_bias", "pairs")),
        Node(VARIABLE, "out_label"),
        Node(OUTPUTS[predictor_type], "out", ("margin", "out_label")),
    ]
    places = {node.name: place for place, node in enumerate(nodes)}
    document = {
        "nodes": [
            {
                "op": node.operator,
                "name": node.name,
                **({"attrs": node.attributes} if node.attributes else {}),
                "inputs": [[places[name], 0, 0] for name in node.inputs],
            }
            for node in nodes
        ],
        "arg_nodes": [place for place, node in enumerate(nodes) if node.operator == VARIABLE],
        "node_row_ptr": list(range(len(nodes) + 1)),
        "heads": [[len(nodes) - 1, 0, 0]],
        "attrs": {"mxnet_version": ["int", MXNET_VERSION]},
    }
    return json.dumps(document, indent=2)


def variable(name: str, shape: tuple[int, ...]) -> Node:
    """Return a variable that declares its shape."""
    return Node(VARIABLE, name, attributes={"__shape__": str(shape)})


class Graph(NamedTuple):
    """What a network tells: the predictor type, None where its outputs tell none or several, and variables' shapes."""

    predictor_type: str | None
    shapes: dict[str, Shape]


def read_graph(content: bytes | bytearray) -> Graph:
    """Return what a network tells; raise InputError for what is none."""
    found = read_json_object(content, NETWORK_SYMBOL)
    nodes, heads = found.get("nodes"), found.get("heads")
    if not isinstance(nodes, list) or not isinstance(heads, list) or not heads:
        raise InputError(f"{NETWORK_SYMBOL} holds no nodes and heads; expected a network of MXNet's operators.")
    operators = {read_operator(nodes, head) for head in heads}
    types = [predictor_type for predictor_type, operator in OUTPUTS.items() if operator in operators]
    return Graph(types[0] if len(types) == 1 else None, dict(filter(None, map(read_shape, nodes))))


def read_shape(node: Any) -> tuple[str, Shape] | None:
    """Return the name of a variable and the shape that it declares; None for any other node."""
    if not isinstance(node, dict) or node.get("op") != VARIABLE or not isinstance(node.get("name"), str):
        return None
    attributes: dict[str, Any] = next((node[key] for key in ATTRIBUTE_KEYS if isinstance(node.get(key), dict)), {})
    text = attributes.get("__shape__")
    if not isinstance(text, str) or not SHAPE_TEXT.fullmatch(text):
        return None
    return node["name"], tuple(map(int, LENGTH.findall(text)))


def read_operator(nodes: list[Any], head: Any) -> str:
    """Return the operator of the node that a head, [number, output] or [number, output, version], refers to."""
    number = head[0] if isinstance(head, list) and head else None
    if type(number) is not int or not 0 <= number < len(nodes):
        raise InputError(
            f"{NETWORK_SYMBOL} has the head {shortened(head)}; expected [node, output] with a node below {len(nodes)}."
        )
    node = nodes[number]
    operator = node.get("op") if isinstance(node, dict) else None
    if not isinstance(operator, str):
        raise InputError(f"{NETWORK_SYMBOL} holds a node {number} without op.")
    return operator
