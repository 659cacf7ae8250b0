"""Ask the user which column is the label, or tell that it cannot be chosen by name.

Tests: tests/commands/tables/test_source.py.
"""

from collections.abc import Sequence
from pathlib import Path

from container.codecs.delimited.form import CsvSchema
from container.codecs.delimited.parameters import read_delimiter
from container.codecs.delimited.widths import explain_width
from container.codecs.jsonlines import parse_lines
from container.codecs.jsonlines_rows import RowForm, detect_form
from container.codecs.sniffing.sniff import BYTE_ORDER_MARK, HEAD_BYTES, JSON_LINES, explain_mismatch, sniff_type
from container.contract.media import MediaType
from container.rows.columns import find_index_columns, show_names
from open_algorithms.commands.tables.headers import HEADER_BYTES, read_first_lines, read_head
from open_algorithms.commands.tables.recipes import PARQUET, label_first_command
from open_algorithms.commands.telling.faults import CommandError, UsageError

CSV, TARGET = "text/csv", "--target"
LISTED_COLUMNS = 60  # that are named where one is asked for


def ask_for_label(path: Path, files: Sequence[Path], media: MediaType) -> None:
    """Raise UsageError that asks for the label, where it is a column: by its name, or whether it is the first.

    CommandError where a file is not of the type.
    """
    if media.name == PARQUET:
        ask_for_name(path, read_parquet_names(files[0]))
    if media.name == JSON_LINES:
        ask_about_lines(path, read_head(files[0], HEADER_BYTES))
    if media.name != CSV:
        return
    if "charset" in media.parameters:  # then only whoever reads it knows
        raise UsageError(
            f"which column of {path} is the label? Say --target NAME, or --target-first if it is the first."
        )
    refuse_other_files(files)
    delimiter = read_delimiter(media.parameters) or ","
    first = read_first_line(files, delimiter)
    if len(first) < 2:
        schema = CsvSchema(1, 1, "row", delimiter=delimiter)
        raise CommandError(f"{files[0]}: {explain_width(first, schema, 1)}.")
    if media.parameters.get("header", "").lower() == "present":
        index = find_index_columns(first)
        ask_for_name(path, [name for i, name in enumerate(first) if i not in index])
    number = len(first) - 1
    raise UsageError(
        f"{path} is CSV without names of columns, whose first column must be the label; its first row begins with "
        f"{show_names(first)}. If that is the label, say --target-first. If not, put the label there in every file, "
        f"those of --validation and --test too, as this does with the last column, which is number {number} counted "
        f"from 0:\n{label_first_command(path, number, 0, delimiter)}"
    )


def check_has_names(path: Path, files: Sequence[Path], media: MediaType, option: str = TARGET) -> None:
    """Raise UsageError where columns have no names to choose one by with an option of the command line.

    CommandError where a file is not of the type.
    """
    is_named = media.name == JSON_LINES and detect_form(read_head(files[0], HEADER_BYTES)) is RowForm.NAMED
    if media.name == PARQUET or is_named:
        return
    if media.name != CSV:
        raise UsageError(
            f"{option} chooses a column by its name, and {path}, which is {media.name}, has no such names."
        )
    if "charset" not in media.parameters:
        refuse_other_files(files)
    if media.parameters.get("header", "").lower() != "present":
        first = read_first_line(files, read_delimiter(media.parameters))
        raise UsageError(
            f"{option} chooses a column by its name, but the first line of {path} seems to be a row, "
            f"{show_names(first)}. Put the names of the columns above it"
            f"{'; or, where the label is first, say --target-first instead' if option == TARGET else ''}."
        )


def refuse_other_files(files: Sequence[Path]) -> None:
    """Raise CommandError for a file that is empty or no CSV."""
    for file in files:
        if sniff_type(content := read_head(file, HEAD_BYTES)) != CSV:
            raise CommandError(f"{file}: {explain_mismatch(CSV, content)}." if content else f"{file} is empty.")


def read_first_line(files: Sequence[Path], delimiter: str) -> list[str]:
    """Return the fields of the first line of the first file that has one."""
    return next((found[0] for file in files if (found := read_first_lines(file, delimiter))), [""])


def ask_about_lines(path: Path, head: bytes) -> None:
    """Raise UsageError that asks for the label of lines of JSON, where these are objects of columns, or lists."""
    form = detect_form(head)
    if form is RowForm.LISTED:
        raise UsageError(f"{path} holds lists of values, whose first must be the label. If it is, say --target-first.")
    if form is RowForm.NAMED:
        lines = [line for line in head.removeprefix(BYTE_ORDER_MARK).splitlines() if line.strip()]
        records = parse_lines(lines[:1], 1)
        ask_for_name(path, [name for record in records if isinstance(record, dict) for name in record])


def ask_for_name(path: Path, names: Sequence[str]) -> None:
    """Raise UsageError that lists the columns and asks for one of them."""
    more = f" and {len(names) - LISTED_COLUMNS} more" if len(names) > LISTED_COLUMNS else ""
    raise UsageError(
        f"which column of {path} is to be predicted? Say --target NAME. Its columns are "
        f"{', '.join(map(repr, names[:LISTED_COLUMNS]))}{more}."
    )


def read_parquet_names(file: Path) -> list[str]:
    """Return the names of the columns of a Parquet file; empty where it cannot be read, which the job tells."""
    import pyarrow
    from pyarrow.parquet import read_schema

    try:
        return list(read_schema(file).names)
    except (pyarrow.ArrowException, OSError):
        return []
