"""What the estimators have in common that learn from labelled rows: classifiers and regressors.

Tests: tests/estimators/test_linear.py, tests/estimators/test_factorization_machines.py.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from open_algorithms.estimators.base import ModelEstimator
from open_algorithms.estimators.inputs.labels import Classes, find_classes, restore_classes
from open_algorithms.estimators.inputs.reading import Training, read_pair, read_training
from open_algorithms.estimators.inputs.rows import MatrixSource, Rows
from open_algorithms.estimators.inputs.tables import name_target
from open_algorithms.estimators.parameters import write_text, write_texts
from open_algorithms.learning.columns.recipe import make_distinct
from open_algorithms.learning.options.selection import usual_selection
from open_algorithms.learning.types.arrays import Float32s, Float64s
from open_algorithms.learning.work import Columns, Work

NATURAL_CUT = 0.5  # of the score, beyond which the positive of two classes is the likelier one


class LabelledEstimator(ModelEstimator):
    """Learns from rows and their labels, and selects on some of them or on those of `validation`.

    A class that an algorithm's others come of says its `_algorithm`, and they the `_predictor_types` that they learn.
    """

    _predictor_types: ClassVar[tuple[str, ...]]

    def _read_training(self, X: Any, y: Any, sample_weight: Any) -> Training:
        self._forget_model()
        return read_training(self, X, y, sample_weight, self._kinds)

    def _learn(self, training: Training, labels: Float32s, validation: Any, decided: Mapping[str, str]) -> None:
        """Train on numbered labels (n,), with what is `decided` of the hyperparameters."""
        texts = {**write_texts(self.get_params(deep=False), self._parameters), **decided}
        if validation is None and not self._algorithm.card.holds_out:
            texts |= usual_selection(texts, self._parameters)
        channels = {"train": Rows(training.source, labels)}
        columns = self._describe_columns(training)
        if validation is not None:
            source, y = read_pair(self, validation, columns.recipe)
            channels["validation"] = Rows(source, self._number_labels(y, "validation"))
        weights = {} if training.weights is None else {"train": training.weights}
        result, work = self._train(texts, channels, columns, weights)
        self._report = self._build_report(result, work)
        self.model_ = result.model

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
        """Return labels (n,), which messages call `what`, as numbers that are learned; raises ValueError for others."""
        raise NotImplementedError

    def _build_report(self, result: Any, work: Work) -> Any:
        """Return the report of a fit."""
        raise NotImplementedError

    @property
    def coef_names_(self) -> NDArray[np.object_]:
        """The names of the features that `coef_` has the weights of: of a table those that its columns become."""
        check_is_fitted(self)
        return np.array(self.model_.feature_names, object)

    @classmethod
    def _check_kind(cls, model: Any, path: str | Path) -> None:
        if model.predictor_type not in cls._predictor_types:
            family: Any = next(kind for kind in cls.__mro__ if "_algorithm" in vars(kind))
            other = next(kind for kind in family.__subclasses__() if model.predictor_type in kind._predictor_types)
            raise ValueError(f"{path} holds a {model.predictor_type}: load it by {other.__name__}.load.")


class LabelledClassifier(ClassifierMixin, LabelledEstimator):  # type: ignore[misc]
    """Learns classes, which may be any values that sort."""

    _classes: Classes

    def fit(self, X: Any, y: Any, sample_weight: Any = None, validation: Any = None) -> Self:
        """Train on rows X (n, d), a matrix or a frame, with labels y (n,); choose by those of `validation`, (X, y).

        Where there is no validation, a part of the rows is held out by `holdout`. Rows count by `sample_weight` (n,).
        """
        training = self._read_training(X, y, sample_weight)
        self._classes = find_classes(training.y, write_text(self.positive_label))
        self.classes_ = self._classes.values
        self._learn(training, self._number_labels(training.y), validation, self._decide_predictor())
        return self

    def _decide_predictor(self) -> dict[str, str]:
        """Return the hyperparameters that follow from the classes; raises ValueError for classes that are too many."""
        raise NotImplementedError

    @property
    def _class_names(self) -> tuple[str | float, ...]:
        return self._classes.names

    def _number_labels(self, y: NDArray[Any], what: str = "y") -> Float32s:
        return self._classes.number_labels(y, what)

    def _take_model(self, model: Any) -> None:
        super()._take_model(model)
        self._classes = restore_classes(model.classes, max(model.outputs, 2))
        self.classes_ = self._classes.values

    @property
    def _sign(self) -> int:
        """What makes the margin of the positive one of two classes that of the second."""
        return 1 if self._classes.numbers[1] else -1

    def decision_function(self, X: Any) -> Float64s:
        """Return the margin of each class (n, K), of two that of the second (n,), positive where it is the likelier."""
        raise NotImplementedError

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likeliest class of each row, (n,)."""
        margins = self.decision_function(X)
        places = (margins > 0).astype(np.intp) if margins.ndim == 1 else margins.argmax(axis=1)
        return np.asarray(self.classes_[places])

    @property
    def threshold_(self) -> float:
        """The calibrated cut of the score of the positive one of two classes: `positive_label`, or the second."""
        check_is_fitted(self)
        if self.model_.predictor_type != "binary_classifier":
            raise AttributeError("threshold_ is there for two classes only")
        threshold: float = self.model_.threshold
        return threshold

    @property
    def _notes(self) -> list[str]:
        if not hasattr(self, "model_") or self.model_.predictor_type != "binary_classifier":
            return []
        if self.threshold_ == NATURAL_CUT:
            return []
        return [
            f"predict says {self.model_.class_names[1]!r} from a score of {NATURAL_CUT} on; threshold_, by which "
            f"`{self._algorithm.word} predict` and the server answer, is {self.threshold_:.4g}."
        ]


class LabelledRegressor(RegressorMixin, LabelledEstimator):  # type: ignore[misc]
    """Learns numbers."""

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
