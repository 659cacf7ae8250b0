"""The graph: only that of a linear model is served."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from linear_learner.artifact.graph import IDENTITY_OPERATORS, OPERATORS, read_graph
from open_algorithms.learning.job.errors import InputError
from tests.linear_learner.artifacts import SYMBOL, artifact_files, draw_model

Change = Callable[[dict[str, Any]], object]


def graph(change: Change = lambda g: None) -> bytes:
    """Return the graph of a logistic model, changed."""
    found = json.loads(artifact_files(draw_model())[SYMBOL])
    change(found)
    return json.dumps(found).encode()


def node(number: int, **changes: Any) -> Change:
    return lambda g: g["nodes"][number].update(changes)


def test_the_graph_of_a_linear_model_tells_its_link_and_its_shapes() -> None:
    found = read_graph(graph())
    assert found.link == "logistic"
    assert found.shapes == {"fc0_weight": (5, 1), "fc0_bias": (1, 1)}


@pytest.mark.parametrize("operator", IDENTITY_OPERATORS)
def test_a_graph_without_a_link_may_end_in_any_operator_that_leaves_the_margin(operator: str) -> None:
    assert read_graph(graph(node(6, op=operator))).link is None


def test_a_graph_may_end_in_several_such_operators_or_in_none() -> None:
    def longer(g: dict[str, Any]) -> None:
        g["nodes"].append({"op": "BlockGrad", "name": "blocked", "inputs": [[6, 0, 0]]})
        g["heads"] = [[7, 0, 0]]

    assert read_graph(graph(longer)).link == "logistic"
    assert read_graph(graph(lambda g: g.update(heads=[[4, 0]]))).link is None


@pytest.mark.parametrize("key", ["attrs", "attr", "param"])
def test_attributes_are_read_under_each_of_their_names(key: str) -> None:
    def renamed(g: dict[str, Any]) -> None:
        g["nodes"][1][key] = g["nodes"][1].pop("attrs")

    assert read_graph(graph(renamed)).shapes["fc0_weight"] == (5, 1)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (node(2, op="FullyConnected"), "operator 'FullyConnected', node 2; expected only .* null, dot, broadcast_add"),
        (node(6, op="x" * 10**6), r"operator 'xxx.*\.\.\..*', node 6"),
        (node(6, op="\ud800"), "surrogates not allowed"),
        (node(4, op="dot"), "computes LogisticRegressionOutput of dot; expected an output operator of dot"),
        (node(4, inputs=[[3, 0, 0], [2, 0, 0]]), "computes LogisticRegressionOutput of broadcast_add"),
        (node(4, inputs=[[2, 0, 0]]), "computes"),
        (node(2, inputs=[[1, 0, 0], [0, 0, 0]]), "computes"),
        (node(2, attrs={"transpose_a": "True"}), "computes"),
        (node(2, attrs={"transpose_b": "1"}), "computes"),
        (node(0, name="other"), "computes"),
        (node(3, name="fc0_weight"), "computes"),
        (node(4, op="SoftmaxOutput"), "computes"),
        (node(6, inputs=[[4, 0, 0], [4, 0, 0]]), "more than one input and a label"),
        (node(6, inputs=[[4, 0, 0], [5, 0, 0], [5, 0, 0]]), "more than one input and a label"),
        (node(6, inputs=[]), "computes LogisticRegressionOutput; expected"),
        (node(4, inputs=[[4, 0, 0], [3, 0, 0]]), r"refers to \[4, 0, 0\]; expected .* below 4"),
        (node(4, inputs=[[-1, 0, 0], [3, 0, 0]]), r"refers to \[-1, 0, 0\]"),
        (node(4, inputs=[[2, 1, 0], [3, 0, 0]]), r"refers to \[2, 1, 0\]"),
        (node(4, inputs=[[True, 0, 0], [3, 0, 0]]), r"refers to \[True, 0, 0\]"),
        (node(4, inputs=[2, 3]), "refers to 2"),
        (node(4, inputs=3), "a node 4 without op, name and inputs"),
        (node(1, name=None), "a node 1 without op, name and inputs"),
        (node(1, attrs=[]), r"a node 1 whose attrs are \[\]"),
        (node(1, attrs={"__shape__": "(5, 1, 1)"}), r"fc0_weight has the shape '\(5, 1, 1\)'; expected two lengths"),
        (node(1, attrs={"__shape__": f"({'9' * 5000}, 1)"}), "fc0_weight has the shape"),
        (node(1, attrs={"__shape__": [5, 1]}), r"fc0_weight has the shape \[5, 1\]"),
        (lambda g: g.update(heads=[]), r"has the heads \[\]; expected one"),
        (lambda g: g.update(heads=[[6, 0, 0], [4, 0, 0]]), "expected one"),
        (lambda g: g.update(heads=[[7, 0, 0]]), r"refers to \[7, 0, 0\]"),
        (lambda g: g.update(nodes=[]), "no list of 1 to 64 nodes"),
        (lambda g: g.update(nodes=g["nodes"] * 10), "no list of 1 to 64 nodes"),
        (lambda g: g["nodes"].__setitem__(2, "dot"), "a node 2 without op"),
    ],
)
def test_any_other_graph_is_refused(change: Change, match: str) -> None:
    with pytest.raises(InputError, match=match):
        read_graph(graph(change))


def test_no_second_link_is_applied() -> None:
    def twice(g: dict[str, Any]) -> None:
        g["nodes"].append({**g["nodes"][6], "inputs": [[6, 0, 0], [5, 0, 0]]})
        g["heads"] = [[7, 0, 0]]

    with pytest.raises(InputError, match="computes LogisticRegressionOutput of LogisticRegressionOutput of"):
        read_graph(graph(twice))


def test_the_operators_are_few() -> None:
    assert len(OPERATORS) == 13
