"""The model that a command is given."""

from pathlib import Path

from commands.faults import Fault
from linear_learner.errors import InputError
from linear_learner.loading import find, read
from linear_learner.model import Model
from linear_learner.packages import Files


def open_model(path: Path) -> tuple[Model, Files, str]:
    """Load the model at `path`; return its files too, and where they were found."""
    if not path.exists():
        raise Fault(f"{path}: there is no such file or folder.")
    try:
        files, where = find(path)
        return read(files, where), files, where
    except InputError as error:
        raise Fault(f"{path}: {error}") from error


def load_model(path: Path) -> Model:
    """Load the model at `path`."""
    return open_model(path)[0]
