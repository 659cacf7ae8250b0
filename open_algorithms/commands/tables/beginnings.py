"""Checks of the first lines of CSV files: a stray text file, a title or Excel's `sep=` line instead of a table.

Tests: tests/commands/tables/test_source.py.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from open_algorithms.commands.tables.headers import Fields, FirstLine, classify_first_line, is_text, read_first_lines
from open_algorithms.commands.telling.faults import CommandError

CSV_ENDINGS = (".csv", ".csv.gz")


def check_beginnings(files: Sequence[Path], delimiter: str) -> None:
    """Raise CommandError where a file does not start like a table, or not like the table of the other files."""
    lines = {file: found for file in files if (found := read_first_lines(file, delimiter))}
    if odd := find_odd_file(lines):
        file, usual = odd
        raise CommandError(
            f"{file} does not look like the data of {usual}: its first line has "
            f"{describe_column_count(lines[file])}, not "
            f"{len(lines[usual][0])}. Move it out of the folder."
        )
    for file, found in lines.items():
        if problem := describe_beginning(delimiter, *found):
            raise CommandError(f"the first line of {file}, {delimiter.join(found[0])[:80]}, {problem}.")


def find_odd_file(lines: Mapping[Path, list[Fields]]) -> tuple[Path, Path] | None:
    """Return a file whose number of columns differs from that of most files, and one of those; None if all agree.

    Files that differ consistently, all with or all without a header, are left to the channel's own checks, unless one
    does not have a CSV file name.
    """
    of_width = Counter(len(found[0]) for found in lines.values())
    if len(of_width) < 2:
        return None
    called = {len(found[0]) for file, found in lines.items() if has_csv_name(file)}
    most = max(of_width, key=lambda width: (of_width[width], width in called, width))
    usual = next(file for file, found in lines.items() if len(found[0]) == most)
    rows = {classify_first_line(*found) is FirstLine.ROW for found in lines.values()}
    others = (file for file, found in lines.items() if len(found[0]) != most)
    odd = next((file for file in others if len(rows) == 2 or not has_csv_name(file)), None)
    return (odd, usual) if odd else None


def has_csv_name(file: Path) -> bool:
    """Return whether the file name ends in .csv or .csv.gz."""
    return file.name.lower().endswith(CSV_ENDINGS)


def describe_column_count(found: list[Fields]) -> str:
    """Return the number of columns of the first line, in words."""
    width = len(found[0])
    return f"{width} column{'s' if width > 1 else ''}"


def describe_beginning(delimiter: str, first: Fields, second: Fields | None = None) -> str | None:
    """Describe a first line that is neither a header nor a row, and what to do about it.

    None where it is one of them.
    """
    whole = delimiter.join(first)
    if re.fullmatch(r"sep=.?", whole):
        return f"is for Excel and no data. Remove the line {whole}"
    if second and len(first) > 1 and not any(first):
        return "is empty. Remove it"
    title, others = first[0], first[1:]
    if not is_text(title) or any(others) or any(sign in title for sign in ";\t|"):
        return None
    below = second or []
    if len(first) > 2 or len(below) > len(first) or (len(first) == 2 and below and all(map(is_text, below))):
        filled = f"one of its {len(first)} fields is filled" if others else f"the next line has {len(below)} columns"
        return f"looks like a title: {filled}. Remove it, and what else stands above the names of the columns"
    return None
