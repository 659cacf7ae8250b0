"""What the estimators of all algorithms have in common: parameters, a model and its report, saving and loading.

Tests: tests/estimators/test_parameters.py, tests/estimators/test_saving.py, tests/estimators/test_notebook.py.
"""

from collections.abc import Mapping
from inspect import cleandoc
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from open_algorithms.doors.algorithms import Algorithm
from open_algorithms.estimators.fitting.engine import use_engine
from open_algorithms.estimators.fitting.run import Task, Trained, run_fit
from open_algorithms.estimators.inputs.rows import MatrixSource, Rows
from open_algorithms.estimators.notebook import ReportPage, render_card
from open_algorithms.estimators.parameters import describe_parameters, make_constructor, write_text
from open_algorithms.estimators.saving import check_place, save_model
from open_algorithms.learning.columns.wishes import parse_kinds
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.options.declaration import Declaration
from open_algorithms.learning.showing.report_json import plain_value
from open_algorithms.learning.types.arrays import Float32s
from open_algorithms.learning.work import ColumnRequest, Columns


class ModelEstimator(BaseEstimator):  # type: ignore[misc]
    """An algorithm as an estimator: its hyperparameters are the parameters, and `model_` is what a fit has learned.

    A class says which of them are its `parameters`; they become its constructor and a section of its docstring.
    """

    _algorithm: ClassVar[Algorithm]
    _parameters: ClassVar[Mapping[str, Declaration]]
    model_: Any
    _report: Any

    def __init_subclass__(cls, parameters: Mapping[str, Declaration] | None = None, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if parameters is not None:
            cls._parameters = parameters
            cls.__init__ = make_constructor(parameters)  # type: ignore[method-assign]
            cls.__doc__ = f"{cleandoc(cls.__doc__ or '')}\n\n{describe_parameters(parameters.values())}\n"

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    @property
    def _kinds(self) -> dict[str, str]:
        """The kinds that the user says of columns."""
        return parse_kinds(write_text(self.ignore), write_text(self.column_types))

    def _forget_model(self) -> None:
        """Remove the model of an earlier fit, should the one that begins end without one."""
        for name in ("model_", "_report"):
            self.__dict__.pop(name, None)

    def _train(
        self,
        texts: Mapping[str, str],
        channels: Mapping[str, Rows],
        columns: Columns,
        weights: Mapping[str, Float32s] | None = None,
    ) -> Trained:
        """Train by hyperparameters as texts on rows by channel, of which `train` has the columns."""

        def read_columns(request: ColumnRequest) -> Columns:
            source = channels["train"].source
            if not isinstance(source, MatrixSource) or not request.may_shift:
                return columns
            shift = source.find_shift()
            for channel in channels.values():
                channel.subtract(shift)
            return Columns(columns.features, columns.label, shift, classes=columns.classes)

        return run_fit(self._algorithm, Task(texts, channels, read_columns, weights or {}, columns.recipe))

    @property
    def _feature_names(self) -> tuple[str, ...]:
        """The names of the columns of a frame that the estimator is fitted on; none without a frame."""
        return tuple(name.strip() for name in getattr(self, "feature_names_in_", ()))

    def _render_report(self) -> str:
        """Return the page of the report."""
        raise NotImplementedError

    @property
    def report_(self) -> dict[str, Any]:
        """The report of the fit, as in report.json."""
        check_is_fitted(self)
        if not hasattr(self, "_report"):
            raise AttributeError("a model that was loaded has no report: fit writes one")
        found: dict[str, Any] = plain_value(self._report)  # type: ignore[assignment]
        return found

    def report(self) -> ReportPage:
        """Return the report of the fit: a notebook shows its page, a terminal its summary, `save` writes it."""
        values = self.report_
        describe_report = self._algorithm.offered("describe_report") or (lambda report: ())
        return ReportPage(self._render_report(), "\n".join(describe_report(values)))

    def _write_model(self, folder: Path) -> None:
        """Write the files of the model."""
        raise NotImplementedError

    def save(self, path: str | Path) -> None:
        """Write the model to the folder `path`, or to an archive where that ends in .tar.gz.

        It is an artifact as jobs write it: `serve` and `predict` of the command line and SageMaker take it.
        """
        check_is_fitted(self)
        with use_engine():
            save_model(self._write_model, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Load a model from a folder, a model.tar.gz, or an artifact of the original, as a fitted estimator.

        Its parameters are the defaults but for those that a model keeps. Raises ValueError where it is of another kind.
        """
        check_place(Path(path))
        try:
            model = cls._algorithm.answer.load_model(Path(path))
        except InputError as error:
            raise InputError(f"{path}: {error}") from None
        cls._check_kind(model, path)
        defaults = cls().get_params(deep=False)
        kept = cls._kept_parameters(model)
        loaded = cls(**{name: value for name, value in kept.items() if name in defaults and value is not None})
        loaded._take_model(model)
        return loaded

    @classmethod
    def _check_kind(cls, model: Any, path: str | Path) -> None:
        """Raise ValueError for a model that another class loads."""

    @classmethod
    def _kept_parameters(cls, model: Any) -> Mapping[str, Any]:
        """Return the hyperparameters that a model keeps."""
        return {}

    def _take_model(self, model: Any) -> None:
        self.model_ = model
        names = model.names if model.recipe is None else model.recipe.column_names
        self.n_features_in_ = len(names) or model.feature_dim
        if names:
            self.feature_names_in_: NDArray[np.object_] = np.array(names, object)

    @property
    def _notes(self) -> list[str]:
        """What is shown below the parameters."""
        return []

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        return "\n".join([super().__repr__(N_CHAR_MAX), *(f"# {note}" for note in self._notes)])

    def _html_repr(self) -> str:
        shown: str = super()._html_repr()
        render_portrait = self._algorithm.offered("render_portrait")
        if render_portrait is None or not hasattr(self, "model_"):
            return shown
        return shown + render_card(render_portrait(self.model_), self._notes)
