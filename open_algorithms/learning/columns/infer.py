"""Decide what the columns of a table are, by their surveys and by what the user says of them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from open_algorithms.learning.columns.encode import NO_WEIGHT, WEIGHT_ADVICE
from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.columns.kinds import (
    ASKED_KINDS,
    as_boolean,
    as_category,
    as_date,
    as_number,
    find_fitting,
    find_number_notation,
    find_odd_text,
    weigh_numbers,
)
from open_algorithms.learning.columns.notation import PLAIN, find_codes, parse_numbers
from open_algorithms.learning.columns.recipe import (
    CategoryColumn,
    Column,
    LeftOutColumn,
    NumberColumn,
    Recipe,
    Target,
    WeightColumn,
)
from open_algorithms.learning.columns.survey import ColumnSurvey, is_identifier
from open_algorithms.learning.columns.values import canonical_levels, canonical_text, write_class
from open_algorithms.learning.columns.wishes import ColumnWishes, check_names, find_target

IGNORED = "ignored, as asked"  # why a column is left out that the user ignores
LEAST_CONSISTENT_SHARE = 0.95  # of the rows, from which on a text among numbers or dates is a fault
LEAST_FITTING_SHARE = 0.5  # of the rows, from which on it is one where there are few other texts
MOST_STRAY_TEXTS = 5  # which are few
MOST_CATEGORY_NUMBERS = 20  # different numbers or dates that are taken for categories where a text is among them
TOLD_COLUMNS = 5  # of those left out
MOST_LEVEL_BYTES = 8 << 20  # of the levels of all columns, which must fit into the artifact


def infer_recipe(surveys: Sequence[ColumnSurvey], wishes: ColumnWishes) -> Recipe:
    """Decide what each column is, in the order of the surveys; ColumnFault where the values contradict one another.

    The target is the column that the wishes name, or the first one.
    """
    names = [survey.name for survey in surveys]
    target = find_target(names, wishes)
    check_names(names, target, wishes)
    columns = [
        infer_weight(survey) if survey.name == wishes.weight else infer_column(survey, wishes)
        for survey in surveys
        if survey.name != target
    ]
    labels = next((infer_target(survey, wishes) for survey in surveys if survey.name == target), None)
    recipe = Recipe(bound_levels(columns), labels)
    if not recipe.feature_names:
        raise refuse_no_features(recipe)
    return recipe


def refuse_no_features(recipe: Recipe) -> ColumnFault:
    """Return the fault of a table none of whose columns becomes a feature, which says why."""
    left_out = [column for column in recipe.columns if isinstance(column, LeftOutColumn)]
    reasons = "; ".join(f"{column.name!r}: {column.reason}" for column in left_out[:TOLD_COLUMNS])
    more = f"; and {len(left_out) - TOLD_COLUMNS:,} more" if len(left_out) > TOLD_COLUMNS else ""
    return ColumnFault(
        f"no column is left to learn from{' (' if reasons else ''}{reasons}{more}{')' if reasons else ''}",
        advice="Give more columns, or say of what kind one is that is left out, as NAME=KIND in column_types (--types)",
    )


def infer_column(survey: ColumnSurvey, wishes: ColumnWishes) -> Column:
    """Decide what a column is."""
    wished = wishes.types.get(survey.name)
    if wished == "ignore":
        return LeftOutColumn(survey.name, IGNORED)
    if survey.missing == survey.rows:
        return LeftOutColumn(survey.name, "it is empty")
    if wished is not None:
        return follow_wish(survey, wished)
    number = as_number(survey)
    if not survey.missing and (reason := find_no_use(survey, number)):
        return LeftOutColumn(survey.name, reason)
    if number is not None and wishes.names_things(survey.name) and holds_whole_numbers(survey, number):
        return as_category(survey, True) or number
    column: Column | None = number or as_boolean(survey) or as_date(survey)
    if column is None:
        refuse_stray_text(survey)
        column = as_category(survey)
    if column is None:
        different = f"{len(survey.texts):,} different in {survey.rows - survey.missing:,} rows"
        return LeftOutColumn(survey.name, f"text that hardly repeats: {different}")
    return column


def holds_whole_numbers(survey: ColumnSurvey, column: NumberColumn) -> bool:
    """Tell whether all numbers of a column that was surveyed as texts are whole."""
    if not survey.texts:
        return False
    values, _ = weigh_numbers(survey, column.notation)
    return bool((values == np.floor(values)).all())


def infer_weight(survey: ColumnSurvey) -> WeightColumn:
    """Return the column of weights; raises ColumnFault where its texts are no numbers in one notation."""
    notation = find_number_notation(survey, with_codes=True)
    if notation is None and survey.texts:
        raise ColumnFault(NO_WEIGHT, survey.name, find_odd_text(survey, "number"), WEIGHT_ADVICE)
    return WeightColumn(survey.name, notation or PLAIN)


def follow_wish(survey: ColumnSurvey, wished: str) -> Column:
    """Return the column of the kind that the user asked for; raises ColumnFault where its values are not of it."""
    if survey.numbers is not None and wished != "number":
        raise ValueError(f"column {survey.name!r} has to be surveyed as texts")
    column = ASKED_KINDS[wished](survey, True)
    if column is None:
        raise ColumnFault(
            f"its values are no {wished}s, which was asked for",
            survey.name,
            find_odd_text(survey, wished),
            "Say another kind, or leave it to be found out",
        )
    return column


def find_no_use(survey: ColumnSurvey, column: NumberColumn | None) -> str:
    """Return why nothing can be learned from a full column, of numbers or others; empty where something can."""
    own = "each row has a whole number of its own, as an index or an id is"
    same = "it is the same in every row"
    if column is None:
        return same if survey.numbers is None and len(survey.texts) == 1 else ""
    if survey.texts:
        values, weights = weigh_numbers(survey, column.notation)
        return same if not np.ptp(values) else own if weights.max() == 1 and is_identifier(values) else ""
    assert survey.numbers is not None
    return same if survey.numbers.low == survey.numbers.high else own if survey.numbers.is_identifier else ""


def refuse_stray_text(survey: ColumnSurvey) -> None:
    """Raise ColumnFault where the values are numbers, or dates, but for few: of which one is told.

    Values that were read as numbers are never categories beside texts: how they were written is lost.
    """
    present, counts = survey.rows - survey.missing, np.array(survey.counts)
    for kind, noun in (("number", "numbers"), ("date", "dates")):
        fitting = find_fitting(survey, kind)
        odd = np.flatnonzero(~fitting)
        share = 1 - counts[odd].sum() / present
        least = LEAST_FITTING_SHARE if len(odd) <= MOST_STRAY_TEXTS else LEAST_CONSISTENT_SHARE
        if survey.numbers is not None or (share >= least and fitting.sum() > MOST_CATEGORY_NUMBERS):
            many = "many" if share >= LEAST_FITTING_SHARE else "some"
            raise ColumnFault(
                f"{'nearly all' if share >= LEAST_CONSISTENT_SHARE else many} of its values are {noun}",
                survey.name,
                survey.texts[odd[0] if odd.size else 0],
                "Mend it, leave it empty if it is missing, or say the kind of the column, as in "
                f"{survey.name}=category or {survey.name}=ignore",
            )


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
        while left > 0 and levels:
            left -= len(levels.pop().encode()) + 4
        return replace(column, levels=tuple(levels), has_other=True)

    return bound_levels(
        [cut(column) if isinstance(column, CategoryColumn) and column.name == widest else column for column in columns]
    )


def infer_target(survey: ColumnSurvey, wishes: ColumnWishes) -> Target:
    """Decide what the labels are: numbers of a regressor, or classes."""
    if survey.missing == survey.rows:
        raise ColumnFault("it is the target, and empty in every row", survey.name, advice="Say another target")
    if wishes.class_count is not None:
        return Target(survey.name, order_classes(survey, wishes.class_count, wishes))
    column = as_number(survey, True)
    if column is None:
        raise ColumnFault(
            "it is the target, and a regressor predicts numbers",
            survey.name,
            find_odd_text(survey, "number"),
            "For classes say predictor_type=binary_classifier"
            + (" or multiclass_classifier" if wishes.may_have_many_classes else ", of which there may be two"),
        )
    return Target(survey.name, (), column.notation)


def order_classes(survey: ColumnSurvey, count: int, wishes: ColumnWishes) -> tuple[str | float, ...]:
    """Return so many classes in the order of their numbers, or none where they are 0, 1, ... themselves."""
    if survey.numbers is not None:
        raise ValueError(f"column {survey.name!r} has to be surveyed as texts")
    classes = sort_classes(survey.texts)
    whole = [float(number) for number in range(count)]
    if set(classes) <= set(whole):
        classes = whole  # of which not all need be there
    if len(classes) != count:
        shown = ", ".join(repr(write_class(one)) for one in classes[:10]) + (", ..." if len(classes) > 10 else "")
        gone = f", and {survey.missing:,} rows without one (empty, NA, None, ? and the like)" if survey.missing else ""
        raise ColumnFault(
            f"it is the target, and has {len(classes)} classes, {shown}{gone}; expected {count}",
            survey.name,
            advice=advise_class_count(len(classes), may_be_many=wishes.may_have_many_classes),
        )
    if wishes.positive_label:
        classes = put_positive_last(classes, wishes.positive_label, survey.name)
    return () if classes == whole else tuple(classes)


def sort_classes(texts: Sequence[str]) -> list[Any]:
    """Return the distinct classes of texts in their order: numbers where all of them are such and no codes."""
    import pyarrow

    classes = sorted({*filter(None, canonical_levels(pyarrow.array(texts, pyarrow.string())))})
    array = pyarrow.array(classes, pyarrow.string())
    numbers = parse_numbers(array, PLAIN).to_numpy(zero_copy_only=False)
    plain = np.isfinite(numbers) & ~find_codes(array).to_numpy(zero_copy_only=False)
    return np.sort(numbers).tolist() if plain.all() and len({*numbers.tolist()}) == len(classes) else classes


def advise_class_count(count: int, *, may_be_many: bool = True) -> str:
    """Return how to say that there are so many classes."""
    if count < 2:
        return "There is nothing to learn from one class: see that the rows of the other classes are there"
    if count == 2:
        return "Say predictor_type=binary_classifier"
    if not may_be_many:
        return "Make a column of two of them, or say predictor_type=regressor if they are amounts"
    return f"Say predictor_type=multiclass_classifier and num_classes={count}, or regressor if they are amounts"


def put_positive_last(classes: Sequence[Any], positive: str, name: str) -> list[Any]:
    """Return two classes with the positive one second."""
    chosen = [one for one in classes if write_class(one) == canonical_text(positive.strip())]
    if len(classes) != 2 or len(chosen) != 1:
        shown = " and ".join(repr(write_class(one)) for one in classes)
        raise ColumnFault(
            f"positive_label is {positive!r}, and the classes are {shown}", name, advice="Say one of the two"
        )
    return [one for one in classes if one is not chosen[0]] + chosen
