"""Ask the user to confirm that the first CSV column is the label, and show how to put it there.

Tests: tests/commands/tables/test_source.py.
"""

from collections.abc import Sequence
from pathlib import Path

from container.codecs.delimited.form import CsvSchema
from container.codecs.delimited.widths import explain_width
from container.codecs.sniffing.sniff import HEAD_BYTES, explain_mismatch, sniff_type
from container.contract.media import MediaType
from container.rows.columns import index_column_count, show_names
from open_algorithms.commands.tables.headers import read_first_lines, read_head
from open_algorithms.commands.tables.recipes import label_first_command
from open_algorithms.commands.telling.faults import CommandError, UsageError

CSV = "text/csv"


def ask_for_label(path: Path, files: Sequence[Path], media: MediaType) -> None:
    """Raise UsageError that names the first column and shows how to move another there.

    CommandError where a file is no CSV.
    """
    ask = f"{path} is CSV, whose first column must be the label"
    if "charset" in media.parameters:  # then only whoever reads it knows
        raise UsageError(f"{ask}. Say --target-first if it is, and put it there if it is not.")
    for file in files:
        if sniff_type(content := read_head(file, HEAD_BYTES)) != CSV:
            raise CommandError(f"{file}: {explain_mismatch(CSV, content)}." if content else f"{file} is empty.")
    lines = [found[0] for file in files if (found := read_first_lines(file))]
    first = lines[0] if lines else [""]
    if len(first) < 2:
        raise CommandError(f"{files[0]}: {explain_width(first, CsvSchema(1, 1, 'row'), 1)}.")
    named = media.parameters.get("header", "").lower() == "present"
    what = f"its first row begins with {show_names(first)}"
    last, index, number = "the last column", 0, len(first) - 1
    if named:
        index = min(index_column_count(first), number)
        what, last = f"its first column is {first[index]!r}", f"the last column, {first[-1]!r}"
    how = (
        f", as this does with {last}, which is number {number} counted from "
        f"0:\n{label_first_command(path, number, index)}"
    )
    if named and any(names != first for names in lines):
        how = "; their columns are not all in one order."
    raise UsageError(
        f"{ask}; {what}. If that is the label, say --target-first. If not, put the label there in every file, those "
        f"of --validation and --test too{how}"
    )
