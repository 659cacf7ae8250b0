"""Decide what the columns of a table are, by their surveys and by what the user says of them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from open_algorithms.learning.columns import dates
from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.columns.notation import CODE_PATTERN, PLAIN, PLAIN_PATTERN, Notation, find_notation
from open_algorithms.learning.columns.recipe import (
    BooleanColumn,
    CategoryColumn,
    Column,
    DateColumn,
    LeftOutColumn,
    NumberColumn,
    Recipe,
    Target,
)
from open_algorithms.learning.columns.survey import ColumnSurvey
from open_algorithms.learning.columns.values import write_class
from open_algorithms.learning.columns.wishes import ColumnWishes
from open_algorithms.learning.types.arrays import Floats

TRUTH_PAIRS = (("false", "true"), ("no", "yes"), ("f", "t"), ("n", "y"))
LEAST_LEVEL_ROWS = 5  # rows that a level has, or it is one of the others
LEAST_COVERED_SHARE = 0.5  # of the rows, that levels cover, or the column hardly repeats
LEAST_CONSISTENT_SHARE = 0.95  # of the rows, from which on a text among numbers or dates is a fault
MOST_CATEGORY_NUMBERS = 20  # different numbers that are taken for categories where a text is among them
MOST_LEVEL_BYTES = 8 << 20  # of the levels of all columns, which must fit into the artifact
BLUR_RATIO = 2.0**-13  # of its size, below which the spread of a number is better kept by an offset


@dataclass(frozen=True)
class Parts:
    """What a date column's distinct values come to: their days, and the numbers of months, weekdays and hours."""

    mean: float
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    hours: tuple[int, ...]


def infer_recipe(surveys: Sequence[ColumnSurvey], wishes: ColumnWishes) -> Recipe:
    """Decide what each column is, in the order of the surveys; ColumnFault where the values contradict one another.

    The target is the column that the wishes name, or the first one.
    """
    target = find_target([survey.name for survey in surveys], wishes)
    check_names_known([survey.name for survey in surveys], target, wishes)
    columns = [infer_column(survey, wishes.types.get(survey.name)) for survey in surveys if survey.name != target]
    labels = next((infer_target(survey, wishes) for survey in surveys if survey.name == target), None)
    recipe = Recipe(bound_levels(columns), labels)
    if not recipe.feature_names:
        raise ColumnFault("no column is left to learn from", advice="Give more columns, or say their kinds")
    return recipe


def find_target(names: Sequence[str], wishes: ColumnWishes) -> str | None:
    """Return the name of the column that is predicted; None where none is."""
    if not wishes.has_target:
        return None
    if not wishes.target:
        return names[0]
    if wishes.target not in names:
        raise ColumnFault(
            f"there is no column {wishes.target!r}; the columns are {', '.join(map(repr, names))}",
            advice="Say one of them as the target",
        )
    return wishes.target


def check_names_known(names: Sequence[str], target: str | None, wishes: ColumnWishes) -> None:
    """Raise ColumnFault where the user says something of a column that is not there, or of the target."""
    if unknown := [name for name in wishes.types if name not in names]:
        raise ColumnFault(
            f"there is no column {unknown[0]!r}, of which a kind is said; the columns are "
            f"{', '.join(map(repr, names))}",
            advice="Say the name as it is in the header",
        )
    if target is not None and wishes.types.get(target) == "ignore":
        raise ColumnFault("it is the target, and cannot be ignored", target, advice="Say another target")


def infer_column(survey: ColumnSurvey, wished: str | None) -> Column:
    """Decide what a column is."""
    if wished == "ignore":
        return LeftOutColumn(survey.name, "ignored, as asked")
    if survey.missing == survey.rows:
        return LeftOutColumn(survey.name, "it is empty")
    if wished is not None:
        column = WISHED_KINDS[wished](survey)
        if column is None:
            raise ColumnFault(
                f"its values are no {wished}s, which was asked for",
                survey.name,
                find_odd_text(survey, wished),
                "Say another kind, or leave it to be found out",
            )
        return column
    if not survey.missing and is_constant(survey):
        return LeftOutColumn(survey.name, "it is the same in every row")
    if survey.numbers is not None and survey.numbers.is_identifier and not survey.texts and not survey.missing:
        return LeftOutColumn(survey.name, "each row has a whole number of its own, as an index or an id is")
    column = as_number(survey) or as_boolean(survey) or as_date(survey)
    if column is not None:
        return column
    refuse_stray_text(survey)
    return (
        as_category(survey)
        if covered_rows(survey) >= LEAST_COVERED_SHARE * present_rows(survey)
        else LeftOutColumn(
            survey.name,
            f"text that hardly repeats: {distinct_count(survey):,} different in {present_rows(survey):,} rows",
        )
    )


def present_rows(survey: ColumnSurvey) -> int:
    """Return the rows in which the column is not empty."""
    return survey.rows - survey.missing


def distinct_count(survey: ColumnSurvey) -> int:
    """Return how many different texts there are."""
    return len(survey.texts)


