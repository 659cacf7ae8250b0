"""Factorization Machines as a classifier and a regressor of scikit-learn."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.utils.validation import check_is_fitted

from open_algorithms.doors.algorithms import Algorithm
from open_algorithms.estimators.inputs.reading import read_features
from open_algorithms.estimators.inputs.rows import take_pieces
from open_algorithms.estimators.labelled import LabelledClassifier, LabelledEstimator, LabelledRegressor
from open_algorithms.estimators.parameters import select_parameters
from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.artifact.write import write_artifact
from open_algorithms.factorization_machines.evaluate import read_beta
from open_algorithms.factorization_machines.options.hyperparameters import declarations
from open_algorithms.factorization_machines.report.schema import Report
from open_algorithms.factorization_machines.training.result import TrainingResult
from open_algorithms.learning.types.arrays import Float64s
from open_algorithms.learning.work import Work

DECIDED = ("predictor_type", "feature_dim", "target")  # by what fit is given


class FactorizationMachine(LabelledEstimator):
    """What the classifier and the regressor have in common.

    A row x has the score `intercept_ + x @ coef_`, and for each pair of features the product of their numbers times
    the product `factors_[i] @ factors_[j]`. Numbers further than four deviations from their mean count as no further.
    """

    _algorithm = Algorithm("factorization_machines", "open_algorithms.factorization_machines")
    model_: FactorModel

    def __init_subclass__(cls, **keywords: Any) -> None:
        possible = {"predictor_type": cls._predictor_types}
        super().__init_subclass__(parameters=select_parameters(declarations(), DECIDED, possible), **keywords)

    def _margins(self, X: Any) -> Float64s:
        """Return the scores of rows before any link, (n,), in float64."""
        check_is_fitted(self)
        source = read_features(self, X, self.model_.recipe)
        return np.concatenate([self.model_.margins(piece) for piece in take_pieces(source)])

    @property
    def coef_(self) -> Float64s:
        """The linear weights (d,), of a classifier those of the score of the positive class."""
        check_is_fitted(self)
        return self.model_.fold_centers()[1]

    @property
    def factors_(self) -> Float64s:
        """The factors of each feature, (d, k): k may be larger than `num_factors` where candidates were averaged."""
        check_is_fitted(self)
        return np.asarray(self.model_.factors, np.float64)

    @property
    def intercept_(self) -> float:
        """The bias."""
        check_is_fitted(self)
        return self.model_.fold_centers()[0]

    def _build_report(self, result: TrainingResult, work: Work) -> Report:
        from open_algorithms.factorization_machines.report.build import build_report

        return build_report(result, work)

    def _render_report(self) -> str:
        from open_algorithms.factorization_machines.report.page import render_report

        return render_report(self._report)

    def _write_model(self, folder: Path) -> None:
        write_artifact(self.model_, folder)

    @classmethod
    def _kept_parameters(cls, model: FactorModel) -> Mapping[str, Any]:
        return {"f_beta": read_beta(model.settings["f_beta"])} if "f_beta" in model.settings else {}


class FactorizationMachineClassifier(LabelledClassifier, FactorizationMachine):
    """Tell two classes apart by a factorization machine, a mean of the best of candidates that are trained at once.

    `predict` is the class of the larger probability; `threshold_` is the cut that was calibrated for the criterion.
    `coef_`, `factors_` and `intercept_` make the score of `positive_label`, or of the second class.
    """

    _predictor_types = ("binary_classifier",)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def _decide_predictor(self) -> dict[str, str]:
        if (count := len(self.classes_)) > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is multiclass: y has "
                f"{count} classes. Fit one machine for each class against the others, as by OneVsRestClassifier of "
                "scikit-learn."
            )
        return {"predictor_type": "binary_classifier"}

    def decision_function(self, X: Any) -> Float64s:
        """Return the margin of the second class, (n,), positive where it is the likelier."""
        return self._margins(X) * self._sign

    def predict_proba(self, X: Any) -> Float64s:
        """Return the probability of each class (n, 2), in the order of `classes_`."""
        margins = self.decision_function(X)
        return np.column_stack([expit(-margins), expit(margins)])


class FactorizationMachineRegressor(LabelledRegressor, FactorizationMachine):
    """Predict a number by a factorization machine, a mean of the best of candidates that are trained at once."""

    def predict(self, X: Any) -> Float64s:
        """Return the prediction for each row, (n,)."""
        return self._margins(X)
