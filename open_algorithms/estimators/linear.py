"""Linear Learner as a classifier and a regressor of scikit-learn."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from linear_learner.objective.losses import LOSSES, LOSSES_BY_PREDICTOR
from linear_learner.objective.model import LinearModel
from linear_learner.options.hyperparameters import declarations
from open_algorithms.doors.algorithms import Algorithm
from open_algorithms.estimators.inputs.reading import read_features
from open_algorithms.estimators.inputs.rows import TableSource
from open_algorithms.estimators.labelled import (
    NATURAL_CUT,
    LabelledClassifier,
    LabelledEstimator,
    LabelledRegressor,
)
from open_algorithms.estimators.parameters import select_parameters, write_text
from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.learning.work import Work

if TYPE_CHECKING:
    from linear_learner.report.schema import Report
    from linear_learner.training.result import TrainingResult

DECIDED = ("predictor_type", "num_classes", "feature_dim", "target", "weight")  # by what fit is given


class LinearEstimator(LabelledEstimator):
    """What the classifier and the regressor have in common."""

    _algorithm = Algorithm("linear_learner", "linear_learner")
    model_: LinearModel

    def __init_subclass__(cls, **keywords: Any) -> None:
        losses = [loss for predictor in cls._predictor_types for loss in LOSSES_BY_PREDICTOR[predictor]]
        possible = {"predictor_type": cls._predictor_types, "loss": losses}
        super().__init_subclass__(parameters=select_parameters(declarations(), DECIDED, possible), **keywords)

    def _margins(self, X: Any) -> Float64s:
        """Return X W + b (n, K) in float64."""
        check_is_fitted(self)
        model = self.model_
        source = read_features(self, X, model.recipe)
        if isinstance(source, TableSource):
            return np.concatenate([model.float64_margins(part) for part in source.iterate_pieces()])
        if source.is_sparse:
            return np.asarray(source.X @ model.float64_weight + model.bias)
        return np.concatenate([model.float64_margins(part) for part in source.raw_pieces()])

    def _build_report(self, result: "TrainingResult", work: Work) -> "Report":
        from linear_learner.report.build import build_report

        return build_report(result, work)

    def _render_report(self) -> str:
        from linear_learner.report.page import render_report

        return render_report(self._report)

    def _write_model(self, folder: Path) -> None:
        from linear_learner.artifact.write import write_artifact

        write_artifact(self.model_, folder)

    @classmethod
    def _kept_parameters(cls, model: LinearModel) -> Mapping[str, Any]:
        return {"loss": model.loss_type, **model.metrics_params}


def has_probabilities(estimator: Any) -> bool:
    """Tell whether an estimator has a probability for each class; raises AttributeError where it has none."""
    loss = estimator.model_.loss_type if hasattr(estimator, "model_") else write_text(estimator.loss).lower()
    if loss == "hinge_loss":
        raise AttributeError("hinge_loss knows no probabilities: see decision_function, or choose another loss")
    return True


class LinearLearnerClassifier(LabelledClassifier, LinearEstimator):
    """Classify by a linear model, the best of a bank of candidates that are trained at once.

    `predict` is the class of the largest probability; `threshold_` is the cut that was calibrated for the criterion.
    """

    _predictor_types = ("binary_classifier", "multiclass_classifier")

    def _decide_predictor(self) -> dict[str, str]:
        if len(self.classes_) > 2:
            return {"predictor_type": "multiclass_classifier", "num_classes": str(len(self.classes_))}
        return {"predictor_type": "binary_classifier"}

    def _orient(self, values: Float64s) -> Float64s:
        """Return values (n, K) of outputs in the order of `classes_`, of two classes (n,) those for the second."""
        numbers = self._classes.numbers
        if len(numbers) > 2:
            return values[:, numbers]
        if values.shape[1] == 2:
            return values[:, numbers[1]] - values[:, numbers[0]]
        return values[:, 0] * self._sign

    def decision_function(self, X: Any) -> Float64s:
        """Return the margin of each class (n, K), of two that of the second (n,), positive where it is the likelier."""
        return self._orient(self._center(self._margins(X)))

    def _center(self, values: Float64s) -> Float64s:
        """Return margins less the one at which two classes are alike."""
        return values - NATURAL_CUT if self.model_.loss_type == "hinge_loss" else values

    @available_if(has_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Float64s:
        """Return the probability of each class (n, K), in the order of `classes_`."""
        margins = self.decision_function(X)
        two_sided = np.column_stack([-margins, margins]) if margins.ndim == 1 else margins
        return LOSSES["logistic" if margins.ndim == 1 else "softmax_loss"].link(two_sided)

    @property
    def coef_(self) -> Float64s:
        """The weights (K, d), of two classes those of the second (1, d)."""
        check_is_fitted(self)
        return np.atleast_2d(self._orient(self.model_.float64_weight).T)

    @property
    def intercept_(self) -> Float64s:
        """The biases (K,), of two classes that of the second (1,)."""
        check_is_fitted(self)
        return self._orient(self._center(np.asarray(self.model_.bias, np.float64)[None, :])).reshape(-1)


class LinearLearnerRegressor(LabelledRegressor, LinearEstimator):
    """Predict a number by a linear model, the best of a bank of candidates that are trained at once."""

    def predict(self, X: Any) -> Float64s:
        """Return the prediction for each row, (n,)."""
        return self._margins(X)[:, 0]

    @property
    def coef_(self) -> Float64s:
        """The weights (d,)."""
        check_is_fitted(self)
        return self.model_.float64_weight[:, 0]

    @property
    def intercept_(self) -> float:
        """The bias."""
        check_is_fitted(self)
        return float(self.model_.bias[0])
