"""What can be said to `train`: data, hyperparameters, and the columns of a table.

Tests: tests/commands/test_main.py, tests/commands/test_train.py.
"""

import argparse
import re
from collections.abc import Mapping
from functools import partial

from open_algorithms.commands.parsing.data import add_type, describe_data
from open_algorithms.commands.parsing.values import parse_assignment, parse_hyperparameter, parse_path
from open_algorithms.commands.parsing.words import CommandParser
from open_algorithms.commands.telling.faults import UsageError
from open_algorithms.learning.job.card import Card
from open_algorithms.learning.options.declaration import Declaration, load_declarations

COLUMN_WORDS = ("target", "ignore", "column_types", "positive_label", "weight")  # that only a table can have
OPTIONS_OF_COLUMNS: Mapping[str, tuple[str, str, str]] = {
    "target": ("--target", "NAME", "the column to predict, by its name in the header"),
    "positive_label": ("--positive", "CLASS", "the class to score, of two"),
    "weight": ("--weight", "NAME", "the column that says how much each row counts"),
    "ignore": ("--ignore", "NAMES", "columns to leave out, separated by commas"),
    "column_types": (
        "--types",
        "NAME=KIND",
        "what columns are, separated by commas: number, boolean, category, date or ignore",
    ),
}
LABEL_ADVICE = "--target NAME says which column is predicted, and --target-first that it is the first one"
LABEL_WORDS = ("label", "labels", "targets", "y", "class", "outcome", "response", "dependent")
NO_LABEL_ADVICE = "{title} predicts no column; --ignore NAMES leaves columns out"
PLACEHOLDERS = {"integer": "N", "float": "X"}


def add_training(train: CommandParser, card: Card) -> None:
    """Declare what can be said to train by an algorithm."""
    learned, *others = card.channels
    declared = load_declarations(card.declaration)
    data_help = describe_data("labelled rows" if learned.labelled else "rows")
    train.add_argument(learned.name, type=parse_path, metavar="DATA", help=data_help)
    if learned.labelled:
        train.add_argument("--target-first", action="store_true", help="the first column is the label")
        train.advice = dict.fromkeys(LABEL_WORDS, LABEL_ADVICE)
    else:
        train.advice = dict.fromkeys(("target", *LABEL_WORDS), NO_LABEL_ADVICE.format(title=card.title))
    for name in card.asked:
        parse = partial(parse_hyperparameter, declared[name])
        option, placeholder = describe_option(declared[name]).split()
        train.add_argument(option, dest=name, type=parse, metavar=placeholder, help=describe_briefly(declared[name]))
    for name, (option, metavar, about) in OPTIONS_OF_COLUMNS.items():
        if name in declared:
            train.add_argument(option, dest=name, metavar=metavar, help=about)
    train.add_argument("--out", type=parse_path, required=True, metavar="FOLDER", help="where to leave the model")
    for channel in others:
        train.add_argument(f"--{channel.name}", type=parse_path, metavar="DATA", help=channel.about)
    train.add_argument(
        "--set", type=parse_assignment, action="append", default=[], metavar="NAME=VALUE", help="a hyperparameter"
    )
    add_type(train)


def describe_option(declaration: Declaration) -> str:
    """Return the option of a hyperparameter and what stands for its value.

    >>> describe_option(declared["num_components"])
    '--num-components N'
    """
    return f"--{declaration.name.replace('_', '-')} {PLACEHOLDERS.get(declaration.type, 'VALUE')}"


def describe_briefly(declaration: Declaration) -> str:
    """Return what a hyperparameter is, as part of a sentence.

    >>> describe_briefly(declared["k"])
    'the number of clusters'
    """
    about = re.split(r"; |\. |\.$", declaration.about)[0]
    return about[:1].lower() + about[1:]


def chosen_hyperparameters(arguments: argparse.Namespace, card: Card) -> dict[str, str]:
    """Return the hyperparameters that were said; raises UsageError where none was said of those that are asked."""
    options = {name: getattr(arguments, name, None) for name in (*card.asked, *COLUMN_WORDS)}
    chosen = dict(arguments.set) | {name: value for name, value in options.items() if value is not None}
    if card.asked and not chosen.keys() & {*card.asked}:
        declared = [load_declarations(card.declaration)[name] for name in card.asked]
        words = ", or ".join(map(describe_option, declared))
        raise UsageError(f"{card.title} needs {declared[0].name}, {describe_briefly(declared[0])}. Say {words}.")
    return chosen
