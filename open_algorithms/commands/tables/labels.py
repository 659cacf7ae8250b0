"""What the labels of a channel are: classes numbered from 0, other classes, amounts, or a row index."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from open_algorithms.learning.types.arrays import Numbers

MOST_CLASSES = 100  # that labels are taken for; larger whole numbers are counts or amounts
MAX_SPARSE_CLASSES = 20  # whole numbers with gaps between them that are still taken for classes
LEAST_ROWS = 10  # that labels must count before they are taken for the numbers of the rows
UNIQUENESS_ROWS = 100_000  # rows, whether each has a label of its own
CHANCE_FACTOR = (
    20  # times the labels that there could be: where the square of the rows exceeds it, chance would repeat one
)


@dataclass(frozen=True)
class LabelSurvey:
    """The distinct labels in ascending order, None where there are more than MOST_CLASSES.

    `numbers_rows` is set where they number the rows consecutively, `is_unique` where each row has a whole number of
    its own.
    """

    values: tuple[float, ...] | None
    numbers_rows: bool = False
    is_unique: bool = False

    @property
    def class_count(self) -> int | None:
        """Return the number of classes where the labels are exactly the integers from 0.

        Two classes need not both occur.
        """
        if self.values is None:
            return None
        count = max(len(self.values), 2)
        return count if set(self.values) <= set(range(count)) else None

    @property
    def unnumbered_classes(self) -> tuple[float, ...]:
        """Return the labels that look like classes but are not numbered from 0; empty where they do not."""
        if self.values is None or self.class_count is not None:
            return ()
        whole = all(value.is_integer() for value in self.values)
        dense = whole and self.values[-1] - self.values[0] == len(self.values) - 1
        return (
            self.values if len(self.values) <= 2 or dense or (whole and len(self.values) <= MAX_SPARSE_CLASSES) else ()
        )


def survey_labels(blocks: Iterable[Numbers], files: int = 1) -> LabelSurvey:
    """Survey labels block by block; stop as soon as they can only be amounts."""
    seen: set[float] | None = set()
    count, first = RowNumbering(files), np.empty(0)
    for y in blocks:
        count.add_labels(y)
        first = np.concatenate([first, y[: UNIQUENESS_ROWS - len(first)]])
        if seen is not None:
            seen.update(np.unique(y).tolist())
            seen = seen if len(seen) <= MOST_CLASSES else None
        if seen is None and not count.may_go_on and (len(first) == UNIQUENESS_ROWS or not are_distinct(first)):
            break
    dense = bool(len(first)) and len(first) ** 2 > CHANCE_FACTOR * (first.max() - first.min() + 1)
    unique = len(first) >= LEAST_ROWS and dense and are_distinct(first)
    return LabelSurvey(None if seen is None else tuple(sorted(seen)), count.is_found, unique)


class RowNumbering:
    """Detects labels that rise by 1 from row to row, starting at 0 or 1, and restart at most once a file."""

    def __init__(self, files: int) -> None:
        self.may_go_on = True
        self._files = files
        self._rows = self._runs = 0
        self._start = self._last = 0.0

    def add_labels(self, y: Numbers) -> None:
        """Continue with the labels (n,) of the next rows."""
        if not (self.may_go_on and len(y)):
            return
        if not self._rows:
            self._start, self._last = float(y[0]), float(y[0])
        anew = np.append(np.asarray(self._last, y.dtype), y[:-1]) + 1 != y
        self._rows += len(y)
        self._runs += int(anew.sum())
        self._last = float(y[-1])
        self.may_go_on = self._start in (0, 1) and bool((y[anew] == self._start).all()) and self._runs <= self._files

    @property
    def is_found(self) -> bool:
        """Return whether the numbering held to the end, over at least LEAST_ROWS rows a run."""
        return self.may_go_on and self._rows >= LEAST_ROWS * max(self._runs, 1)


def are_distinct(y: Numbers) -> bool:
    """Return whether labels (n,) are distinct non-negative whole numbers."""
    return bool((y >= 0).all() and (y == np.floor(y)).all() and len(np.unique(y)) == len(y))
