"""The data files that a command is given: find them, determine their content type, link them into a channel."""

import os
from collections.abc import Sequence
from pathlib import Path

from container.channels.files import find_files
from container.codecs.registry import TRAINING_TYPES
from container.codecs.sniffing.sniff import HEAD_BYTES, mismatch, sniff
from container.contract.media import parse
from container.rows.columns import show_names
from open_algorithms.commands.tables.beginnings import check_beginnings
from open_algorithms.commands.tables.headers import CSV, has_header, head
from open_algorithms.commands.telling.faults import Fault, UsageFault
from open_algorithms.learning.artifact.archives import LIMITS, PACKED, ZIPPED

MODEL = {*LIMITS, PACKED, ZIPPED}  # files of a model
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
    """Return the files at the given paths, in order, each with a unique name in the channel.

    Raises CommandError for paths that do not exist, are empty folders or hold a model.
    """
    found: dict[str, Path] = {}
    for path in paths:
        if path.is_dir():
            files = [(file.relative_to(path).as_posix(), file) for file in find_files(path)]
            if not files:
                raise Fault(f"{path}: there is no file in this folder.")
            if of_model := [name for name, file in files if file.name in MODEL]:
                raise Fault(
                    f"{path} holds a model beside data: {show_names(of_model)}. Move the model out of it, or name one "
                    "file with data."
                )
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
    """Fill a channel's folder with links to the files."""
    for name, file in files:
        link = folder / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.abspath(file))


def content_type(files: Sequence[tuple[str, Path]], said: str | None) -> str:
    """Return the content type of the files: the stated one, else the one that all names or first bytes agree on.

    For CSV with a header, the parameter `header=present` is added.
    """
    if said is None:
        kinds = {kind_of(file, len(files) > 1): file for _, file in files}
        if len(kinds) > 1:
            (one, file), (other, second) = list(kinds.items())[:2]
            raise Fault(
                f"{file} is {one}, but {second} is {other}. Give files of one type, or say --content-type TYPE."
            )
        (said,) = kinds
    media = parse(said)
    if media.name not in TRAINING_TYPES:
        raise UsageFault(f"expected a --content-type of {' or '.join(TRAINING_TYPES)}, found {said!r}.")
    if media.name == CSV:
        check_beginnings([file for _, file in files])
    if media.name == CSV and "header" not in media.parameters and has_header([file for _, file in files], said):
        return f"{said};header=present"
    return said


def kind_of(file: Path, in_folder: bool = False) -> str:
    """Return the content type of a file by its suffix, else by its first bytes.

    Raise CommandError where it is none that is read.
    """
    suffixes = [suffix.lower() for suffix in file.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    if suffixes and suffixes[-1] in SUFFIXES:
        return SUFFIXES[suffixes[-1]]
    content = head(file, HEAD_BYTES)
    kind = sniff(content)
    if kind not in TRAINING_TYPES:
        problem = f"{file}: {mismatch(CSV, content)}." if content else f"{file} is empty."
        raise Fault(f"{problem} If it is no data, move it out of the folder." if in_folder else problem)
    return kind
