"""The words of the command line: the commands of an algorithm, their arguments, and advice for words that are none.

Tests: tests/commands/test_main.py.
"""

import argparse
import re
from functools import partial
from pathlib import Path

from container.codecs.delimited.fields import DELIMITER_NAMES
from container.codecs.delimited.parameters import read_delimiter
from container.contract.errors import DecodeError
from open_algorithms import VERSION
from open_algorithms.commands.words import CommandParser
from open_algorithms.doors.algorithms import Algorithm
from open_algorithms.learning.columns.wishes import parse_names
from open_algorithms.learning.options.declaration import load_declarations

COLUMN_WORDS = ("target", "ignore", "column_types", "positive_label", "weight")  # that only a table can have
LABEL_ADVICE = "--target NAME says which column is predicted, and --target-first that it is the first one"
LABEL_WORDS = ("label", "labels", "targets", "y", "class", "outcome", "response", "dependent")
PREDICT_ADVICE = "the command is `predict`: predict MODEL ROWS --out FILE"
PREDICT_WORDS = ("prediction", "predictions", "score", "infer", "inference", "transform", "apply")
MODEL_HELP = "a folder with a model, a model.tar.gz or a model_algo-1: of this project or of Amazon's own algorithm"
DATA_HELP = "a file of {rows}, or a folder of such files"
SEPARATOR_HELP = "the sign between the fields of CSV: comma, semicolon, tab or pipe; else its first line shows it"
CONTENT_TYPE_HELP = "what the data is, such as text/csv; else its names and first bytes decide"


def build_parser(algorithm: Algorithm) -> CommandParser:
    """Declare the commands for an algorithm."""
    card = algorithm.card
    learned, *others = card.channels
    data_help = DATA_HELP.format(rows="labelled rows" if learned.labelled else "rows")
    label_help = "; without names of columns, the first is the label" if learned.labelled else ""
    about = f"{card.title}: train, look into, measure and export models, predict by them and serve them."
    top = CommandParser(algorithm.word, description=about)
    top.advice = dict.fromkeys(PREDICT_WORDS, PREDICT_ADVICE)
    top.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    command = partial(top.add_command, commands)

    inspect = command("inspect", "show what is in a model")
    inspect.add_argument("model", type=parse_path, metavar="MODEL", help=MODEL_HELP)

    export = command("export", f"write a model as {', '.join(card.exports.values()) or 'what others read'}")
    export.add_argument("model", type=parse_path, metavar="MODEL", help=MODEL_HELP)
    export.add_argument("--to", required=True, choices=card.exports or None, help="the format of the model")
    export.add_argument(
        "--out", type=parse_path, metavar="FILE", help="where to write; required with onnx, else stdout"
    )
    export.add_argument("--table", default="features", metavar="NAME", help="the table that the SQL reads (features)")

    evaluate = command("evaluate", "score labelled rows and print the metrics of a job's log")
    evaluate.add_argument("model", type=parse_path, metavar="MODEL", help=MODEL_HELP)
    evaluate.add_argument("data", type=parse_path, nargs="+", metavar="DATA", help=f"{data_help}{label_help}")
    evaluate.add_argument("--content-type", metavar="TYPE", help=CONTENT_TYPE_HELP)
    add_separator(evaluate)
    evaluate.add_argument("--json", action="store_true", help="print one JSON object of names and numbers")

    add_predict(command("predict", "predict rows, and write a line of CSV for each"))

    train = command("train", "train a model on files")
    train.add_argument(learned.name, type=parse_path, metavar="DATA", help=data_help)
    if learned.labelled:
        train.add_argument("--target-first", action="store_true", help="the first column is the label")
    if {*COLUMN_WORDS} <= {*load_declarations(card.declaration)}:
        add_column_words(train)
    train.add_argument("--out", type=parse_path, required=True, metavar="FOLDER", help="where to leave the model")
    for channel in others:
        train.add_argument(f"--{channel.name}", type=parse_path, metavar="DATA", help=channel.about)
    train.add_argument(
        "--set", type=parse_assignment, action="append", default=[], metavar="NAME=VALUE", help="a hyperparameter"
    )
    train.add_argument("--content-type", metavar="TYPE", help=CONTENT_TYPE_HELP)
    add_separator(train)
    if learned.labelled:
        train.advice = dict.fromkeys(LABEL_WORDS, LABEL_ADVICE)

    serve = command("serve", "serve a model over HTTP until Ctrl-C")
    serve.add_argument("model", type=parse_path, metavar="MODEL", help=MODEL_HELP)
    serve.add_argument("--port", type=parse_port, metavar="N", help="the port (8080)")
    return top


def add_predict(predict: CommandParser) -> None:
    """Declare what can be said to predict."""
    predict.add_argument("model", type=parse_path, metavar="MODEL", help=MODEL_HELP)
    rows_help = f"{DATA_HELP.format(rows='rows, with a label or without')}; - is stdin"
    predict.add_argument("rows", type=parse_path, nargs="+", metavar="ROWS", help=rows_help)
    predict.add_argument("--out", type=parse_path, metavar="FILE", help="where to write, else stdout")
    predict.add_argument(
        "--keep", type=parse_names, default=[], metavar="NAMES", help="columns to copy, separated by commas"
    )
    predict.add_argument("--explain", action="store_true", help="add what each column contributes to the score")
    predict.add_argument("--skip-bad", action="store_true", help="leave out rows that cannot be read, and count them")
    predict.add_argument("--content-type", metavar="TYPE", help=CONTENT_TYPE_HELP)
    add_separator(predict)


def add_separator(command: CommandParser) -> None:
    """Declare what separates the fields of CSV."""
    command.add_argument("--separator", type=parse_separator, metavar="SIGN", help=SEPARATOR_HELP)


def add_column_words(train: CommandParser) -> None:
    """Declare what can be said of the columns of a table."""
    train.add_argument("--target", metavar="NAME", help="the column to predict, by its name in the header")
    train.add_argument("--positive", dest="positive_label", metavar="CLASS", help="the class to score, of two")
    train.add_argument("--weight", metavar="NAME", help="the column that says how much each row counts")
    train.add_argument("--ignore", metavar="NAMES", help="columns to leave out, separated by commas")
    train.add_argument(
        "--types",
        dest="column_types",
        metavar="NAME=KIND",
        help="what columns are, separated by commas: number, boolean, category, date or ignore",
    )


def parse_path(text: str) -> Path:
    """Parse the path of a file or folder; reject URLs."""
    if not text:
        raise argparse.ArgumentTypeError("expected the name of a file or a folder, found an empty one")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        raise argparse.ArgumentTypeError(
            f"{text} is an address; expected a file or a folder here. Download what lies there, and name that"
        )
    return Path(text)


def parse_assignment(text: str) -> tuple[str, str]:
    """Split NAME=VALUE into a hyperparameter and its value."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, found {text!r}")
    return name, value


def parse_separator(text: str) -> str:
    """Parse the sign between the fields of CSV, or its name."""
    try:
        return read_delimiter({"delimiter": text or "nothing"})
    except DecodeError:
        words = ", ".join(DELIMITER_NAMES.values())
        raise argparse.ArgumentTypeError(f"expected one of {words}, or the sign itself, found {text!r}") from None


def parse_port(text: str) -> int:
    """Parse a port number."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to 65535, found {text!r}")
    return int(text)
