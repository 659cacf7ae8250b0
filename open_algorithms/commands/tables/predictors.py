"""Choose the predictor type by the labels where the user has not; or refuse them, with advice.

Tests: tests/commands/tables/test_labels.py.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from container.rows.table import ChannelColumns
from open_algorithms.commands.tables.labels import MOST_CLASSES, LabelSurvey, survey_labels
from open_algorithms.commands.tables.recipes import list_labels, list_numbers, numbering_command
from open_algorithms.commands.tables.source import DataSource, describe_label
from open_algorithms.commands.telling.faults import CommandError
from open_algorithms.commands.telling.say import print_message
from open_algorithms.learning.options.declaration import AUTO, strip_quotes
from open_algorithms.learning.types.arrays import Numbers

BINARY, MULTICLASS, REGRESSOR = PREDICTORS = ("binary_classifier", "multiclass_classifier", "regressor")
PREDICTOR_TYPE = "predictor_type"  # the hyperparameter
Recipe = Callable[[Sequence[float]], str]

REGRESSOR_ADVICE = "say --set predictor_type=regressor"


def choose_predictor(
    hyperparameters: Mapping[str, str],
    blocks: Iterable[Numbers],
    source: DataSource,
    table: ChannelColumns,
    offered: Collection[str] = PREDICTORS,
) -> dict[str, str]:
    """Return the hyperparameters that follow from the labels, and print them; empty where the user has set them.

    `offered` are the predictor types that there are. Raises CommandError where the labels are classes not numbered from
    0, or a row index.
    """
    wanted = strip_quotes(hyperparameters.get(PREDICTOR_TYPE, "")).lower()
    if wanted not in ("", BINARY, MULTICLASS):
        return {}
    labels = survey_labels(blocks, len(source.files))
    said = strip_quotes(hyperparameters.get("num_classes", AUTO))
    label = table.names.label if table.names else ""
    files = [file for _, file in source.files]
    recipe = partial(numbering_command, path=source.path, files=files, media=source.media, label=label)
    has_many = MULTICLASS in offered
    if labels.numbers_rows or labels.is_unique:
        raise CommandError(describe_index(labels, source.has_label_column))
    is_amount = not has_many and not wanted and (labels.class_count or len(labels.unnumbered_classes)) > 2
    if not is_amount:
        check_labels_fit(labels, wanted, None if said.lower() == AUTO else said, recipe, has_many=has_many)
    return {} if wanted else choose_by_labels(labels, describe_label(source, table), is_amount=is_amount)


def check_labels_fit(
    labels: LabelSurvey, wanted: str, num_classes: str | None, recipe: Recipe, *, has_many: bool
) -> None:
    """Raise CommandError where the labels do not suit the `wanted` classifier, or any where none is wanted.

    Classifiers may tell more than two classes apart where there `has_many`.
    """
    classes, values = labels.class_count, labels.unnumbered_classes
    most = 2 if wanted == BINARY else int(num_classes) if num_classes and num_classes.isdecimal() else None
    if values and not (most and all(value in range(most) for value in values)):
        raise CommandError(describe_classes(values, wanted, recipe))
    if wanted == BINARY and classes and classes > 2:
        advice = f"If they are amounts, {REGRESSOR_ADVICE}"
        if has_many:
            advice = f"Say --set predictor_type={MULTICLASS} --set num_classes={classes}"
        raise CommandError(
            f"the labels are the integers 0 to {classes - 1}, and a binary_classifier takes 0 and 1. {advice}."
        )
    if wanted == MULTICLASS and classes and num_classes is None:
        what = f"num_classes={classes}" if classes > 2 else f"predictor_type={BINARY}"
        raise CommandError(f"the labels are the integers 0 to {classes - 1}: say --set {what}.")


def describe_index(labels: LabelSurvey, tabular: bool) -> str:
    """Describe labels that are a row index, and what to do about them."""
    what = "the first column, the label," if tabular else "the label"
    how = "counts the rows one by one, as an index does"
    if not labels.numbers_rows:
        how = "is another whole number in every row, as an index or an id is"
    return (
        f"{what} {how}. Write the data without it (pandas: index=False), the label first; if that is the label, "
        f"{REGRESSOR_ADVICE}."
    )


def describe_classes(values: Sequence[float], wanted: str, recipe: Recipe) -> str:
    """Describe labels that are not numbered from 0, and how to number them."""
    if len(values) == 1:
        return f"every label is {values[0]:.9g}: there is nothing to learn. See that the label is the first column."
    more = f", with --set num_classes={len(values)}" if wanted == MULTICLASS and len(values) > 2 else ""
    amounts = "If they are amounts" if len(values) > 2 else "If they are no classes"
    return (
        f"the labels are {list_labels(values)}; expected classes numbered from 0. Write {list_numbers(values)}, in "
        f"every file, those of --validation and --test too, and train on what this leaves{more}:\n{recipe(values)}\n"
        f"{amounts}, {REGRESSOR_ADVICE}."
    )


def choose_by_labels(labels: LabelSurvey, label: str, *, is_amount: bool = False) -> dict[str, str]:
    """Choose the predictor type by the labels and print why; `label` names their column.

    More than two whole numbers are amounts, and no classes, where `is_amount` says so.
    """
    if labels.class_count is None or is_amount:
        found, why = (
            {"predictor_type": REGRESSOR},
            f"the label{label and f', {label},'} holds {describe_amounts(labels)}",
        )
    elif labels.class_count == 2:
        found, why = {"predictor_type": BINARY}, "all labels are 0 or 1"
    else:
        found = {"predictor_type": MULTICLASS, "num_classes": f"{labels.class_count}"}
        why = f"the labels are the integers 0 to {labels.class_count - 1}"
    print_message(f"{why}, so this trains a {found['predictor_type']}; say --set predictor_type=... for another.")
    return found


def describe_amounts(labels: LabelSurvey) -> str:
    """Describe why the labels are amounts rather than classes."""
    if labels.values is None:
        return f"more than {MOST_CLASSES} different values"
    if fraction := next((value for value in labels.values if not value.is_integer()), None):
        return f"fractions, such as {fraction:.9g}"
    gaps = "" if labels.class_count or not has_gaps(labels.values) else " with gaps between them"
    return f"{len(labels.values)} different whole numbers{gaps}"


def has_gaps(values: Sequence[float]) -> bool:
    """Tell whether whole numbers, ascending, leave some out."""
    return bool(values) and values[-1] - values[0] >= len(values)
