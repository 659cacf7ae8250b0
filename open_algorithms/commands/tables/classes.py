"""Choose the predictor type by the target of a table, where the user has not; or ask."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from container.channels.channel import Channel
from container.rows.columns import show_names
from open_algorithms.commands.tables.labels import MOST_CLASSES, LabelSurvey
from open_algorithms.commands.tables.predictors import (
    BINARY,
    MULTICLASS,
    PREDICTOR_TYPE,
    PREDICTORS,
    REGRESSOR,
    describe_amounts,
)
from open_algorithms.commands.telling.faults import CommandError, UsageError
from open_algorithms.commands.telling.say import print_message
from open_algorithms.learning.columns.kinds import find_number_notation
from open_algorithms.learning.columns.survey import ColumnSurvey, survey_column
from open_algorithms.learning.columns.values import is_number_array, present_numbers
from open_algorithms.learning.options.declaration import AUTO, strip_quotes


@dataclass(frozen=True)
class TargetSurvey:
    """The labels of a table: the distinct numbers if all are, None where there are many; else the distinct texts."""

    name: str
    numbers: tuple[float, ...] | None = None
    texts: tuple[str, ...] = ()


def choose_for_table(
    hyperparameters: Mapping[str, str], channel: Channel, target: str, offered: Collection[str] = PREDICTORS
) -> dict[str, str]:
    """Return the hyperparameters that follow from the labels in the column `target`, and print them.

    `offered` are the predictor types that there are. Raises CommandError where its values are no labels of the wanted
    kind.
    """
    found = survey_target(channel, target)
    wanted = strip_quotes(hyperparameters.get(PREDICTOR_TYPE, "")).lower()
    said = strip_quotes(hyperparameters.get("num_classes", AUTO)).lower()
    if wanted == MULTICLASS and said == AUTO:
        return {"num_classes": str(count_classes(found, wanted))}
    return {} if wanted else choose_by_target(found, offered)


def survey_target(channel: Channel, target: str) -> TargetSurvey:
    """Read the labels of all rows."""
    numbers: set[float] | None = set()
    parts: list[Any] = []
    for rows in channel.read_raw_rows([target]):
        if target not in rows.columns:
            raise CommandError(f"{rows.source} has no column {target!r}, which other files have.")
        values = rows.columns[target]
        if not is_number_array(values):
            parts.append(values)
        elif numbers is not None:
            numbers.update(np.unique(present_numbers(values)).tolist())
            numbers = numbers if len(numbers) <= MOST_CLASSES else None
    if not parts:
        return TargetSurvey(target, None if numbers is None else tuple(sorted(numbers)))
    return merge_texts(survey_column(target, parts), numbers)


def merge_texts(survey: ColumnSurvey, numbers: Iterable[float] | None) -> TargetSurvey:
    """Return the survey of labels some of which were read as texts: numbers in a notation, or texts."""
    if len(survey.texts) > 2 and find_number_notation(survey, with_codes=False) is not None:
        return TargetSurvey(survey.name)  # amounts in a notation; two are classes, as two of any kind
    if not survey.texts:
        return TargetSurvey(survey.name, None if numbers is None else tuple(sorted(numbers)))
    return TargetSurvey(survey.name, texts=tuple(sorted(survey.texts)))


def choose_by_target(found: TargetSurvey, offered: Collection[str]) -> dict[str, str]:
    """Choose one of the predictor types by the labels, and print why; raises UsageError where they may be either."""
    name = repr(found.name)
    has_many = MULTICLASS in offered
    if found.texts:
        count = count_classes(found, "")
        why = f"the column {name} holds {count} classes, {show_names(found.texts)}"
    else:
        labels = LabelSurvey(found.numbers)
        if len(found.numbers or (0, 1)) == 1:
            raise CommandError(f"every label in the column {name} is the same: there is nothing to learn.")
        if len(labels.unnumbered_classes) > 2 and has_many:
            shown = ", ".join(f"{value:.9g}" for value in labels.unnumbered_classes[:12])
            raise UsageError(
                f"the column {name} holds {len(labels.unnumbered_classes)} different whole numbers, {shown}. If they "
                f"are amounts, say --set {PREDICTOR_TYPE}={REGRESSOR}; if they are classes, --set "
                f"{PREDICTOR_TYPE}={MULTICLASS}."
            )
        count = labels.class_count or len(labels.unnumbered_classes)
        count = count if count <= 2 or has_many else 0
        why = (
            f"the column {name} holds {count} classes, {show_names([f'{one:.9g}' for one in found.numbers or ()])}"
            if count
            else f"the column {name} holds {describe_amounts(labels)}"
        )
    if count > 2 and not has_many:
        raise CommandError(
            f"{why}; expected two classes, or numbers. Make a column of two of it, such as whether it is "
            f"{found.texts[0]!r}, or say another --target."
        )
    chosen = {PREDICTOR_TYPE: REGRESSOR if not count else BINARY if count == 2 else MULTICLASS}
    if count > 2:
        chosen["num_classes"] = str(count)
    print_message(f"{why}, so this trains a {chosen[PREDICTOR_TYPE]}; say --set {PREDICTOR_TYPE}=... for another.")
    return chosen


def count_classes(found: TargetSurvey, wanted: str) -> int:
    """Return the number of classes; raises CommandError where there are too few or too many."""
    values: Sequence[Any] = found.texts or found.numbers or ()
    name = repr(found.name)
    numbered = LabelSurvey(found.numbers).class_count if found.numbers else None
    count = numbered or len(values)
    if count == 1:
        raise CommandError(f"every label in the column {name} is {values[0]!r}: there is nothing to learn.")
    if not count or (count > MOST_CLASSES and not wanted):
        what = f"{count:,} different texts" if count else f"more than {MOST_CLASSES} different numbers"
        raise CommandError(f"the column {name} holds {what}, too many for classes. Say another --target.")
    if wanted == MULTICLASS and count == 2:
        raise CommandError(f"the column {name} holds two classes. Say --set {PREDICTOR_TYPE}={BINARY}.")
    return count
