"""Export a model as an ONNX graph with the same answers as the server.

Tests: tests/commands/test_export.py.
"""

import json
from typing import Any

import numpy as np

from linear_learner.exporting.cut import lowest_positive_margin
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.job.errors import InputError

PRODUCER = "open-linear-learner"
OPSET, IR_VERSION = 17, 8  # old enough for the runtimes of 2022
MOST_BYTES = 2**31 - 2**20  # of one protobuf message, in which little but weights and names takes room
LINKS = {"logistic": ("Sigmoid", {}), "softmax_loss": ("Softmax", {"axis": -1})}


def to_onnx(model: LinearModel) -> bytes:
    """Write the graph: input `features`, outputs `score` and, of a classifier, `predicted_label`.

    As in the server the margin is summed in float64 and rounded to float32, and the score is a float32 of it.
    """
    try:
        import onnx
        from onnx import TensorProto, helper, numpy_helper
    except ImportError:
        raise InputError(f"the package onnx is missing, which writes ONNX: pip install '{PRODUCER}[onnx]'.") from None
    if 4 * model.weight.size > MOST_BYTES:
        raise InputError(
            f"the model's {model.weight.size:,} weights are more than a file of ONNX holds, which is 2 GB; expected at "
            f"most {MOST_BYTES // 4:,}."
        )
    several = model.outputs > 1
    weight = np.asarray(model.weight, np.float32)
    arrays = {"weight": weight if several else weight[:, 0], "bias": model.bias}
    shape: list[Any] = ["N", model.outputs] if several else ["N"]
    outputs = [helper.make_tensor_value_info("score", TensorProto.FLOAT, shape)]
    nodes = []

    def add_node(operator: str, *names: str, **attributes: Any) -> None:
        *inputs, output = names
        nodes.append(helper.make_node(operator, inputs, [output], **attributes))

    for name in ("features", "weight", "bias"):
        add_node("Cast", name, f"wide_{name}", to=TensorProto.DOUBLE)
    add_node("MatMul", "wide_features", "wide_weight", "product")
    add_node("Add", "product", "wide_bias", "sum")
    if model.loss_type in LINKS:
        operator, attributes = LINKS[model.loss_type]
        add_node("Cast", "sum", "margin", to=TensorProto.FLOAT)
        add_node("Cast", "margin", "wide_margin", to=TensorProto.DOUBLE)
        add_node(operator, "wide_margin", "wide_score", **attributes)
        add_node("Cast", "wide_score", "score", to=TensorProto.FLOAT)
    else:
        add_node("Cast", "sum", "score", to=TensorProto.FLOAT)
    if model.predictor_type != "regressor":
        outputs.append(helper.make_tensor_value_info("predicted_label", TensorProto.INT64, ["N"]))
    if model.predictor_type == "multiclass_classifier":
        add_node("ArgMax", "score", "predicted_label", axis=1, keepdims=0)
    elif model.predictor_type == "binary_classifier":
        arrays["lowest_positive"] = np.array(lowest_positive_margin(model), np.float32)
        add_node("GreaterOrEqual", "margin" if model.loss_type in LINKS else "score", "lowest_positive", "positive")
        add_node("Cast", "positive", "predicted_label", to=TensorProto.INT64)
    kind = TensorProto.DOUBLE if model.exact else TensorProto.FLOAT
    features = helper.make_tensor_value_info("features", kind, ["N", model.feature_dim])
    initializers = [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "linear_learner", [features], outputs, initializers)
    made = helper.make_model(
        graph, producer_name=PRODUCER, ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)]
    )
    helper.set_model_props(made, graph_properties(model))
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())


def graph_properties(model: LinearModel) -> dict[str, str]:
    """Return the metadata of the graph."""
    known = {"producer": PRODUCER, "predictor_type": model.predictor_type, "loss": model.loss_type}
    if model.predictor_type == "binary_classifier":
        known["threshold"] = repr(model.threshold)
    if model.names:
        known["feature_names"] = json.dumps(list(model.names), ensure_ascii=False)
    return known
