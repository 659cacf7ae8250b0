"""The command `linear_learner`: parse the command line, run the command, report an error in one line."""

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from container.contract.errors import ClientError
from open_algorithms import VERSION
from open_algorithms.commands.telling.faults import CommandError
from open_algorithms.commands.telling.say import print_message
from open_algorithms.commands.words import CommandParser
from open_algorithms.learning.job.errors import InputError

BROKEN_PIPE, INTERRUPTED = 128 + 13, 128 + 2  # what a shell calls an end by these signals

EXPORT_FORMATS = ("onnx", "sklearn", "sql")
CHANNELS = ("train", "validation", "test")
LABEL_ADVICE = (
    "the label is not chosen by name, it must be the first column of CSV, and --target-first says that it is. Without "
    "it you are told which column is the first, and how another comes there"
)
LABEL_WORDS = ("target", "targets", "label", "labels", "y", "class", "outcome", "response", "dependent")
PREDICT_ADVICE = "there is no command to predict: `serve` answers rows over HTTP, and `export` takes a model elsewhere"
PREDICT_WORDS = ("predict", "prediction", "score", "infer", "inference", "transform", "apply")
MODEL_HELP = "a folder with a model, a model.tar.gz or a model_algo-1: of this project or of Amazon's own algorithm"
DATA_HELP = "a file of labelled rows, or a folder of such files"
CONTENT_TYPE_HELP = "what the data is, such as text/csv; else its names and first bytes decide"


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    arguments = build_parser().parse_words(words)
    if sys.stdout is None:  # as where the shell was told >&-
        return print_error("stdout is closed; expected a place to write to, such as /dev/null.")
    try:
        status = run_command(arguments, os.environ)
        sys.stdout.flush()
        return status
    except (CommandError, InputError, ClientError) as error:
        return print_error(str(error), getattr(error, "status", 1))
    except BrokenPipeError:  # whoever read our output has seen enough
        drop_output()
        return BROKEN_PIPE
    except OSError as error:
        drop_output()
        return print_error(f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error))
    except MemoryError as error:
        return print_error(f"not enough memory: {str(error) or 'no details'}")
    except KeyboardInterrupt:
        return INTERRUPTED


def drop_output() -> None:
    """Redirect stdout to the null device, or Python would try to flush it again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_error(what: str, status: int = 1) -> int:
    """Print an error and return the exit status."""
    print_message(what)
    return status


def run_command(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Import a command only now that it is chosen, run it and return the exit status."""
    match arguments.command:
        case "inspect":
            from open_algorithms.commands.inspect import inspect_model

            inspect_model(arguments.model)
        case "export":
            from open_algorithms.commands.export import export_model

            export_model(arguments.model, arguments.to, arguments.out, arguments.table)
        case "evaluate":
            from open_algorithms.commands.evaluate import evaluate_model

            evaluate_model(arguments.model, arguments.data, arguments.content_type)
        case "train":
            from open_algorithms.commands.train import train_model

            return train_model(
                {name: path for name in CHANNELS if (path := getattr(arguments, name)) is not None},
                arguments.out,
                dict(arguments.set),
                arguments.content_type,
                arguments.target_first,
                environ,
            )
        case "serve":
            from open_algorithms.commands.serve import serve_model

            return serve_model(arguments.model, arguments.port, environ)
    return 0


def build_parser() -> CommandParser:
    """Declare the commands."""
    top = CommandParser("linear_learner", description="Train, look into, measure, serve and export linear models.")
    top.advice = dict.fromkeys(PREDICT_WORDS, PREDICT_ADVICE)
    top.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    command = partial(top.add_command, commands)

    inspect = command("inspect", "show what is in a model")
    inspect.add_argument("model", type=parse_path, metavar="MODEL", help=MODEL_HELP)

    export = command("export", "write a model as ONNX, as coefficients for scikit-learn, or as SQL")
    export.add_argument("model", type=parse_path, metavar="MODEL", help=MODEL_HELP)
    export.add_argument("--to", required=True, choices=EXPORT_FORMATS, help="onnx, sklearn (JSON) or sql (a SELECT)")
    export.add_argument(
        "--out", type=parse_path, metavar="FILE", help="where to write; required with onnx, else stdout"
    )
    export.add_argument("--table", default="features", metavar="NAME", help="the table that the SQL reads (features)")

    evaluate = command("evaluate", "score labelled rows and print the metrics of a job's log")
    evaluate.add_argument("model", type=parse_path, metavar="MODEL", help=MODEL_HELP)
    evaluate.add_argument(
        "data", type=parse_path, nargs="+", metavar="DATA", help=f"{DATA_HELP}; of CSV the first column is the label"
    )
    evaluate.add_argument("--content-type", metavar="TYPE", help=CONTENT_TYPE_HELP)

    train = command("train", "train a model on files")
    train.add_argument("train", type=parse_path, metavar="DATA", help=DATA_HELP)
    train.add_argument("--target-first", action="store_true", help="the first column of CSV is the label")
    train.add_argument("--out", type=parse_path, required=True, metavar="FOLDER", help="where to leave the model")
    train.add_argument("--validation", type=parse_path, metavar="DATA", help="rows to choose the model by")
    train.add_argument("--test", type=parse_path, metavar="DATA", help="rows that are only scored, at the end")
    train.add_argument(
        "--set", type=parse_assignment, action="append", default=[], metavar="NAME=VALUE", help="a hyperparameter"
    )
    train.add_argument("--content-type", metavar="TYPE", help=CONTENT_TYPE_HELP)
    train.advice = dict.fromkeys(LABEL_WORDS, LABEL_ADVICE)

    serve = command("serve", "serve a model over HTTP until Ctrl-C")
    serve.add_argument("model", type=parse_path, metavar="MODEL", help=MODEL_HELP)
    serve.add_argument("--port", type=parse_port, metavar="N", help="the port (8080)")
    return top


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


def parse_port(text: str) -> int:
    """Parse a port number."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to 65535, found {text!r}")
    return int(text)
