"""Export a model as the attributes of a fitted scikit-learn estimator.

Tests: tests/commands/test_export.py, tests/linear_learner/exporting/test_raw_columns.py.
"""

import json
from typing import Any

import numpy as np

from linear_learner.exporting.columns.encoders import write_encoders
from linear_learner.exporting.columns.words import TRUTH_WORDS
from linear_learner.exporting.cut import float64_threshold
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.columns.notation import MISSING_WORDS
from open_algorithms.learning.columns.values import write_class


def to_sklearn(model: LinearModel) -> bytes:
    """Write the estimator's class and attributes as JSON, every number as the double that the float32 is.

    With a recipe `encoders` say how raw columns become the features.
    """
    weight, bias = np.asarray(model.weight, np.float64), np.asarray(model.bias, np.float64)
    coef, intercept = weight.T.tolist(), bias.tolist()
    found: dict[str, Any] = {}
    names = model.classes
    if model.predictor_type == "regressor":
        estimator, coef, intercept = "LinearRegression", coef[0], intercept[0]
        found["note"] = "predict is the score."
    elif model.loss_type == "hinge_loss":
        estimator, intercept = "LinearSVC", [intercept[0] - float64_threshold(model)]
        found["note"] = (
            "The threshold is taken off intercept_, so that predict is the predicted label; decision_function is the "
            "score less the threshold."
        )
    elif model.outputs == 2:
        estimator, coef = "LogisticRegression", [(weight[:, 1] - weight[:, 0]).tolist()]
        intercept = [intercept[1] - intercept[0]]
        found["note"] = (
            "Of two classes scikit-learn keeps one row, which is class 1 less class 0: predict_proba is the score and "
            "predict the predicted label."
        )
    else:
        estimator = "LogisticRegression"
        found["note"] = "predict_proba is the score and predict the predicted label."
        if model.predictor_type == "binary_classifier":
            found["note"] = (
                "predict_proba[:, 1] is the score; the predicted label is "
                f"{write_class(names[1]) if names else 1} where it reaches the threshold."
            )
    found |= {"coef_": coef, "intercept_": intercept, "n_features_in_": model.feature_dim}
    if model.predictor_type != "regressor":
        found["classes_"] = list(names or range(max(model.outputs, 2)))
    if model.names:
        found["feature_names_in_"] = list(model.names)
    if model.predictor_type == "binary_classifier":
        found["threshold"] = model.threshold
    if model.recipe is not None:
        found["note"] += " The features are made from raw columns as encoders say."
        found |= {
            "encoders": write_encoders(model.recipe),
            "missing_words": list(MISSING_WORDS),
            "true_words": list(TRUTH_WORDS[True]),
        }
    return (json.dumps({"estimator": estimator, **found}, allow_nan=False) + "\n").encode()
