"""The model that a command is given."""

from pathlib import Path

from container.codecs.sniffing.sniff import HEAD_BYTES, JSON, TRAINING, sniff
from linear_learner.artifact.read import find, read
from linear_learner.objective.model import Model
from open_algorithms.commands.tables.headers import head
from open_algorithms.commands.telling.faults import Fault
from open_algorithms.learning.artifact.archives import Files
from open_algorithms.learning.job.errors import InputError


def open_model(path: Path) -> tuple[Model, Files, str]:
    """Load the model at `path`; return the model, its files and the place they were found in."""
    if not path.exists():
        raise Fault(f"{path}: there is no such file or folder.")
    check_package(path)
    try:
        files, where = find(path)
        return read(files, where), files, where
    except InputError as error:
        raise Fault(f"{path}: {error}") from error


def check_package(path: Path) -> None:
    """Raise CommandError where a file is not a model archive but something else, such as data."""
    if not path.is_file():
        return
    content = head(path, HEAD_BYTES)
    looks = sniff(content)
    if not content or looks in (*TRAINING, JSON):
        what = f"it looks like {looks}" if content else "it is empty"
        raise Fault(
            f"{path} is no model: {what}. Expected a folder with a model, a model.tar.gz or a model_algo-1; where a "
            "command takes data too, the model comes first."
        )


def load_model(path: Path) -> Model:
    """Load the model at `path`."""
    return open_model(path)[0]
