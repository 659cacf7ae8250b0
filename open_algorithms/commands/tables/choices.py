"""Tell what the training data is, and choose the hyperparameters that follow from it and from what is missing.

Tests: tests/commands/tables/test_source.py, tests/commands/test_train.py.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path

from container.channels.channel import Channel
from container.codecs.delimited.parameters import read_delimiter
from container.contract.errors import ClientError
from open_algorithms.commands.parsing.training import COLUMN_WORDS
from open_algorithms.commands.tables.classes import choose_for_table
from open_algorithms.commands.tables.headers import CSV, is_text, read_first_lines
from open_algorithms.commands.tables.predictors import PREDICTOR_TYPE, choose_predictor
from open_algorithms.commands.tables.source import DataSource, describe_features, describe_source, describe_table
from open_algorithms.commands.telling.faults import CommandError
from open_algorithms.commands.telling.say import print_message
from open_algorithms.doors.algorithms import Algorithm
from open_algorithms.learning.columns.wishes import IGNORE, parse_kinds
from open_algorithms.learning.options.declaration import AUTO, load_declarations, strip_quotes
from open_algorithms.learning.options.selection import FOLDS, HOLDOUT, usual_selection
from open_algorithms.learning.rows.folds import USUAL_FOLDS
from open_algorithms.learning.rows.holdout import USUAL_SHARE

VALIDATION = "validation"
NAMES_ADVICE = "Or put a line with the names of the columns above the rows: then texts, dates and gaps are read, too."


def find_named_column(hyperparameters: Mapping[str, str], labelled: bool) -> tuple[str, str]:
    """Return an option that was said and that needs names of columns, and the column that it names.

    It is that of the target; without labels it is another one. Both are empty where none was said.
    """
    if labelled:
        target = hyperparameters.get("target", "")
        return ("--target" if target else ""), target
    types = hyperparameters.get("column_types", "")
    column = next(iter(parse_kinds(hyperparameters.get("ignore", ""), types)), "")
    return ("" if not column else "--types" if types else "--ignore"), column


def choose_from_data(
    algorithm: Algorithm, channel: Channel, source: DataSource, hyperparameters: Mapping[str, str]
) -> dict[str, str]:
    """Print a description of the training data; return the hyperparameters that follow from its labels.

    They are those of a predictor type, if the algorithm has one.
    """
    declared = load_declarations(algorithm.card.declaration)
    if not source.labelled:
        describe_unlabelled(channel, source, hyperparameters, declared)
        return {}
    offered = declared[PREDICTOR_TYPE].choices if PREDICTOR_TYPE in declared else ()
    if any(hyperparameters.get(name) for name in COLUMN_WORDS) or channel.needs_table():
        names = read_names(channel)
        target, weight = hyperparameters.get("target") or names[0], hyperparameters.get("weight", "")
        check_known(filter(None, (target, weight)), names)
        print_message(describe_table(source, names, target, weight))
        return choose_for_table(hyperparameters, channel, target, offered) if offered else {}
    with closing(iter(channel)) as blocks:
        first = next(blocks)
        print_message(describe_source(source, channel.columns, first))
        if not offered:
            return {}
        labels = (y for _, y in chain([first], blocks))
        return choose_predictor(hyperparameters, labels, source, channel.columns, offered)


def describe_unlabelled(
    channel: Channel, source: DataSource, hyperparameters: Mapping[str, str], declared: Collection[str]
) -> None:
    """Print which columns of data without labels become features, and how to leave some out where that can be said."""
    kinds = parse_kinds(hyperparameters.get("ignore", ""), hyperparameters.get("column_types", ""))
    advice = "; --ignore NAMES leaves some out" if "ignore" in declared else ""
    if kinds or channel.needs_table():
        names = read_names(channel)
        check_known(kinds, names)
        ignored = [name for name in names if kinds.get(name) == IGNORE]
        print_message(f"{describe_features(source, names, ignored)}{advice}.")
        return
    try:
        with closing(iter(channel)) as blocks:
            described = describe_source(source, channel.columns, next(blocks))
    except ClientError as error:
        advice = (
            f" {NAMES_ADVICE}" if source.media.name == CSV and not channel.has_names and begin_with_text(source) else ""
        )
        raise CommandError(f"{error}{advice}") from None
    print_message(f"{described}{advice}." if channel.columns.names else described)


def begin_with_text(source: DataSource) -> bool:
    """Tell whether the first rows of CSV without names hold a text beside other values."""
    lines = read_first_lines(source.files[0][1], read_delimiter(source.media.parameters))
    return any(len(fields) > 1 and any(map(is_text, fields)) for fields in lines)


def read_names(channel: Channel) -> list[str]:
    """Return the names of the columns of a table."""
    return list(next(rows for rows in channel.read_raw_rows() if rows.row_count).columns)


def check_known(asked: Iterable[str], names: Sequence[str]) -> None:
    """Raise CommandError for a column that is not there."""
    for name in asked:
        if name not in names:
            raise CommandError(f"there is no column {name!r}; the columns are {', '.join(map(repr, names))}.")


def choose_holdout(
    algorithm: Algorithm, data: Mapping[str, Path], hyperparameters: Mapping[str, str]
) -> dict[str, str]:
    """Return the hyperparameters by which candidates are compared without rows for that, and print so.

    They are none where the user has chosen one of them, or the algorithm chooses by itself.
    """
    if algorithm.card.holds_out:
        return {}
    chosen = {name: strip_quotes(hyperparameters.get(name, AUTO)).lower() for name in (HOLDOUT, FOLDS)}
    usual = usual_selection(chosen, load_declarations(algorithm.card.declaration))
    if not usual or VALIDATION in data:
        return {}
    if FOLDS not in usual:
        print_message(
            f"{USUAL_SHARE:.0%} of the rows are held out to select on; say --{VALIDATION} DATA for other rows, or "
            f"--set {HOLDOUT}=0 for none."
        )
        return usual
    print_message(
        f"{USUAL_FOLDS} folds of the rows are selected on, or {USUAL_SHARE:.0%} of them held out where they are many; "
        f"say --{VALIDATION} DATA for other rows, or --set {HOLDOUT}=0 for none."
    )
    return usual
