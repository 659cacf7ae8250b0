"""The labels of a classifier: any values that sort, numbered for training."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from open_algorithms.learning.columns.values import canonical_text, write_class
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.types.arrays import Float32s, Int64s

TRUTHS = ("false", "true")  # how arrow writes the values of a column of booleans
MOST_EXACT = 2**53  # of whole numbers that a float tells apart
SHOWN = 10  # classes in a message


@dataclass(frozen=True)
class Classes:
    """The classes (K,) as scikit-learn sorts them, the number that each has in training, and their names there.

    `names` are in the order of the numbers; there are none where the labels are the numbers themselves.
    """

    values: NDArray[Any]
    numbers: Int64s
    names: tuple[str | float, ...]

    def number_labels(self, y: NDArray[Any], what: str) -> Float32s:
        """Return the numbers of labels (n,), which messages call `what`; raises InputError for another label."""
        try:
            places = np.searchsorted(self.values, y).clip(max=len(self.values) - 1)
        except TypeError:  # labels that do not sort among the classes, as numbers among texts
            found = {value: place for place, value in enumerate(self.values.tolist())}
            places = np.array([found.get(label, 0) for label in y.tolist()])
        if (wrong := np.flatnonzero(self.values[places] != y)).size:
            raise InputError(
                f"{what} has the label {show_classes(y[wrong[:1]])} in row {wrong[0]} (the first is 0), which is not "
                f"among those that are learned from; expected one of {show_classes(self.values)}."
            )
        return np.asarray(self.numbers[places], np.float32)


def find_classes(y: NDArray[Any], positive: str = "") -> Classes:
    """Return the classes of labels (n,); of two the one named `positive`, where that is given, is number 1.

    Raises InputError for a single class, and where `positive` is none of two.
    """
    values = np.unique(y)
    if len(values) < 2:
        raise InputError(f"y has one class, {show_classes(values)}; expected two classes or more to tell apart.")
    names = name_classes(values)
    numbers = np.arange(len(values))
    if positive:
        chosen = [i for i, name in enumerate(names) if write_class(name) in (positive, canonical_text(positive))]
        if len(values) != 2 or len(chosen) != 1:
            raise InputError(
                f"positive_label is {positive!r}, and the classes are {show_classes(values)}; expected one of two."
            )
        numbers = numbers if chosen == [1] else numbers[::-1]
    ordered = tuple(names[i] for i in np.argsort(numbers))
    return Classes(values, numbers, () if ordered == tuple(range(len(values))) else ordered)


def name_classes(values: NDArray[Any]) -> list[str | float]:
    """Return classes (K,) as an artifact keeps them: numbers as numbers, truth values as in a table, others as texts.

    >>> name_classes(np.array([-1, 1])), name_classes(np.array([False, True]))
    ([-1.0, 1.0], ['false', 'true'])
    """
    if values.dtype.kind == "b":
        return [TRUTHS[bool(value)] for value in values]
    try:
        numbers = values.astype(np.float64) if values.dtype.kind in "iuf" or not_texts(values) else None
    except (TypeError, ValueError):
        numbers = None
    if numbers is not None and (np.abs(numbers) <= MOST_EXACT).all():
        return [float(number) for number in numbers]
    return [str(value) for value in values]


def not_texts(values: NDArray[Any]) -> bool:
    """Tell whether values of any kind are no texts."""
    return values.dtype.kind == "O" and not any(isinstance(value, str) for value in values)


def restore_classes(names: tuple[str | float, ...], count: int) -> Classes:
    """Return the classes of a model that was loaded, by their names in the order of numbers; 0, 1, ... without any."""
    if set(names) == {*TRUTHS}:
        found: NDArray[Any] = np.array([name == TRUTHS[1] for name in names])
    elif names and not isinstance(names[0], str):
        found = np.array(names, np.float64)
        found = found.astype(np.int64) if (found % 1 == 0).all() else found
    else:
        found = np.array(names, object) if names else np.arange(count)
    order = np.argsort(found)
    return Classes(found[order], order, names)


def show_classes(values: NDArray[Any]) -> str:
    """Return classes as a message shows them, of many the first."""
    more = ", ..." if len(values) > SHOWN else ""
    return ", ".join(repr(value) for value in values[:SHOWN].tolist()) + more
