"""What the values of a column are, counted so that the counts of several hosts can be added."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from open_algorithms.learning.columns.values import as_texts, distinct_texts, is_number_array, present_numbers
from open_algorithms.learning.types.arrays import Float64s, Ints

COMPARED_ROWS = 100_000  # rows that are looked at for a number of its own in each
COLLISION_FACTOR = 20  # times the numbers that could be, above which the square of the rows makes chance repeat one
LEAST_IDENTIFIERS = 10  # rows


@dataclass(frozen=True)
class NumberSurvey:
    """The numbers of a column that was read as numbers.

    `quartiles` are the three of them. `is_identifier` is set where each row has a whole number of its own.
    """

    count: int
    mean: float
    low: float
    high: float
    quartiles: tuple[float, float, float]
    is_identifier: bool


@dataclass(frozen=True)
class ColumnSurvey:
    """What a column holds: `missing` of `rows` rows are empty, `numbers` were read as such, all others are texts.

    `texts` are the distinct texts, trimmed, and `counts` how often each is there; the most frequent is first.
    """

    name: str
    rows: int
    missing: int
    numbers: NumberSurvey | None
    texts: tuple[str, ...]
    counts: tuple[int, ...]

    def as_json(self) -> list[Any]:
        """Return the survey as JSON values."""
        numbers = None if self.numbers is None else list(vars(self.numbers).values())
        return [self.name, self.rows, self.missing, numbers, list(self.texts), list(self.counts)]

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> "ColumnSurvey":
        """Return the survey that `as_json` wrote."""
        name, rows, missing, numbers, texts, counts = values
        found = None
        if numbers is not None:
            count, mean, low, high, quartiles, is_identifier = numbers
            found = NumberSurvey(count, mean, low, high, tuple(quartiles), is_identifier)
        return cls(name, rows, missing, found, tuple(texts), tuple(counts))


def survey_column(name: str, parts: Sequence[Any], as_text: bool = False) -> ColumnSurvey:
    """Survey the parts of a column, each an arrow array of float64 or of texts; `as_text` takes numbers for texts."""
    floats = [part for part in parts if is_number_array(part) and not as_text]
    texts, counts = add_counts([count_texts(part) for part in parts if as_text or not is_number_array(part)])
    numbers = np.concatenate([present_numbers(part) for part in floats]) if floats else np.empty(0)
    rows = sum(map(len, parts))
    found = survey_numbers(numbers) if len(numbers) else None
    return ColumnSurvey(name, rows, rows - len(numbers) - sum(counts), found, texts, counts)


def count_texts(values: Any) -> tuple[Any, Ints]:
    """Return the trimmed texts of values (n,), some of which may come again, and in how many rows each is."""
    import pyarrow

    texts, places = distinct_texts(as_texts(values))
    counts = np.bincount(places, minlength=len(texts))
    found = (counts > 0) & texts.is_valid().to_numpy(zero_copy_only=False)
    return texts.filter(pyarrow.array(found)), counts[found]


def add_counts(counted: Sequence[tuple[Any, Any]]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Add up the counts of texts, both (t,); the most frequent is first, of one frequency they are by their letters."""
    import pyarrow

    texts = pyarrow.chunked_array([pyarrow.array(texts, pyarrow.string()) for texts, _ in counted], pyarrow.string())
    counts = pyarrow.chunked_array([pyarrow.array(counts, pyarrow.int64()) for _, counts in counted], pyarrow.int64())
    table = pyarrow.table({"text": texts, "count": counts}).group_by("text", use_threads=False)
    added = table.aggregate([("count", "sum")]).sort_by([("count_sum", "descending"), ("text", "ascending")])
    return tuple(added["text"].to_pylist()), tuple(added["count_sum"].to_pylist())


def survey_numbers(numbers: Float64s) -> NumberSurvey:
    """Survey numbers (n,), at least one, in the order of their rows."""
    head = numbers[:COMPARED_ROWS]
    with np.errstate(over="ignore", invalid="ignore"):  # numbers that float32 cannot hold are refused elsewhere
        quartiles = np.percentile(head, [25, 50, 75])
        return NumberSurvey(
            len(numbers),
            float(numbers.mean()),
            float(numbers.min()),
            float(numbers.max()),
            (float(quartiles[0]), float(quartiles[1]), float(quartiles[2])),
            is_identifier(head),
        )


def is_identifier(numbers: Float64s) -> bool:
    """Tell whether numbers (n,) are whole, all distinct, and so dense that chance would have repeated one."""
    if len(numbers) < LEAST_IDENTIFIERS or not np.isfinite(numbers).all() or (numbers != np.floor(numbers)).any():
        return False
    dense = are_dense(len(numbers), float(numbers.min()), float(numbers.max()))
    return dense and len(np.unique(numbers)) == len(numbers)


def are_dense(count: int, low: float, high: float) -> bool:
    """Tell whether so many whole numbers lie so close that chance would repeat one, but no closer than they can."""
    span = high - low + 1
    return count <= span and count**2 > COLLISION_FACTOR * span


def merge_surveys(surveys: Sequence[ColumnSurvey]) -> ColumnSurvey:
    """Add up the surveys of one column on several hosts; quartiles are averaged by their rows."""
    found = [survey.numbers for survey in surveys if survey.numbers is not None]
    numbers = None
    if found:
        total = sum(one.count for one in found)
        weights = np.array([one.count / total for one in found])
        low, high = min(one.low for one in found), max(one.high for one in found)
        averages = weights @ np.array([(one.mean, *one.quartiles) for one in found])
        mean, first, second, third = np.clip(averages, low, high).tolist()  # rounding may leave the range
        numbers = NumberSurvey(
            total,
            mean,
            low,
            high,
            (first, second, third),
            all(one.is_identifier for one in found) and are_dense(total, low, high),
        )
    rows, missing = (sum(getattr(survey, name) for survey in surveys) for name in ("rows", "missing"))
    counted = add_counts([(survey.texts, survey.counts) for survey in surveys])
    return ColumnSurvey(surveys[0].name, rows, missing, numbers, *counted)
