"""What the labels of a channel are: classes numbered from 0, other classes, amounts, or no labels at all."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_CLASSES = 100  # that labels are taken for; larger whole numbers are counts or amounts
FEW = 20  # whole numbers with gaps between them that are still taken for classes
LEAST_ROWS = 10  # that labels must count before they are taken for the numbers of the rows


@dataclass(frozen=True)
class Labels:
    """The distinct labels in their order, None where there are more than MOST_CLASSES; whether they count the rows."""

    values: tuple[float, ...] | None
    rows: int
    counting: bool = False

    @property
    def classes(self) -> int | None:
        """Count the classes where the labels are the integers from 0 and each occurs; 0 and 1 need not both."""
        if self.values is None:
            return None
        count = max(len(self.values), 2)
        return count if set(self.values) <= set(range(count)) else None

    @property
    def unnumbered(self) -> tuple[float, ...]:
        """Give the labels that look like classes but are not numbered from 0, none where they do not."""
        if self.values is None or self.classes is not None:
            return ()
        whole = all(value.is_integer() for value in self.values)
        dense = whole and self.values[-1] - self.values[0] == len(self.values) - 1
        return self.values if len(self.values) <= 2 or dense or (whole and len(self.values) <= FEW) else ()


def survey(blocks: Iterable[NDArray[Any]], files: int = 1) -> Labels:
    """Look at labels, block after block, until they are known to be nothing but amounts.

    They count the rows where they rise by 1 from row to row, from 0 or 1 on, and begin anew at most once a file.
    """
    seen: set[float] | None = set()
    rows = runs = 0
    last, first, counting = None, None, True
    for y in blocks:
        if not len(y):
            continue
        rows += len(y)
        if counting:
            first = y[0] if first is None else first
            before = np.concatenate([[first - 1 if last is None else last], y[:-1]]).astype(y.dtype)
            anew = y != before + 1
            runs += int(anew.sum())
            counting = bool(first in (0, 1) and (y[anew] == first).all()) and runs < files
            last = y[-1]
        if seen is not None:
            seen.update(np.unique(y).tolist())
            seen = seen if len(seen) <= MOST_CLASSES else None
        if seen is None and not counting:
            break
    counting = counting and rows >= LEAST_ROWS * (runs + 1)
    return Labels(None if seen is None else tuple(sorted(seen)), rows, counting)
