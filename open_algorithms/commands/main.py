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
from open_algorithms.commands.telling.faults import Fault
from open_algorithms.commands.telling.say import say
from open_algorithms.commands.words import Words
from open_algorithms.learning.job.errors import InputError

BROKEN_PIPE, INTERRUPTED = 128 + 13, 128 + 2  # what a shell calls an end by these signals

FORMS = ("onnx", "sklearn", "sql")
CHANNELS = ("train", "validation", "test")
LABEL = (
    "the label is not chosen by name, it must be the first column of CSV, and --target-first says that it is. Without "
    "it you are told which column is the first, and how another comes there"
)
LABEL_WORDS = ("target", "targets", "label", "labels", "y", "class", "outcome", "response", "dependent")
PREDICT = "there is no command to predict: `serve` answers rows over HTTP, and `export` takes a model elsewhere"
PREDICT_WORDS = ("predict", "prediction", "score", "infer", "inference", "transform", "apply")
MODEL = "a folder with a model, a model.tar.gz or a model_algo-1: of this project or of Amazon's own algorithm"
DATA = "a file of labelled rows, or a folder of such files"
CONTENT_TYPE = "what the data is, such as text/csv; else its names and first bytes decide"


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    arguments = parser().read(words)
    if sys.stdout is None:  # as where the shell was told >&-
        return complain("stdout is closed; expected a place to write to, such as /dev/null.")
    try:
        status = perform(arguments, os.environ)
        sys.stdout.flush()
        return status
    except (Fault, InputError, ClientError) as error:
        return complain(str(error), getattr(error, "status", 1))
    except BrokenPipeError:  # whoever read our output has seen enough
        drop_output()
        return BROKEN_PIPE
    except OSError as error:
        drop_output()
        return complain(f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or error))
    except MemoryError as error:
        return complain(f"not enough memory: {str(error) or 'no details'}")
    except KeyboardInterrupt:
        return INTERRUPTED


def drop_output() -> None:
    """Redirect stdout to the null device, or Python would try to flush it again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(what: str, status: int = 1) -> int:
    """Print an error and return the exit status."""
    say(what)
    return status


def perform(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Import a command only now that it is chosen, run it and return the exit status."""
    match arguments.command:
        case "inspect":
            from open_algorithms.commands.inspect import inspect

            inspect(arguments.model)
        case "export":
            from open_algorithms.commands.export import export

            export(arguments.model, arguments.to, arguments.out, arguments.table)
        case "evaluate":
            from open_algorithms.commands.evaluate import evaluate

            evaluate(arguments.model, arguments.data, arguments.content_type)
        case "train":
            from open_algorithms.commands.train import train

            return train(
                {name: path for name in CHANNELS if (path := getattr(arguments, name)) is not None},
                arguments.out,
                dict(arguments.set),
                arguments.content_type,
                arguments.target_first,
                environ,
            )
        case "serve":
            from open_algorithms.commands.serve import serve

            return serve(arguments.model, arguments.port, environ)
    return 0


def parser() -> Words:
    """Declare the commands."""
    top = Words("linear_learner", description="Train, look into, measure, serve and export linear models.")
    top.answers = dict.fromkeys(PREDICT_WORDS, PREDICT)
    top.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    command = partial(top.add_command, commands)

    inspect = command("inspect", "show what is in a model")
    inspect.add_argument("model", type=place, metavar="MODEL", help=MODEL)

    export = command("export", "write a model as ONNX, as coefficients for scikit-learn, or as SQL")
    export.add_argument("model", type=place, metavar="MODEL", help=MODEL)
    export.add_argument("--to", required=True, choices=FORMS, help="onnx, sklearn (JSON) or sql (a SELECT)")
    export.add_argument("--out", type=place, metavar="FILE", help="where to write; required with onnx, else stdout")
    export.add_argument("--table", default="features", metavar="NAME", help="the table that the SQL reads (features)")

    evaluate = command("evaluate", "score labelled rows and print the metrics of a job's log")
    evaluate.add_argument("model", type=place, metavar="MODEL", help=MODEL)
    evaluate.add_argument(
        "data", type=place, nargs="+", metavar="DATA", help=f"{DATA}; of CSV the first column is the label"
    )
    evaluate.add_argument("--content-type", metavar="TYPE", help=CONTENT_TYPE)

    train = command("train", "train a model on files")
    train.add_argument("train", type=place, metavar="DATA", help=DATA)
    train.add_argument("--target-first", action="store_true", help="the first column of CSV is the label")
    train.add_argument("--out", type=place, required=True, metavar="FOLDER", help="where to leave the model")
    train.add_argument("--validation", type=place, metavar="DATA", help="rows to choose the model by")
    train.add_argument("--test", type=place, metavar="DATA", help="rows that are only scored, at the end")
    train.add_argument(
        "--set", type=setting, action="append", default=[], metavar="NAME=VALUE", help="a hyperparameter"
    )
    train.add_argument("--content-type", metavar="TYPE", help=CONTENT_TYPE)
    train.answers = dict.fromkeys(LABEL_WORDS, LABEL)

    serve = command("serve", "serve a model over HTTP until Ctrl-C")
    serve.add_argument("model", type=place, metavar="MODEL", help=MODEL)
    serve.add_argument("--port", type=port, metavar="N", help="the port (8080)")
    return top


def place(text: str) -> Path:
    """Parse the path of a file or folder; reject URLs."""
    if not text:
        raise argparse.ArgumentTypeError("expected the name of a file or a folder, found an empty one")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        raise argparse.ArgumentTypeError(
            f"{text} is an address; expected a file or a folder here. Download what lies there, and name that"
        )
    return Path(text)


def setting(text: str) -> tuple[str, str]:
    """Split NAME=VALUE into a hyperparameter and its value."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, found {text!r}")
    return name, value


def port(text: str) -> int:
    """Parse a port number."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to 65535, found {text!r}")
    return int(text)
