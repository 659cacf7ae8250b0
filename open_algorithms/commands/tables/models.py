"""The model that a command is given."""

from pathlib import Path

from container.codecs.registry import CODECS
from container.codecs.sniffing.sniff import HEAD_BYTES, sniff_type
from linear_learner.artifact.read import find_model_files, read_model
from linear_learner.objective.model import LinearModel
from open_algorithms.commands.tables.headers import read_head
from open_algorithms.commands.telling.faults import CommandError
from open_algorithms.learning.artifact.archives import ModelFiles
from open_algorithms.learning.job.errors import InputError


def load_model_with_files(path: Path) -> tuple[LinearModel, ModelFiles, str]:
    """Load the model at `path`; return the model, its files and the place they were found in."""
    if not path.exists():
        raise CommandError(f"{path}: there is no such file or folder.")
    check_archive(path)
    try:
        files, where = find_model_files(path)
        return read_model(files, where), files, where
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


def load_model(path: Path) -> LinearModel:
    """Load the model at `path`."""
    return load_model_with_files(path)[0]
