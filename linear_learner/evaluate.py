"""Measure a finished model on labelled rows, by the metrics that a job logs of its channels.

Tests: tests/commands/test_evaluate.py.
"""

from reprlib import repr as shortened

import numpy as np

from linear_learner.measuring.final import Measurement, compute_metrics, objective_name
from linear_learner.objective.model import LinearModel
from linear_learner.options.hyperparameters import Hyperparameters, parse_hyperparameters
from linear_learner.training.channels import label_class_count
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.measuring.metrics import Metric
from open_algorithms.learning.rows.checking import check_blocks
from open_algorithms.learning.types.arrays import Floats
from open_algorithms.learning.work import ColumnRequest, Work


def measure_model(model: LinearModel, work: Work) -> list[Metric]:
    """Return the metrics of the model on the one channel of `work`, each its name, kind and value."""
    return measure_rows(model, work).scores


def report_model(model: LinearModel, work: Work) -> dict[str, str]:
    """Return the report of the model on the one channel of `work` as files by name: JSON and HTML."""
    from linear_learner.report.build import build_model_report  # only now: to measure alone does without
    from linear_learner.report.page import render_report
    from open_algorithms.learning.showing.report_json import encode_report

    measured, objective = measure_rows(model, work), objective_name(trained_hyperparameters(model))
    (files,) = work.file_names.values()
    report = build_model_report(model, objective, measured, files)
    return {"report.json": encode_report(report), "report.html": render_report(report)}


def measure_rows(model: LinearModel, work: Work) -> Measurement:
    """Measure the model on the one channel of `work`."""
    hp = trained_hyperparameters(model)
    ((name, channel),) = work.channels.items()
    shift = work.read_columns(ColumnRequest(model.exact, recipe=model.recipe)).shift
    blocks = check_blocks(name, channel, label_class_count(hp), model.feature_dim)
    if shift is not None and len(shift) == model.feature_dim:
        model = model.absorb_shift(shift)
    else:
        for caveat in model.caveats:
            work.log.warning(caveat)
    return compute_metrics(model, blocks, hp, objective_class_weights(model))


def trained_hyperparameters(model: LinearModel) -> Hyperparameters:
    """Return the hyperparameters that the metrics depend on, from the artifact."""
    kept = {
        name: model.metrics_params.get(name) for name in ("f_beta", "accuracy_top_k", "positive_example_weight_mult")
    }
    texts = {name: str(value) for name, value in kept.items() if value is not None}
    if model.outputs > 1:
        texts["num_classes"] = str(model.outputs)
    return parse_hyperparameters({"predictor_type": model.predictor_type, "loss": model.loss_type, **texts})


def objective_class_weights(model: LinearModel) -> Floats | None:
    """Return the weight of each class in the objective, (C,); None where all are equal."""
    if weights := model.metrics_params.get("class_weights"):
        if not isinstance(weights, list) or len(weights) != max(model.outputs, 2):
            raise InputError(
                f"the model's additional-params.json says class_weights {shortened(weights)}; expected a number for "
                f"each of its {max(model.outputs, 2)} classes."
            )
        return np.array(weights, np.float64)
    positive = model.metrics_params.get("positive_example_weight_mult")
    weighted = model.predictor_type == "binary_classifier" and isinstance(positive, int | float) and positive != 1
    return np.array([1.0, positive]) if weighted else None
