"""The data files that a command is given: find them, determine their content type, link them into a channel.

Tests: tests/commands/tables/test_headers.py, tests/commands/tables/test_source.py, tests/commands/test_evaluate.py.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from container.channels.files import find_files
from container.codecs.delimited.fields import DELIMITER_NAMES, guess_delimiter
from container.codecs.delimited.parameters import read_delimiter
from container.codecs.jsonlines import parse_lines
from container.codecs.registry import TRAINING_TYPES, TYPE_OF_SUFFIX, parse_content_type
from container.codecs.sniffing.sniff import BYTE_ORDER_MARK, HEAD_BYTES, JSON_LINES, explain_mismatch, sniff_type
from container.contract.errors import DecodeError
from container.rows.columns import show_names
from open_algorithms.commands.tables.beginnings import check_beginnings
from open_algorithms.commands.tables.headers import CSV, all_begin_with_names, has_headers, read_filled_lines, read_head
from open_algorithms.commands.telling.faults import CommandError, UsageError
from open_algorithms.learning.artifact.archives import ARRAY_FILES, MODULE_FILES, ORIGINAL_FILE, TAR_ARCHIVE

MODEL_FILES = {*MODULE_FILES.limits, *ARRAY_FILES.limits, TAR_ARCHIVE, ORIGINAL_FILE}  # files of a model


def find_data_files(paths: Sequence[Path]) -> list[tuple[str, Path]]:
    """Return the files at the given paths, in order, each with a unique name in the channel.

    Raises CommandError for paths that do not exist, are empty folders or hold a model.
    """
    found: dict[str, Path] = {}
    for path in paths:
        if path.is_dir():
            files = [(file.relative_to(path).as_posix(), file) for file in find_files(path)]
            if not files:
                raise CommandError(f"{path}: there is no file in this folder.")
            if of_model := [name for name, file in files if file.name in MODEL_FILES]:
                raise CommandError(
                    f"{path} holds a model beside data: {show_names(of_model)}. Move the model out of it, or name one "
                    "file with data."
                )
        elif path.is_file():
            files = [(path.name.lstrip("._") or "data", path)]  # hidden files do not count in a channel
        elif path.exists():
            raise CommandError(f"{path}: this is neither a file nor a folder.")
        else:
            raise CommandError(f"{path}: there is no such file or folder.")
        for name, file in files:
            unique, number = name, 1
            while unique in found:
                number += 1
                unique = f"{number}/{name}"
            found[unique] = file
    return list(found.items())


def link_channel_files(files: Sequence[tuple[str, Path]], folder: Path) -> None:
    """Fill a channel's folder with links to the files."""
    for name, file in files:
        link = folder / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.abspath(file))


def decide_content_type(
    files: Sequence[tuple[str, Path]],
    stated_type: str | None,
    name: str = "",
    known: Sequence[str] = (),
    is_certain: bool = False,
) -> str:
    """Return the content type of the files: the stated one, else the one that all names or first bytes agree on.

    For CSV, the parameters are added that its first lines tell: `delimiter`, where that is no comma, and
    `header=present`, where there is a header. A first line that holds `name` is one, and so is one that holds most
    `known` names; no other is, if that `is_certain`.
    """
    if stated_type is None:
        kinds = {guess_file_type(file, len(files) > 1): file for _, file in files}
        if len(kinds) > 1:
            (one, file), (other, second) = list(kinds.items())[:2]
            raise CommandError(
                f"{file} is {one}, but {second} is {other}. Give files of one type, or say --content-type TYPE."
            )
        (stated_type,) = kinds
    media = parse_content_type(stated_type)
    if media.name not in TRAINING_TYPES:
        raise UsageError(f"expected a --content-type of {' or '.join(TRAINING_TYPES)}, found {stated_type!r}.")
    if media.name != CSV:
        return stated_type
    paths = [file for _, file in files]
    stated_type, delimiter = add_delimiter(stated_type, paths)
    check_beginnings(paths, delimiter)
    if "header" in media.parameters:
        return stated_type
    is_header = all_begin_with_names(paths, [name] if name else known, delimiter)
    if is_header or (not is_certain and has_headers(paths, stated_type, delimiter)):
        return f"{stated_type};header=present"
    return f"{stated_type};header=absent" if is_certain else stated_type


def add_delimiter(stated_type: str, files: Sequence[Path]) -> tuple[str, str]:
    """Return the content type of CSV files with the delimiter that their first lines show, and that."""
    parameters = parse_content_type(stated_type).parameters
    try:
        delimiter = read_delimiter(parameters)
    except DecodeError as error:
        raise UsageError(f"{error}.") from None
    if not delimiter:
        delimiter = agree_on_delimiter(files)
        stated_type += "" if delimiter == "," else f";delimiter={DELIMITER_NAMES[delimiter]}"
    return stated_type, delimiter


def agree_on_delimiter(files: Sequence[Path]) -> str:
    """Return the sign between fields that the first lines of files show; CommandError where they differ."""
    found = {guess_delimiter(lines[0]): file for file in reversed(files) if (lines := read_filled_lines(file))}
    found = {sign: file for sign, file in found.items() if sign in read_filled_lines(file)[0]}
    if len(found) > 1:
        (one, file), (other, second) = list(found.items())[::-1][:2]
        raise CommandError(
            f"{file} has {DELIMITER_NAMES[one]}s between its fields, but {second} has {DELIMITER_NAMES[other]}s. Give "
            "files of one kind, or say --separator."
        )
    return next(iter(found), ",")


def state_separator(stated_type: str | None, separator: str | None) -> str | None:
    """Return the content type that is stated, with the separator of CSV that is stated."""
    if separator is None:
        return stated_type
    media = parse_content_type(stated_type or CSV)
    if media.name != CSV:
        raise UsageError(f"--separator goes with text/csv, and not with {stated_type!r}.")
    return f"{stated_type or CSV};delimiter={DELIMITER_NAMES[read_delimiter({'delimiter': separator})]}"


def are_json_lines(head: bytes) -> bool:
    """Tell whether data begins with two lines of which each is a value of JSON, an object or a list."""
    lines = list(filter(bytes.strip, head.removeprefix(BYTE_ORDER_MARK).splitlines()))
    if len(lines) < 2 or lines[0].strip()[:1] not in (b"{", b"[") or lines[1].lstrip()[:1] not in (b"{", b"["):
        return False
    try:
        return bool(parse_lines(lines[:1], 1))
    except DecodeError:
        return False


def guess_file_type(file: Path, in_folder: bool = False) -> str:
    """Return the content type of a file by its suffix, else by its first bytes.

    Raise CommandError where it is none that is read.
    """
    suffixes = [suffix.lower() for suffix in file.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    if suffixes and suffixes[-1] in TYPE_OF_SUFFIX:
        return TYPE_OF_SUFFIX[suffixes[-1]]
    content = read_head(file, HEAD_BYTES)
    kind = JSON_LINES if are_json_lines(content) else sniff_type(content)
    if kind not in TRAINING_TYPES:
        problem = f"{file}: {explain_mismatch(CSV, content)}." if content else f"{file} is empty."
        raise CommandError(f"{problem} If it is no data, move it out of the folder." if in_folder else problem)
    return kind
