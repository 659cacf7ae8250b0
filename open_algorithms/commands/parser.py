"""The words of the command line: the commands of an algorithm, their arguments, and advice for words that are none.

Tests: tests/commands/test_main.py.
"""

from functools import partial
from pathlib import Path

from open_algorithms import VERSION
from open_algorithms.commands.parsing.data import add_type, describe_data
from open_algorithms.commands.parsing.training import add_training
from open_algorithms.commands.parsing.values import parse_assignment, parse_count, parse_path, parse_port
from open_algorithms.commands.parsing.words import CommandParser
from open_algorithms.doors.algorithms import Algorithm
from open_algorithms.learning.columns.wishes import parse_names
from open_algorithms.learning.job.card import Card

PREDICT_ADVICE = "the command is `predict`: predict MODEL ROWS --out FILE"
PREDICT_WORDS = ("prediction", "predictions", "score", "infer", "inference", "transform", "apply")
MODEL_HELP = "a folder with a model, a model.tar.gz or a model_algo-1: of this project or of Amazon's own algorithm"
SQL = "sql"  # among the formats of exports
USUAL_TOP = 10
REPORT_FOLDER = Path("report")


def build_parser(algorithm: Algorithm) -> CommandParser:
    """Declare the commands for an algorithm."""
    card = algorithm.card
    labelled = card.channels[0].labelled
    about = f"{card.title}: train, look into, measure and export models, predict by them and serve them."
    top = CommandParser(algorithm.word, description=about)
    top.advice = dict.fromkeys(PREDICT_WORDS, PREDICT_ADVICE)
    top.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    command = partial(top.add_command, commands)

    add_model(command("inspect", "show what is in a model"))

    add_export(command("export", f"write a model as {', '.join(card.exports.values()) or 'what others read'}"), card)

    evaluated = "score labelled rows" if labelled else "measure a model on rows"
    evaluate = command("evaluate", f"{evaluated} and print the metrics of a job's log")
    add_model(evaluate)
    unnamed = "; without names of columns, the first is the label"
    data_help = describe_data("labelled rows") + unnamed if labelled else describe_data("rows")
    evaluate.add_argument("data", type=parse_path, nargs="+", metavar="DATA", help=data_help)
    add_type(evaluate)
    evaluate.add_argument("--json", action="store_true", help="print one JSON object of names and numbers")

    if card.reports:
        report = command("report", "write the report of a model on labelled rows, as a page and as JSON")
        add_model(report)
        report.add_argument("--test", type=parse_path, nargs="+", required=True, metavar="DATA", help=data_help)
        report.add_argument(
            "--out", type=parse_path, default=REPORT_FOLDER, metavar="DIR", help=f"where to write ({REPORT_FOLDER}/)"
        )
        add_type(report)

    add_predict(command("predict", "predict rows, and write a line of CSV for each"), labelled)

    if card.recommends:
        add_recommend(command("recommend", "recommend items to users, the best first"))

    add_training(command("train", "train a model on files"), card)

    serve = command("serve", "serve a model over HTTP until Ctrl-C")
    add_model(serve)
    serve.add_argument("--port", type=parse_port, metavar="N", help="the port (8080)")
    return top


def add_model(command: CommandParser) -> None:
    """Declare the model that a command is given."""
    command.add_argument("model", type=parse_path, metavar="MODEL", help=MODEL_HELP)


def add_export(export: CommandParser, card: Card) -> None:
    """Declare what can be said to export: the formats of the algorithm, and what goes with them."""
    add_model(export)
    export.add_argument("--to", required=True, choices=card.exports or None, help="the format of the model")
    required = "".join(f"; required with {name}, else stdout" for name in card.binary_exports)
    export.add_argument("--out", type=parse_path, metavar="FILE", help=f"where to write{required or ', else stdout'}")
    export.set_defaults(table="features")
    if SQL in card.exports:
        export.add_argument(
            "--table", default="features", metavar="NAME", help="the table that the SQL reads (features)"
        )


def add_recommend(recommend: CommandParser) -> None:
    """Declare what can be said to recommend."""
    add_model(recommend)
    whom = recommend.add_mutually_exclusive_group(required=True)
    whom.add_argument("--user", metavar="USER", help="the user to recommend to, as the training data names it")
    whom.add_argument(
        "--users", type=parse_path, metavar="FILE", help="a file with a column of users, CSV, JSON Lines or Parquet"
    )
    recommend.add_argument("--top", type=parse_count, default=USUAL_TOP, metavar="N", help="how many items (10)")
    for side, place in (("user", "first"), ("item", "second")):
        recommend.add_argument(
            f"--{side}-column",
            default="",
            metavar="NAME",
            help=f"the column of {side}s (the {place} of two categories)",
        )
    recommend.add_argument(
        "--with",
        type=parse_assignment,
        action="append",
        default=[],
        dest="context",
        metavar="NAME=VALUE",
        help="the value of another column, else it is missing; may be repeated",
    )
    recommend.add_argument(
        "--seen",
        type=parse_path,
        metavar="FILE",
        help="a file of pairs of users and items to leave out",
    )
    recommend.add_argument(
        "--include-seen", action="store_true", help="recommend what users have seen in training, too"
    )
    recommend.add_argument("--json", action="store_true", help="write a line of JSON for each user")
    recommend.add_argument("--out", type=parse_path, metavar="FILE", help="where to write, as CSV or JSON, else stdout")
    add_type(recommend)


def add_predict(predict: CommandParser, labelled: bool) -> None:
    """Declare what can be said to predict; `labelled` tells that rows may have a label that is left out."""
    add_model(predict)
    rows_help = f"{describe_data('rows, with a label or without' if labelled else 'rows')}; - is stdin"
    predict.add_argument("rows", type=parse_path, nargs="+", metavar="ROWS", help=rows_help)
    predict.add_argument("--out", type=parse_path, metavar="FILE", help="where to write, else stdout")
    predict.add_argument(
        "--keep", type=parse_names, default=[], metavar="NAMES", help="columns to copy, separated by commas"
    )
    answered = "score" if labelled else "answer"
    predict.add_argument("--explain", action="store_true", help=f"add what each column contributes to the {answered}")
    predict.add_argument("--skip-bad", action="store_true", help="leave out rows that cannot be read, and count them")
    add_type(predict)
