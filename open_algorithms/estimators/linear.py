"""Linear Learner as a classifier and a regressor of scikit-learn."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from linear_learner.objective.losses import LOSSES, LOSSES_BY_PREDICTOR
from linear_learner.objective.model import LinearModel
from linear_learner.options.hyperparameters import declarations
from open_algorithms.doors.algorithms import Algorithm
from open_algorithms.estimators.base import ModelEstimator
from open_algorithms.estimators.inputs.labels import Classes, find_classes, restore_classes
from open_algorithms.estimators.inputs.reading import Training, read_features, read_pair, read_training
from open_algorithms.estimators.inputs.rows import MatrixSource, Rows, TableSource
from open_algorithms.estimators.inputs.tables import name_target
from open_algorithms.estimators.parameters import (
    select_parameters,
    write_text,
    write_texts,
)
from open_algorithms.learning.columns.recipe import make_distinct
from open_algorithms.learning.options.selection import usual_selection
from open_algorithms.learning.types.arrays import Float32s, Float64s
from open_algorithms.learning.work import Columns

DECIDED = ("predictor_type", "num_classes", "feature_dim", "target", "weight")  # by what fit is given
NATURAL_CUT = 0.5  # of the score, beyond which the positive of two classes is the likelier one


class LinearEstimator(ModelEstimator):
    """What the classifier and the regressor have in common."""

    _algorithm = Algorithm("linear_learner", "linear_learner")
    _predictor_types: ClassVar[tuple[str, ...]]
    model_: LinearModel

    def __init_subclass__(cls, **keywords: Any) -> None:
        losses = [loss for predictor in cls._predictor_types for loss in LOSSES_BY_PREDICTOR[predictor]]
        possible = {"predictor_type": cls._predictor_types, "loss": losses}
        super().__init_subclass__(parameters=select_parameters(declarations(), DECIDED, possible), **keywords)

    def _read_training(self, X: Any, y: Any, sample_weight: Any) -> Training:
        self._forget_model()
        return read_training(self, X, y, sample_weight, self._kinds)

    def _learn(self, training: Training, labels: Float32s, validation: Any, decided: dict[str, str]) -> None:
        """Train on numbered labels (n,), with what is `decided` of the hyperparameters."""
        from linear_learner.report.build import build_report

        texts = {**write_texts(self.get_params(deep=False), self._parameters), **decided}
        if validation is None:
            texts |= usual_selection(texts, self._parameters)
        channels = {"train": Rows(training.source, labels)}
        columns = self._describe_columns(training)
        if validation is not None:
            source, y = read_pair(self, validation, columns.recipe)
            channels["validation"] = Rows(source, self._number_labels(y, "validation"))
        weights = {} if training.weights is None else {"train": training.weights}
        result, work = self._train(texts, channels, columns, weights)
        self.model_ = result.model
        self._report = build_report(result, texts, work.seconds_by_part)

    def _describe_columns(self, training: Training) -> Columns:
        names = self._feature_names
        if isinstance(training.source, MatrixSource):
            label = make_distinct([*names, training.label_name or "label"])[-1] if names else ""
            return Columns(names, label, classes=self._class_names)
        recipe = name_target(training.source.recipe, training.label_name or "label", self._class_names)
        return Columns(recipe.feature_names, training.label_name, recipe=recipe)

    @property
    def _class_names(self) -> tuple[str | float, ...]:
        return ()

    def _number_labels(self, y: NDArray[Any], what: str = "y") -> Float32s:
        raise NotImplementedError

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

    @property
    def coef_names_(self) -> NDArray[np.object_]:
        """The names of the features that `coef_` has the weights of: of a table those that its columns become."""
        check_is_fitted(self)
        return np.array(self.model_.feature_names, object)

    def _render_report(self) -> str:
        from linear_learner.report.page import render_report

        return render_report(self._report)

    def _write_model(self, folder: Path) -> None:
        from linear_learner.artifact.write import write_artifact

        write_artifact(self.model_, folder)

    @classmethod
    def _check_kind(cls, model: LinearModel, path: str | Path) -> None:
        if model.predictor_type not in cls._predictor_types:
            other = next(kind for kind in LinearEstimator.__subclasses__() if kind is not cls)
            raise ValueError(f"{path} holds a {model.predictor_type}: load it by {other.__name__}.load.")

    @classmethod
    def _kept_parameters(cls, model: LinearModel) -> Mapping[str, Any]:
        return {"loss": model.loss_type, **model.metrics_params}


def has_probabilities(estimator: Any) -> bool:
    """Tell whether an estimator has a probability for each class; raises AttributeError where it has none."""
    loss = estimator.model_.loss_type if hasattr(estimator, "model_") else write_text(estimator.loss).lower()
    if loss == "hinge_loss":
        raise AttributeError("hinge_loss knows no probabilities: see decision_function, or choose another loss")
    return True


class LinearLearnerClassifier(ClassifierMixin, LinearEstimator):  # type: ignore[misc]
    """Classify by a linear model, the best of a bank of candidates that are trained at once.

    `predict` is the class of the largest probability; `threshold_` is the cut that was calibrated for the criterion.
    """

    _predictor_types = ("binary_classifier", "multiclass_classifier")
    _classes: Classes

    def fit(self, X: Any, y: Any, sample_weight: Any = None, validation: Any = None) -> Self:
        """Train on rows X (n, d), a matrix or a frame, with labels y (n,); choose by those of `validation`, (X, y).

        Where there is no validation, a part of the rows is held out by `holdout`. Rows count by `sample_weight` (n,).
        """
        training = self._read_training(X, y, sample_weight)
        self._classes = find_classes(training.y, write_text(self.positive_label))
        self.classes_ = self._classes.values
        decided = {"predictor_type": "binary_classifier"}
        if len(self.classes_) > 2:
            decided = {"predictor_type": "multiclass_classifier", "num_classes": str(len(self.classes_))}
        self._learn(training, self._number_labels(training.y), validation, decided)
        return self

    @property
    def _class_names(self) -> tuple[str | float, ...]:
        return self._classes.names

    def _number_labels(self, y: NDArray[Any], what: str = "y") -> Float32s:
        return self._classes.number_labels(y, what)

    def _take_model(self, model: LinearModel) -> None:
        super()._take_model(model)
        self._classes = restore_classes(model.classes, max(model.outputs, 2))
        self.classes_ = self._classes.values

    def _orient(self, values: Float64s) -> Float64s:
        """Return values (n, K) of outputs in the order of `classes_`, of two classes (n,) those for the second."""
        numbers = self._classes.numbers
        if len(numbers) > 2:
            return values[:, numbers]
        if values.shape[1] == 2:
            return values[:, numbers[1]] - values[:, numbers[0]]
        return values[:, 0] * (1 if numbers[1] else -1)

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

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likeliest class of each row, (n,)."""
        margins = self.decision_function(X)
        places = (margins > 0).astype(np.intp) if margins.ndim == 1 else margins.argmax(axis=1)
        return np.asarray(self.classes_[places])

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

    @property
    def threshold_(self) -> float:
        """The calibrated cut of the score of the positive one of two classes: `positive_label`, or the second."""
        check_is_fitted(self)
        if self.model_.predictor_type != "binary_classifier":
            raise AttributeError("threshold_ is there for two classes only")
        return self.model_.threshold

    @property
    def _notes(self) -> list[str]:
        if not hasattr(self, "model_") or self.model_.predictor_type != "binary_classifier":
            return []
        if self.threshold_ == NATURAL_CUT:
            return []
        return [
            f"predict says {self.model_.class_names[1]!r} from a score of {NATURAL_CUT} on; threshold_, by which "
            f"`linear_learner predict` and the server answer, is {self.threshold_:.4g}."
        ]


class LinearLearnerRegressor(RegressorMixin, LinearEstimator):  # type: ignore[misc]
    """Predict a number by a linear model, the best of a bank of candidates that are trained at once."""

    _predictor_types = ("regressor",)

    def fit(self, X: Any, y: Any, sample_weight: Any = None, validation: Any = None) -> Self:
        """Train on rows X (n, d), a matrix or a frame, with labels y (n,); choose by those of `validation`, (X, y).

        Where there is no validation, a part of the rows is held out by `holdout`. Rows count by `sample_weight` (n,).
        """
        training = self._read_training(X, y, sample_weight)
        self._learn(training, self._number_labels(training.y), validation, {"predictor_type": "regressor"})
        return self

    def _number_labels(self, y: NDArray[Any], what: str = "y") -> Float32s:
        with np.errstate(over="ignore"):
            labels = np.asarray(y, np.float32)
        if not np.isfinite(labels).all():
            raise ValueError(f"Input {what} contains a value too large for dtype('float32'), in which it is learned.")
        return labels

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
