"""Save a model to a folder or an archive, and load it from either: whole or not at all."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from container.job.outputs import pack_archive, replace_files

ARCHIVE_ENDS = (".tar.gz", ".tgz")


def save_model(write: Callable[[Path], None], path: Path) -> None:
    """Have `write(folder)` write a model's files, and put them into the folder `path`, or the archive of that name.

    Files of an earlier model are replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as place:
        folder = Path(place)
        write(folder)
        files = sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
        if path.name.endswith(ARCHIVE_ENDS):
            pack_archive(folder, files, path)
        else:
            path.mkdir(exist_ok=True)
            replace_files(folder, files, path)


def check_place(path: Path) -> None:
    """Raise FileNotFoundError where there is nothing to load."""
    if not path.exists():
        raise FileNotFoundError(f"There is nothing at {path}; expected a folder with a model, or an archive of one.")
