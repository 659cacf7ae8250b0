"""What can be said to `train`: data, hyperparameters, and the columns of a table.

Tests: tests/commands/test_main.py, tests/commands/test_train.py.
"""

import argparse
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
FOLLOWS_FROM_LABELS = "predictor_type"  # the hyperparameter that the labels decide, unless it is said
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
    for name in find_required(card):
        parse = partial(parse_hyperparameter, declared[name])
        metavar = PLACEHOLDERS.get(declared[name].type, "VALUE")
        about = f"{describe_briefly(declared[name])}; required"
        train.add_argument(option_name(name), dest=name, type=parse, metavar=metavar, help=about)
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


def find_required(card: Card) -> list[str]:
    """Return the names of the hyperparameters that the user has to say."""
    declared = load_declarations(card.declaration).values()
    return [one.name for one in declared if one.default is None and one.name != FOLLOWS_FROM_LABELS]


def option_name(name: str) -> str:
    """Return the option of a hyperparameter.

    >>> option_name("num_components")
    '--num-components'
    """
    return f"--{name.replace('_', '-')}"


def describe_briefly(declaration: Declaration) -> str:
    """Return what a hyperparameter is, as part of a sentence."""
    about = declaration.about.partition(". ")[0].rstrip(".")
    return about[:1].lower() + about[1:]


def chosen_hyperparameters(arguments: argparse.Namespace, card: Card) -> dict[str, str]:
    """Return the hyperparameters that were said; raises UsageError where one is missing that has to be."""
    required = find_required(card)
    options = {name: getattr(arguments, name, None) for name in (*required, *COLUMN_WORDS)}
    chosen = dict(arguments.set) | {name: value for name, value in options.items() if value is not None}
    if missing := [name for name in required if name not in chosen]:
        declared = load_declarations(card.declaration)[missing[0]]
        words = f"{option_name(declared.name)} {PLACEHOLDERS.get(declared.type, 'VALUE')}"
        raise UsageError(f"{card.title} needs {declared.name}, {describe_briefly(declared)}. Say {words}.")
    return chosen
