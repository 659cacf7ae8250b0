"""Parser of an artifact's graph: it accepts an output operator of data . fc0_weight + fc0_bias and nothing else."""

import re
from collections.abc import Iterator
from reprlib import repr as shortened
from typing import Any, NamedTuple

from open_algorithms.learning.artifact.archives import SYMBOL_FILE
from open_algorithms.learning.artifact.settings import read_json_object
from open_algorithms.learning.job.errors import InputError

VARIABLE, PRODUCT = "null", "dot"
SUM_OPERATORS = ("broadcast_add", "broadcast_plus")
LOSS_OF_OPERATOR = {"LogisticRegressionOutput": "logistic", "SoftmaxOutput": "softmax_loss"}
IDENTITY_OPERATORS = (
    "LinearRegressionOutput",
    "MAERegressionOutput",
    "MakeLoss",
    "make_loss",
    "BlockGrad",
    "identity",
    "_copy",
)
OPERATORS = (VARIABLE, PRODUCT, *SUM_OPERATORS, *LOSS_OF_OPERATOR, *IDENTITY_OPERATORS)
MAX_NODES = 64
SHAPE_TEXT = re.compile(r"\((\d{1,19}), ?(\d{1,19})\)", re.ASCII)

Shape = tuple[int, int]


class Node(NamedTuple):
    """An operator or a variable, with the numbers of the nodes it is applied to."""

    operator: str
    name: str
    inputs: list[int]
    attributes: dict[str, Any]


class Graph(NamedTuple):
    """The loss that the graph's output operator belongs to, None for a regression, and the declared shapes.

    `shapes` maps `data`, `fc0_weight` and `fc0_bias` to (rows, columns); a length of 0 is not known.
    """

    link: str | None
    shapes: dict[str, Shape]


def read_graph(content: bytes | bytearray) -> Graph:
    """Parse a graph; raise InputError unless it computes output(dot(data, fc0_weight) + fc0_bias)."""
    found = read_json_object(content, SYMBOL_FILE)
    entries, heads = found.get("nodes"), found.get("heads")
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_NODES:
        raise InputError(f"{SYMBOL_FILE} holds no list of 1 to {MAX_NODES} nodes.")
    nodes = [read_node(entry, number) for number, entry in enumerate(entries)]
    if not isinstance(heads, list) or len(heads) != 1:
        raise InputError(f"{SYMBOL_FILE} has the heads {shortened(heads)}; expected one.")
    chain = list(output_chain(nodes, read_node_number(heads[0], len(nodes))))
    links = [LOSS_OF_OPERATOR[node.operator] for node in chain if node.operator in LOSS_OF_OPERATOR]
    total = chain[-1]
    if len(links) > 1 or total.operator not in SUM_OPERATORS or not is_linear(nodes, total):
        raise InputError(
            f"{SYMBOL_FILE} computes {' of '.join(node.operator for node in chain)}; expected an output operator of "
            "dot(data, fc0_weight) + fc0_bias."
        )
    product = nodes[total.inputs[0]]
    variables = [nodes[number] for number in (*product.inputs, total.inputs[1])]
    shapes = {node.name: declared_shape(node) for node in variables if node.attributes.get("__shape__") is not None}
    return Graph(links[0] if links else None, shapes)


def read_node(entry: Any, number: int) -> Node:
    """Parse node `number`; it may only refer to nodes before it."""
    entry = entry if isinstance(entry, dict) else {}
    operator, name, inputs = entry.get("op"), entry.get("name"), entry.get("inputs")
    if not isinstance(operator, str) or not isinstance(name, str) or not isinstance(inputs, list):
        raise InputError(f"{SYMBOL_FILE} holds a node {number} without op, name and inputs.")
    if operator not in OPERATORS:
        raise InputError(
            f"{SYMBOL_FILE} holds the operator {shortened(operator)}, node {number}; expected only those of a "
            "linear model: "
            f"{', '.join(OPERATORS)}."
        )
    attributes: dict[str, Any] = {}
    for key in ("param", "attr", "attrs"):  # as MXNet called them over the years
        found = entry.get(key, {})
        if not isinstance(found, dict):
            raise InputError(
                f"{SYMBOL_FILE} holds a node {number} whose {key} are {shortened(found)}; expected an object."
            )
        attributes |= found
    return Node(operator, name, [read_node_number(given, number) for given in inputs], attributes)


def read_node_number(given: Any, node_count: int) -> int:
    """Return the node number in [number, output] or [number, output, version].

    Raises InputError unless it is below `node_count` and the output is 0.
    """
    numbers = given if isinstance(given, list) and all(type(number) is int for number in given) else []
    if len(numbers) not in (2, 3) or not 0 <= numbers[0] < node_count or numbers[1] != 0:
        raise InputError(
            f"{SYMBOL_FILE} refers to {shortened(given)}; expected [node, 0, 0] with a node below {node_count}."
        )
    return int(numbers[0])


def output_chain(nodes: list[Node], head: int) -> Iterator[Node]:
    """Yield nodes from the head along first inputs, through identities, up to and including the first other node.

    An output operator's second input is the label; raises InputError where it is not a variable.
    """
    node = nodes[head]
    while node.operator in (*LOSS_OF_OPERATOR, *IDENTITY_OPERATORS) and node.inputs:
        if len(node.inputs) > 2 or any(nodes[label].operator != VARIABLE for label in node.inputs[1:]):
            raise InputError(f"{SYMBOL_FILE} applies {node.operator} to more than one input and a label.")
        yield node
        node = nodes[node.inputs[0]]
    yield node


def is_linear(nodes: list[Node], total: Node) -> bool:
    """Return whether node `total` is dot(data, fc0_weight) + fc0_bias."""
    if len(total.inputs) != 2:
        return False
    product, bias = (nodes[number] for number in total.inputs)
    factors = [nodes[number] for number in product.inputs]
    variables = [*factors, bias]
    return (
        product.operator == PRODUCT
        and not any(is_switched_on(product.attributes.get(f"transpose_{side}")) for side in "ab")
        and all(node.operator == VARIABLE for node in variables)
        and [node.name for node in variables] == ["data", "fc0_weight", "fc0_bias"]
    )


def is_switched_on(attribute: Any) -> bool:
    """Return whether a boolean attribute of an operator is set."""
    return attribute not in (None, "False", "false", "0")


def declared_shape(node: Node) -> Shape:
    """Parse the shape that a variable declares."""
    found = node.attributes["__shape__"]
    match = SHAPE_TEXT.fullmatch(found) if isinstance(found, str) else None
    if match is None:
        raise InputError(f"{SYMBOL_FILE} says {node.name} has the shape {shortened(found)}; expected two lengths.")
    return int(match[1]), int(match[2])
