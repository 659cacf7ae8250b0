"""Write the artifact: the files of an MXNet module, and the original's zip of the same."""

import json
import zipfile
from pathlib import Path
from typing import Any

from linear_learner.artifact.documents import DEVIATIONS
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.artifact.archives import ADDITIONAL_FILE, MODULE_FILES, ORIGINAL_FILE
from open_algorithms.learning.columns.document import write_recipe
from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.engine.saving import save_arrays
from open_algorithms.learning.types.arrays import Floats

PREFIX = "mx-mod"
MANIFEST = {"additional-params.json": "json", "mx-mod": "mxnet_module", "version": 1}
MOST_DEVIATIONS = 2**17  # features, of which the deviations are written: about a megabyte of text
DEVIATION_DIGITS = 7  # of a number in text, about those of float32
OUTPUT_OPERATORS = {"logistic": "LogisticRegressionOutput", "softmax_loss": "SoftmaxOutput"}


def write_artifact(model: LinearModel, directory: Path) -> None:
    """Write the model's files into `directory`, which exists and is empty.

    The files at the top level work with the documented MXNet snippet, so their label is `softmax_label`. Readers
    written for the original expect the same four entries in an uncompressed zip called `model_algo-1`, with the label
    `out_label`. Extensions, such as the names of the features, are at the top level only.
    """
    additional = json.dumps(additional_parameters(model))
    arrays = {"arg:fc0_weight": model.weight, "arg:fc0_bias": model.bias[None, :]}
    save_arrays(directory / f"{PREFIX}-0000.params", arrays)
    (directory / f"{PREFIX}-symbol.json").write_text(build_symbol(model, "softmax_label").tojson(), encoding="utf-8")
    (directory / ADDITIONAL_FILE).write_text(extended_parameters(model) or additional, encoding="utf-8")
    (directory / "manifest.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    entries = {
        "manifest.json": json.dumps(MANIFEST).encode(),
        ADDITIONAL_FILE: additional.encode(),
        f"{PREFIX}-0000.params": (directory / f"{PREFIX}-0000.params").read_bytes(),
        f"{PREFIX}-symbol.json": build_symbol(model, "out_label").tojson().encode(),
    }
    with zipfile.ZipFile(directory / ORIGINAL_FILE, "w", zipfile.ZIP_STORED) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content)  # without the time: the same model is the same file


def build_symbol(model: LinearModel, label: str) -> Any:
    """Build the graph: data . fc0_weight + fc0_bias, and the output operator that turns the margin into the score."""
    features, outputs = model.weight.shape
    weight = mx.sym.Variable("fc0_weight", shape=(features, outputs))
    bias = mx.sym.Variable("fc0_bias", shape=(1, outputs), lr_mult=10.0)
    product = mx.sym.dot(mx.sym.Variable("data"), weight, name="dot0")
    margin = mx.sym.broadcast_add(product, bias, name="broadcast_plus0")
    operator = getattr(mx.sym, OUTPUT_OPERATORS.get(model.loss_type, "LinearRegressionOutput"))
    return operator(margin, mx.sym.Variable(label), name="out")


def extended_parameters(model: LinearModel) -> str | None:
    """Return the additional parameters with our extensions, as JSON; None where there are none.

    The extensions are the recipe of a table, or else the names of features and label, the classes, the float64 bias,
    the features that float32 blurs, and the deviations of features. Names and deviations are left out where the file
    would be too long to be read back.
    """
    names: dict[str, Any] = {"feature_names": list(model.names)} if model.names else {}
    if model.names and model.label_name:
        names["label_name"] = model.label_name
    more: dict[str, Any] = {}
    if model.exact:
        more["bias"] = model.bias.tolist()
    if model.blurred:
        more["blurred_features"] = list(model.blurred)
    if model.label_classes:
        more["classes"] = list(model.label_classes)
    deviations = {} if model.deviations is None else write_deviations(model.deviations)
    if model.recipe is not None:
        columns = more | {"columns": write_recipe(model.recipe)}
        return write_if_short(model, columns | deviations) or write_parameters(model, columns)
    choices = (names | more | deviations, names | more, more | deviations, more)
    return next(filter(None, (write_if_short(model, found) for found in choices if found)), None)


def write_if_short(model: LinearModel, extensions: dict[str, Any]) -> str | None:
    """Return the additional parameters with these extensions; None where the file would be too long to be read back."""
    content = write_parameters(model, extensions)
    return content if len(content.encode()) <= MODULE_FILES.limits[ADDITIONAL_FILE] else None


def write_parameters(model: LinearModel, extensions: dict[str, Any]) -> str:
    """Return the additional parameters with these extensions, as JSON."""
    return json.dumps({**additional_parameters(model), **extensions}, ensure_ascii=model.recipe is None)


def write_deviations(deviations: Floats) -> dict[str, list[float]]:
    """Return the extension that keeps the deviations (d,) of features; none of very many, which would take long."""
    if len(deviations) > MOST_DEVIATIONS:
        return {}
    return {DEVIATIONS: [float(f"{deviation:.{DEVIATION_DIGITS}g}") for deviation in deviations.tolist()]}


def additional_parameters(model: LinearModel) -> dict[str, Any]:
    """Return the additional parameters that the original writes."""
    return {
        "threshold": model.threshold,
        "loss_type": model.loss_type,
        "predictor_type": model.predictor_type,
        "metrics_params": {**model.metrics_params, "threshold": model.threshold},
    }
