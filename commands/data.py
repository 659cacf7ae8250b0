"""The data that a command is given: which files they are, what is in them, and a channel of them."""

import os
from collections.abc import Sequence
from pathlib import Path

from commands.faults import Fault, UsageFault
from commands.headers import CSV, has_header, head
from container.codecs import TRAINING_TYPES
from container.codecs.media import parse
from container.codecs.sniff import HEAD_BYTES, sniff
from container.files import find_files

SUFFIXES = {
    ".csv": CSV,
    ".libsvm": "text/libsvm",
    ".svm": "text/libsvm",
    ".svmlight": "text/libsvm",
    ".parquet": "application/x-parquet",
    ".pq": "application/x-parquet",
    ".rec": "application/x-recordio-protobuf",
    ".recordio": "application/x-recordio-protobuf",
    ".pbr": "application/x-recordio-protobuf",
}


def list_files(paths: Sequence[Path]) -> list[tuple[str, Path]]:
    """Give the files that are meant, in order, each with a name of its own in a channel."""
    found: dict[str, Path] = {}
    for path in paths:
        if path.is_dir():
            files = [(file.relative_to(path).as_posix(), file) for file in find_files(path)]
            if not files:
                raise Fault(f"{path}: there is no file in this folder.")
        elif path.is_file():
            files = [(path.name.lstrip("._") or "data", path)]  # hidden files do not count in a channel
        elif path.exists():
            raise Fault(f"{path}: this is neither a file nor a folder.")
        else:
            raise Fault(f"{path}: there is no such file or folder.")
        for name, file in files:
            unique, number = name, 1
            while unique in found:
                number += 1
                unique = f"{number}/{name}"
            found[unique] = file
    return list(found.items())


def lay_out(files: Sequence[tuple[str, Path]], folder: Path) -> None:
    """Make a channel's folder of links to the files."""
    for name, file in files:
        link = folder / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.abspath(file))


def content_type(files: Sequence[tuple[str, Path]], said: str | None) -> str:
    """Say what the files are: what the user said, else what all their names or first bytes say.

    Of CSV whose files begin with a header, that is said too.
    """
    if said is None:
        kinds = {kind_of(file): file for _, file in files}
        if len(kinds) > 1:
            (one, file), (other, second) = list(kinds.items())[:2]
            raise Fault(
                f"{file} is {one}, but {second} is {other}. Give files of one type, or say --content-type TYPE."
            )
        (said,) = kinds
    media = parse(said)
    if media.name not in TRAINING_TYPES:
        raise UsageFault(f"expected a --content-type of {' or '.join(TRAINING_TYPES)}, found {said!r}.")
    if media.name == CSV and "header" not in media.parameters and has_header([file for _, file in files], said):
        return f"{said};header=present"
    return said


def kind_of(file: Path) -> str:
    """Name the type of a file by its name, else by how it begins."""
    suffixes = [suffix.lower() for suffix in file.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    if suffixes and suffixes[-1] in SUFFIXES:
        return SUFFIXES[suffixes[-1]]
    kind = sniff(head(file, HEAD_BYTES))
    if kind not in TRAINING_TYPES:
        looks = f"it looks like {kind}" if kind else "neither its name nor its first bytes do"
        raise Fault(
            f"{file}: nothing says what is in it ({looks}). Say --content-type TYPE: {', '.join(TRAINING_TYPES)}."
        )
    return kind
