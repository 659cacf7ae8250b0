"""Features to named columns of predictions: labels by the names of their classes, scores, and shares of columns.

Tests: tests/commands/test_predict.py.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from container.contract.errors import DecodeError
from container.rows.blocks import AnswerColumns, all_finite
from container.web.answering import VALUES_AT_ONCE, name_fields
from open_algorithms.commands.predicting.bad_rows import BadRows
from open_algorithms.commands.predicting.reading import Piece
from open_algorithms.learning.columns.values import write_class
from open_algorithms.learning.rows.csr import Csr, Features, slice_rows, take_rows

BASE_NAME, SHARE_NAME = "contribution_base", "contribution_of_{}"


@dataclass
class RowPredictor:
    """Predicts pieces of rows; `explain(model, X)` divides their margins among columns, where that is wanted.

    `rows` counts those that were predicted.
    """

    model: Any
    bad_rows: BadRows
    explain: Callable[[Any, Features], Any] | None = None
    rows: int = field(default=0, init=False)

    @property
    def classes(self) -> Sequence[str | float]:
        """The classes in the order of their numbers, none where labels are numbers."""
        classes: Sequence[str | float] = getattr(self.model, "classes", ())
        return classes

    def predict_piece(self, piece: Piece) -> Iterator[dict[str, Any]]:
        """Yield the columns of predictions of a piece as arrow arrays, kept ones first, in parts of bounded size."""
        values = max(self.model.outputs, self.model.feature_dim) if self._is_wide(piece) else self.model.outputs
        step = max(1, VALUES_AT_ONCE // values)
        for first in range(0, len(piece.numbers), step):
            yield from self._predict_rows(cut_piece(piece, first, min(first + step, len(piece.numbers))))

    def _is_wide(self, piece: Piece) -> bool:
        return self.explain is not None or not isinstance(piece.features, Csr)

    def _predict_rows(self, piece: Piece) -> Iterator[dict[str, Any]]:
        with np.errstate(over="ignore", invalid="ignore"):  # which is told as a score that is not finite
            answer: AnswerColumns = self.model.predict(piece.features)
        good = find_finite(answer)
        if not good.all():
            for number in piece.numbers[~good].tolist():
                problem = "its score is not finite: its features are too large"
                self.bad_rows.handle_row(piece.source, DecodeError(problem, f"{piece.noun} {number}"))
            kept = {name: values.filter(good) for name, values in piece.kept.items()}
            piece = piece._replace(
                features=take_rows(piece.features, np.flatnonzero(good)), kept=kept, numbers=piece.numbers[good]
            )
            answer = {name: values[good] for name, values in answer.items()}
        if len(piece.numbers):
            self.rows += len(piece.numbers)
            yield self._name_columns(piece, answer)

    def _name_columns(self, piece: Piece, answer: AnswerColumns) -> dict[str, Any]:
        """Return the columns by their names."""
        import pyarrow

        labels = {name: values for name, values in answer.items() if values.dtype.kind == "i"}
        scores = {name: values for name, values in answer.items() if name not in labels}
        columns = {name: self._name_classes(values) for name, values in labels.items()}
        split = [part for values in scores.values() for part in values.reshape(len(values), -1).T]
        columns |= dict(zip(name_fields(scores, self.classes), map(pyarrow.array, split), strict=True))
        if self.explain is not None:
            shares = self.explain(self.model, piece.features)
            columns[BASE_NAME] = pyarrow.array(shares.base)
            for name, added in zip(shares.names, shares.added.T, strict=True):
                columns[SHARE_NAME.format(name)] = pyarrow.array(added)
        return {**piece.kept, **dict(zip(rename_taken(list(columns), piece.kept), columns.values(), strict=True))}

    def _name_classes(self, labels: Any) -> Any:
        import pyarrow

        if not self.classes:
            return pyarrow.array(labels)
        names = pyarrow.array([write_class(one) for one in self.classes], pyarrow.string())
        return pyarrow.DictionaryArray.from_arrays(pyarrow.array(labels, pyarrow.int32()), names)


def cut_piece(piece: Piece, first: int, last: int) -> Piece:
    """Return rows `first` to before `last` of a piece."""
    if last - first == len(piece.numbers):
        return piece
    kept = {name: values.slice(first, last - first) for name, values in piece.kept.items()}
    return piece._replace(
        features=slice_rows(piece.features, first, last), kept=kept, numbers=piece.numbers[first:last]
    )


def find_finite(answer: AnswerColumns) -> Any:
    """Return which rows (n,) have finite values only."""
    count = len(next(iter(answer.values())))
    good = np.ones(count, np.bool_)
    for values in answer.values():
        if values.dtype.kind == "f" and not all_finite(values):
            good &= np.isfinite(values).reshape(count, -1).all(axis=1)
    return good


def rename_taken(names: Sequence[str], kept: Any) -> list[str]:
    """Return the names of predictions, with `predicted_` before those that a kept column has.

    >>> rename_taken(["score"], ["id", "score"])
    ['predicted_score']
    """
    renamed = []
    for name in names:
        while name in kept:
            name = f"predicted_{name}"
        renamed.append(name)
    return renamed
