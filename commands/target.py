"""The label of CSV must be its first column: whoever has not said that it is there is told what stands there."""

from collections.abc import Sequence
from pathlib import Path

from commands.faults import Fault, UsageFault
from commands.headers import head, read_lines
from commands.recipes import move_label
from container.codecs.csv_faults import describe_width
from container.codecs.media import MediaType
from container.codecs.sniff import HEAD_BYTES, mismatch, sniff
from container.columns import count_index, show_names

CSV = "text/csv"


def ask_for_label(path: Path, files: Sequence[Path], media: MediaType) -> None:
    """Raise UsageFault that names the first column and says how another comes to be it; Fault where there is no CSV."""
    for file in files:
        if sniff(content := head(file, HEAD_BYTES)) != CSV:
            raise Fault(f"{file}: {mismatch(CSV, content)}." if content else f"{file} is empty.")
    first = next((found[0] for file in files if (found := read_lines(file))), [""])
    if len(first) < 2:
        raise Fault(f"{files[0]}: {describe_width(first, 1, 1)}.")
    named = media.parameters.get("header", "").lower() == "present"
    index = min(count_index(first), len(first) - 1) if named else 0
    what = f"its first column is {first[index]!r}" if named else f"its first row begins with {show_names(first)}"
    number = len(first) - 1
    last = f"the last column{f', {first[-1]!r}' if named else ''}, which is number {number} counted from 0"
    orders = {tuple(found[0]) for file in files if (found := read_lines(file))} if named else {()}
    how = f", as this does with {last}:\n{move_label(path, number, index)}"
    raise UsageFault(
        f"{path} is CSV, whose first column must be the label; {what}. If that is the label, say --target-first. If "
        "not, put the label there in every file, those of --validation and --test too"
        f"{how if len(orders) == 1 else '; their columns are not all in one order.'}"
    )
