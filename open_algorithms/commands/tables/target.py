"""Ask the user to confirm that the first CSV column is the label, and show how to put it there."""

from collections.abc import Sequence
from pathlib import Path

from container.codecs.delimited.form import Form
from container.codecs.delimited.widths import describe_width
from container.codecs.sniffing.sniff import HEAD_BYTES, mismatch, sniff
from container.contract.media import MediaType
from container.rows.columns import count_index, show_names
from open_algorithms.commands.tables.headers import head, read_lines
from open_algorithms.commands.tables.recipes import move_label
from open_algorithms.commands.telling.faults import Fault, UsageFault

CSV = "text/csv"


def ask_for_label(path: Path, files: Sequence[Path], media: MediaType) -> None:
    """Raise UsageError that names the first column and shows how to move another there.

    CommandError where a file is no CSV.
    """
    ask = f"{path} is CSV, whose first column must be the label"
    if "charset" in media.parameters:  # then only whoever reads it knows
        raise UsageFault(f"{ask}. Say --target-first if it is, and put it there if it is not.")
    for file in files:
        if sniff(content := head(file, HEAD_BYTES)) != CSV:
            raise Fault(f"{file}: {mismatch(CSV, content)}." if content else f"{file} is empty.")
    lines = [found[0] for file in files if (found := read_lines(file))]
    first = lines[0] if lines else [""]
    if len(first) < 2:
        raise Fault(f"{files[0]}: {describe_width(first, Form(1, 1, 'row'), 1)}.")
    named = media.parameters.get("header", "").lower() == "present"
    what = f"its first row begins with {show_names(first)}"
    last, index, number = "the last column", 0, len(first) - 1
    if named:
        index = min(count_index(first), number)
        what, last = f"its first column is {first[index]!r}", f"the last column, {first[-1]!r}"
    how = f", as this does with {last}, which is number {number} counted from 0:\n{move_label(path, number, index)}"
    if named and any(names != first for names in lines):
        how = "; their columns are not all in one order."
    raise UsageFault(
        f"{ask}; {what}. If that is the label, say --target-first. If not, put the label there in every file, those "
        f"of --validation and --test too{how}"
    )
