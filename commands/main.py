"""The door `linear_learner`: read the command line, do what it says, and say in one line what is wrong with it."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from commands.faults import Fault
from container.errors import ClientError
from linear_learner.errors import InputError

BROKEN_PIPE, INTERRUPTED = 128 + 13, 128 + 2  # what a shell calls an end by these signals

FORMS = ("onnx", "sklearn", "sql")
MODEL = "a folder with a model, a model.tar.gz or a model_algo-1: of this project or of Amazon's own algorithm"
DATA = "a file of labelled rows, or a folder of such files"
CONTENT_TYPE = "what the data is, such as text/csv; else its names and first bytes decide"


def main(words: Sequence[str] | None = None) -> int:
    """Do what the words of the command line say and give the exit status."""
    arguments = parser().parse_args(words)
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
    """Forget what could not be written, which Python would try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(what: str, status: int = 1) -> int:
    """Say what is wrong and give the exit status."""
    print(f"linear_learner: {what}", file=sys.stderr)
    return status


def perform(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Import the command, and only now what it takes, and run it."""
    match arguments.command:
        case "inspect":
            from commands.inspect import inspect

            inspect(arguments.model)
        case "export":
            from commands.export import export

            export(arguments.model, arguments.to, arguments.out, arguments.table)
    return 0


def parser() -> argparse.ArgumentParser:
    """Declare the commands."""
    top = argparse.ArgumentParser(
        "linear_learner", description="Train, look into, measure, serve and export linear models."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, about: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")

    inspect = command("inspect", "show what is in a model")
    inspect.add_argument("model", type=Path, metavar="MODEL", help=MODEL)

    export = command("export", "write a model as ONNX, as coefficients for scikit-learn, or as SQL")
    export.add_argument("model", type=Path, metavar="MODEL", help=MODEL)
    export.add_argument("--to", required=True, choices=FORMS, help="onnx, sklearn (JSON) or sql (a SELECT)")
    export.add_argument("--out", type=Path, metavar="FILE", help="where to write; required with onnx, else stdout")
    export.add_argument("--table", default="features", metavar="NAME", help="the table that the SQL reads (features)")
    return top
