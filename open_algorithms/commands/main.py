"""The command of an algorithm: parse the command line, run the command, report an error in one line."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from container.contract.errors import ClientError
from open_algorithms.commands.parser import build_parser
from open_algorithms.commands.parsing.training import chosen_hyperparameters
from open_algorithms.commands.telling.faults import CommandError
from open_algorithms.commands.telling.say import name_program, print_message
from open_algorithms.doors.algorithms import VARIABLE, Algorithm, find_algorithm
from open_algorithms.learning.job.errors import InputError

BROKEN_PIPE, INTERRUPTED, TERMINATED = (128 + number for number in (13, 2, 15))  # what a shell calls ends by signals


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    try:
        algorithm = find_algorithm(os.environ)
    except InputError as error:
        return print_error(str(error))
    name_program(algorithm.word)
    arguments = build_parser(algorithm).parse_words(words)
    if sys.stdout is None:  # as where the shell was told >&-
        return print_error("stdout is closed; expected a place to write to, such as /dev/null.")
    try:
        with exit_when_terminated():
            status = run_command(algorithm, arguments, os.environ)
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


def main_by_name() -> int:
    """Run the command line of the algorithm that the program is called after, whatever ALGORITHM says."""
    os.environ[VARIABLE] = Path(sys.argv[0]).name
    return main()


@contextmanager
def exit_when_terminated() -> Iterator[None]:
    """Let SIGTERM raise SystemExit in the main thread, so that unfinished files are removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def exit_program(number: int, frame: FrameType | None) -> None:
        sys.exit(TERMINATED)

    before = signal.signal(signal.SIGTERM, exit_program)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def drop_output() -> None:
    """Redirect stdout to the null device, or Python would try to flush it again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_error(what: str, status: int = 1) -> int:
    """Print an error and return the exit status."""
    print_message(what)
    return status


def state_type(arguments: argparse.Namespace) -> str | None:
    """Return the content type that was said, with the separator that was said."""
    stated, separator = (getattr(arguments, name, None) for name in ("content_type", "separator"))
    if separator is None:
        return stated
    from open_algorithms.commands.tables.data import state_separator

    return state_separator(stated, separator)


def run_command(algorithm: Algorithm, arguments: argparse.Namespace, environ: MutableMapping[str, str]) -> int:
    """Import a command only now that it is chosen, run it and return the exit status."""
    stated_type = state_type(arguments)
    match arguments.command:
        case "inspect":
            from open_algorithms.commands.inspect import inspect_model

            inspect_model(algorithm, arguments.model)
        case "export":
            from open_algorithms.commands.export import export_model

            export_model(algorithm, arguments.model, arguments.to, arguments.out, arguments.table)
        case "evaluate":
            from open_algorithms.commands.evaluate import evaluate_model

            evaluate_model(algorithm, arguments.model, arguments.data, stated_type, arguments.json)
        case "report":
            from open_algorithms.commands.report import report_model

            report_model(algorithm, arguments.model, arguments.test, stated_type, arguments.out)
        case "predict":
            if "numpy" not in sys.modules:
                environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # other threads read the next rows meanwhile
            from open_algorithms.commands.predict import PredictionRequest, predict_rows

            options = (arguments.out, arguments.keep, arguments.explain, arguments.skip_bad)
            request = PredictionRequest(arguments.rows, stated_type, *options)
            predict_rows(algorithm, arguments.model, request)
        case "recommend":
            run_recommend(algorithm, arguments, stated_type)
        case "train":
            from open_algorithms.commands.train import train_model

            given = {channel.name: getattr(arguments, channel.name) for channel in algorithm.card.channels}
            return train_model(
                algorithm,
                {name: path for name, path in given.items() if path is not None},
                arguments.out,
                chosen_hyperparameters(arguments, algorithm.card),
                stated_type,
                getattr(arguments, "target_first", False),
                environ,
            )
        case "serve":
            from open_algorithms.commands.serve import serve_model

            return serve_model(algorithm, arguments.model, arguments.port, environ)
    return 0


def run_recommend(algorithm: Algorithm, arguments: argparse.Namespace, stated_type: str | None) -> None:
    """Import the command that recommends, and run it."""
    from open_algorithms.commands.recommend import RecommendRequest, recommend_items

    request_fields = {
        "user": arguments.user,
        "users": arguments.users,
        "top": arguments.top,
        "user_column": arguments.user_column,
        "item_column": arguments.item_column,
        "context": dict(arguments.context),
        "seen": arguments.seen,
        "includes_seen": arguments.include_seen,
        "as_json": arguments.json,
        "out": arguments.out,
    }
    recommend_items(algorithm, arguments.model, RecommendRequest(**request_fields, stated_type=stated_type))
