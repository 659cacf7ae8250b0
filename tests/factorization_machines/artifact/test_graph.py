"""The network that is written is one that MXNet writes back as it is; of one that is read only the outputs count."""

import json

import pytest

from open_algorithms.factorization_machines.artifact.graph import OUTPUTS, read_graph, write_graph
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.job.errors import InputError


@pytest.mark.parametrize("kind", OUTPUTS)
def test_mxnet_writes_the_network_back_as_it_is(kind: str) -> None:
    text = write_graph(kind, 7, 3)
    assert json.loads(mx.sym.load_json(text).tojson()) == json.loads(text)


@pytest.mark.parametrize("kind", OUTPUTS)
def test_the_network_tells_what_it_predicts(kind: str) -> None:
    found = read_graph(write_graph(kind, 7, 3).encode())
    assert found == (kind, {"w1_weight": (7, 1), "w0_weight": (1,), "v": (7, 3)})


@pytest.mark.parametrize("operators", [["MakeLoss"], [*OUTPUTS.values()]])
def test_outputs_of_none_or_of_several_kinds_tell_nothing(operators: list[str]) -> None:
    nodes = [{"op": operator, "name": operator, "inputs": []} for operator in operators]
    heads = [[place, 0] for place in range(len(nodes))]
    assert read_graph(json.dumps({"nodes": nodes, "heads": heads}).encode()).predictor_type is None


@pytest.mark.parametrize("kind", OUTPUTS)
def test_an_operator_that_is_no_output_does_not_count(kind: str) -> None:
    nodes = [{"op": OUTPUTS[kind]}, {"op": "BlockGrad"}]
    assert read_graph(json.dumps({"nodes": nodes, "heads": [[1, 0, 0]]}).encode()).predictor_type is None


@pytest.mark.parametrize("key", ["attrs", "attr", "param"])
@pytest.mark.parametrize(
    ("text", "shape"),
    [("(7, 3)", (7, 3)), ("(7L, 3L)", (7, 3)), ("(1,)", (1,)), ("[7, 3]", None), (7, None), ("9" * 9999, None)],
)
def test_shapes_are_read_as_any_mxnet_wrote_them(key: str, text: object, shape: tuple[int, ...] | None) -> None:
    nodes = [
        {"op": "null", "name": "v", key: {"__shape__": text}},
        {"op": "dot", "name": "w", key: {"__shape__": text}},
    ]
    found = read_graph(json.dumps({"nodes": nodes, "heads": [[1, 0]]}).encode())
    assert found.shapes == ({} if shape is None else {"v": shape})


@pytest.mark.parametrize(
    ("found", "match"),
    [
        ({}, "holds no nodes and heads; expected a network of MXNet's operators"),
        ({"nodes": [{"op": "null"}], "heads": []}, "holds no nodes and heads"),
        ({"nodes": {}, "heads": [[0, 0]]}, "holds no nodes and heads"),
        ({"nodes": [{"op": "null"}], "heads": [[1, 0]]}, r"has the head \[1, 0\]; expected .* with a node below 1"),
        ({"nodes": [{"op": "null"}], "heads": [[-1, 0]]}, r"has the head \[-1, 0\]"),
        ({"nodes": [{"op": "null"}], "heads": [[True, 0]]}, r"has the head \[True, 0\]"),
        ({"nodes": [{"op": "null"}], "heads": [0]}, "has the head 0"),
        ({"nodes": [{"op": "null"}], "heads": [[]]}, r"has the head \[\]"),
        ({"nodes": [{"op": 3}], "heads": [[0, 0]]}, "holds a node 0 without op"),
        ({"nodes": [3], "heads": [[0, 0]]}, "holds a node 0 without op"),
    ],
)
def test_what_is_no_network_is_refused(found: object, match: str) -> None:
    with pytest.raises(InputError, match=f"symbol.json {match}"):
        read_graph(json.dumps(found).encode())