def is_constant(survey: ColumnSurvey) -> bool:
    """Tell whether all values are one."""
    if survey.numbers is None:
        return len(survey.texts) == 1
    return not survey.texts and survey.numbers.low == survey.numbers.high


def as_number(survey: ColumnSurvey) -> NumberColumn | None:
    """Return a column of numbers, if all values are numbers in one notation."""
    notation = number_notation(survey)
    if notation is None:
        return None
    values, weights = weighted_numbers(survey, notation)
    total = weights.sum()
    mean = float(values @ (weights / total))
    column = NumberColumn(survey.name, mean, has_missing=survey.missing > 0, notation=notation)
    return replace(column, offset=choose_offset(survey, values, weights))


def number_notation(survey: ColumnSurvey) -> Notation | None:
    """Return how all values are written, if they are numbers in one notation."""
    if not survey.texts:
        return PLAIN if survey.numbers is not None else None
    notation = find_notation(survey.texts)
    if notation is None or (survey.numbers is not None and notation.decimal == ","):
        return None
    return notation


def weighted_numbers(survey: ColumnSurvey, notation: Notation) -> tuple[Floats, Floats]:
    """Return distinct numbers and how often each is there, (n,); those that were read as numbers as their mean."""
    import numpy as np
    import pyarrow

    from open_algorithms.learning.columns.notation import parse_numbers

    values = np.empty(0)
    if survey.texts:
        values = parse_numbers(pyarrow.array(survey.texts, pyarrow.string()), notation).to_numpy(zero_copy_only=False)
    weights = np.array(survey.counts, np.float64)
    if survey.numbers is not None:
        values, weights = np.append(values, survey.numbers.mean), np.append(weights, survey.numbers.count)
    return values, weights


def choose_offset(survey: ColumnSurvey, values: Floats, weights: Floats) -> float:
    """Return what is subtracted from numbers that are large beside their spread, so that float32 keeps their digits."""
    import numpy as np

    if survey.numbers is not None:
        low, middle, high = survey.numbers.quartiles
    else:
        order = np.argsort(values)
        ends = np.cumsum(weights[order])
        low, middle, high = (
            float(values[order][np.searchsorted(ends, share * ends[-1])]) for share in (0.25, 0.5, 0.75)
        )
    spread = high - low or (survey.numbers.high - survey.numbers.low if survey.numbers else float(np.ptp(values)))
    return middle if spread < BLUR_RATIO * abs(middle) else 0.0


def as_boolean(survey: ColumnSurvey) -> BooleanColumn | None:
    """Return a column of truth values, if all texts are of one pair of words for them."""
    words = [text.lower() for text in survey.texts]
    if survey.numbers is not None or not words:
        return None
    for pair in TRUTH_PAIRS:
        if set(words) <= set(pair):
            true = sum(count for word, count in zip(words, survey.counts, strict=True) if word == pair[1])
            return BooleanColumn(survey.name, true / sum(survey.counts), survey.missing > 0)
    return None


def as_date(survey: ColumnSurvey) -> DateColumn | None:
    """Return a column of dates, if all texts are dates in one form."""
    import numpy as np
    import pyarrow

    if survey.numbers is not None or not survey.texts:
        return None
    texts = pyarrow.array(survey.texts, pyarrow.string())
    form = dates.find_form(texts)
    if form is None:
        return None
    found, weights = dates.parse_dates(texts, form), np.array(survey.counts, np.float64)

    def levels(part: str, numbers: Any) -> tuple[int, ...]:
        different = np.unique(numbers).tolist() if dates.shows(form, part) else []
        return tuple(different) if len(different) > 1 else ()

    return DateColumn(
        survey.name,
        form,
        float(found.days @ (weights / weights.sum())),
        levels("month", found.months),
        levels("day", found.weekdays),
        levels("hour", found.hours),
        survey.missing > 0,
    )


def as_category(survey: ColumnSurvey) -> CategoryColumn:
    """Return a column of categories: its frequent texts are levels, the others are one."""
    least = LEAST_LEVEL_ROWS if len(survey.texts) > 2 else 1
    levels = [text for text, count in zip(survey.texts, survey.counts, strict=True) if count >= least]
    return CategoryColumn(survey.name, tuple(levels), len(levels) < len(survey.texts), survey.missing > 0)


def covered_rows(survey: ColumnSurvey) -> int:
    """Return the rows whose text is a level."""
    return sum(count for count in survey.counts if count >= LEAST_LEVEL_ROWS or len(survey.texts) <= 2)


WISHED_KINDS: dict[str, Callable[[ColumnSurvey], Column | None]] = {
    "number": as_number,
    "boolean": as_boolean,
    "category": as_category,
    "date": as_date,
}


def refuse_stray_text(survey: ColumnSurvey) -> None:
    """Raise ColumnFault where nearly all values are numbers, or dates, and some are not: which is told."""
    for kind, noun in (("number", "numbers"), ("date", "dates")):
        fitting = find_fitting_texts(survey, kind)
        read = 0 if survey.numbers is None or kind == "date" else survey.numbers.count
        fits = read + sum(count for count, fit in zip(survey.counts, fitting, strict=True) if fit)
        if fits < LEAST_CONSISTENT_SHARE * present_rows(survey):
            continue
        if kind == "number" and not read and sum(fitting) <= MOST_CATEGORY_NUMBERS:
            continue
        raise ColumnFault(
            f"nearly all of its values are {noun}",
            survey.name,
            next(text for text, fit in zip(survey.texts, fitting, strict=True) if not fit),
            f"Mend it, leave it empty if it is missing, or say the kind of the column, such as {survey.name}=category",
        )


