"""The model that a command is given.

Tests: tests/commands/test_main.py, tests/commands/test_inspect.py.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from container.codecs.registry import CODECS
from container.codecs.sniffing.sniff import HEAD_BYTES, sniff_type
from open_algorithms.commands.tables.headers import read_head
from open_algorithms.commands.telling.faults import CommandError
from open_algorithms.doors.algorithms import Algorithm
from open_algorithms.learning.job.errors import InputError


class LoadedModel(NamedTuple):
    """A model, the content of its files by name, and their place; the latter are empty where they are not known."""

    model: Any
    files: Mapping[str, bytes]
    place: str


def load_model(algorithm: Algorithm, path: Path) -> LoadedModel:
    """Load the model at `path`."""
    if not path.exists():
        raise CommandError(f"{path}: there is no such file or folder.")
    check_archive(path)
    try:
        if find_model_files := algorithm.offered("find_model_files"):
            files, place = find_model_files(path)
            return LoadedModel(algorithm.answer.read_model(files, place), files, place)
        return LoadedModel(algorithm.answer.load_model(path), {}, "")
    except InputError as error:
        raise CommandError(f"{path}: {error}") from error


def check_archive(path: Path) -> None:
    """Raise CommandError where a file is not a model archive but something else, such as data."""
    if not path.is_file():
        return
    content = read_head(path, HEAD_BYTES)
    looks = sniff_type(content)
    if not content or looks in CODECS:
        what = f"it looks like {looks}" if content else "it is empty"
        raise CommandError(
            f"{path} is no model: {what}. Expected a folder with a model, a model.tar.gz or a model_algo-1; where a "
            "command takes data too, the model comes first."
        )