def find_odd_text(survey: ColumnSurvey, kind: str) -> str | None:
    """Return the most frequent text that is not of a kind; None where all are."""
    fitting = find_fitting_texts(survey, kind)
    return next((text for text, fit in zip(survey.texts, fitting, strict=True) if not fit), None)


def find_fitting_texts(survey: ColumnSurvey, kind: str) -> list[bool]:
    """Return which texts are of a kind; of dates, in the form that most of them are in."""
    import numpy as np
    import pyarrow

    if kind == "number":
        return [bool(re.fullmatch(PLAIN_PATTERN, text)) and not re.match(CODE_PATTERN, text) for text in survey.texts]
    if kind == "boolean":
        return [any(text.lower() in pair for pair in TRUTH_PAIRS) for text in survey.texts]
    texts = pyarrow.array(survey.texts, pyarrow.string())
    form = dates.find_form(texts, 0.5)
    if form is None:
        return [False] * len(survey.texts)
    found: list[bool] = (~np.isnan(dates.parse_dates(texts, form).days)).tolist()
    return found


def bound_levels(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Cut the rarest levels of the widest categories until those of all columns fit into the artifact."""
    sizes = {
        column.name: sum(len(level.encode()) + 4 for level in column.levels)
        for column in columns
        if isinstance(column, CategoryColumn)
    }
    excess = sum(sizes.values()) - MOST_LEVEL_BYTES
    if excess <= 0:
        return tuple(columns)
    widest = max(sizes, key=lambda name: sizes[name])

    def cut(column: CategoryColumn) -> CategoryColumn:
        levels, left = list(column.levels), excess
        while left > 0 and len(levels) > 1:
            left -= len(levels.pop().encode()) + 4
        return replace(column, levels=tuple(levels), has_other=True)

    return bound_levels(
        [cut(column) if isinstance(column, CategoryColumn) and column.name == widest else column for column in columns]
    )


def infer_target(survey: ColumnSurvey, wishes: ColumnWishes) -> Target:
    """Decide what the labels are: numbers of a regressor, or classes."""
    if survey.missing == survey.rows:
        raise ColumnFault("it is the target, and empty in every row", survey.name, advice="Say another target")
    if wishes.class_count is None:
        notation = number_notation(survey)
        if notation is None:
            raise ColumnFault(
                "it is the target, and a regressor predicts numbers",
                survey.name,
                find_odd_text(survey, "number"),
                "For classes say predictor_type=binary_classifier or multiclass_classifier",
            )
        return Target(survey.name, (), notation)
    return Target(survey.name, order_classes(survey, wishes))


def order_classes(survey: ColumnSurvey, wishes: ColumnWishes) -> tuple[str | float, ...]:
    """Return the classes in the order of their numbers, or none where they are 0, 1, ... themselves."""
    count = wishes.class_count or 0
    texts = sorted(survey.texts)
    numbers = [float(text) for text, fit in zip(survey.texts, find_fitting_texts(survey, "number"), strict=True) if fit]
    classes: list[str] | list[float] = sorted(numbers) if len(numbers) == len(texts) else texts
    if len(numbers) == len(texts) and set(numbers) <= set(range(count)):
        classes = [float(number) for number in range(count)]
    if len(classes) != count:
        shown = ", ".join(repr(text) for text in texts[:10]) + (", ..." if len(texts) > 10 else "")
        raise ColumnFault(
            f"it is the target, and has {len(texts)} classes, {shown}; expected {count}",
            survey.name,
            advice=advise_class_count(len(texts)),
        )
    if wishes.positive_label:
        classes = put_positive_last(classes, wishes.positive_label, survey.name)
    whole = [float(number) for number in range(count)]
    if classes == whole:
        return ()
    return tuple(float(one) for one in classes) if numbers and len(numbers) == len(texts) else tuple(map(str, classes))


def advise_class_count(count: int) -> str:
    """Return how to say that there are so many classes."""
    if count < 2:
        return "There is nothing to learn from one class: see that the rows of the other classes are there"
    if count == 2:
        return "Say predictor_type=binary_classifier"
    return f"Say predictor_type=multiclass_classifier and num_classes={count}, or regressor if they are amounts"


def put_positive_last(classes: Sequence[Any], positive: str, name: str) -> list[Any]:
    """Return two classes with the positive one second."""
    chosen = [one for one in classes if write_class(one) == positive.strip()]
    if len(classes) != 2 or len(chosen) != 1:
        shown = " and ".join(repr(write_class(one)) for one in classes)
        raise ColumnFault(
            f"positive_label is {positive!r}, and the classes are {shown}", name, advice="Say one of the two"
        )
    return [one for one in classes if one is not chosen[0]] + chosen
