"""Detect headers of CSV files by their first two lines; where these are ambiguous the user is asked."""

import shlex
from collections.abc import Sequence
from enum import Enum
from itertools import islice, pairwise
from math import isnan
from pathlib import Path

from container.channels.files import open_file
from container.codecs.delimited.fields import guess_delimiter, split_fields
from container.codecs.delimited.lines import is_for_excel
from container.codecs.sniffing.sniff import BYTE_ORDER_MARK, HEAD_BYTES, sniff_type
from container.contract.errors import DecodeError
from container.rows.columns import index_column_count, is_increasing, is_permuted_range, is_range
from open_algorithms.commands.telling.faults import CommandError, UsageError
from open_algorithms.commands.telling.say import print_message

CSV = "text/csv"
HEADER_BYTES = 1 << 20  # in which lines must end to be looked at
LEAST_CERTAIN_COLUMNS = 8  # columns, from which on no row counts them by chance
MISSING_MARKS = {"NA", "N/A", "NaN", "nan", "null", "NULL", "None", "none", "?", "-", "\\N"}

Fields = list[str]


class FirstLine(Enum):
    """What the first line of a file is."""

    HEADER = "names"
    NUMBERED = "names, though they are numbers"
    ROW = "a row"
    UNSURE = "either"


def has_headers(files: Sequence[Path], kind: str, delimiter: str) -> bool:
    """Return whether the files start with a header; print a notice where it could be mistaken for a row.

    Raises CommandError where only some do, and UsageError where it cannot be decided. `kind` is the content type known
    so far, `delimiter` the sign between fields.
    """
    found = {file: classify_first_line(*lines) for file in files if (lines := read_first_lines(file, delimiter))}
    of = {first: [file for file, judged in found.items() if judged is first] for first in FirstLine}
    with_header = of[FirstLine.UNSURE] + of[FirstLine.NUMBERED] + of[FirstLine.HEADER]
    if not with_header:
        return False
    file = with_header[0]
    line = f"the first line of {file}, {delimiter.join(read_first_lines(file, delimiter)[0])[:80]},"
    present, absent = (f"--content-type '{kind};header={word}'" for word in ("present", "absent"))
    if of[FirstLine.ROW]:
        or_row = "" if found[file] is FirstLine.HEADER else f" If it is a row, say {absent}."
        raise CommandError(
            f"{line} {'may be' if of[FirstLine.UNSURE] else 'is'} a header, but {of[FirstLine.ROW][0]} has "
            "none. If the files "
            "were cut from one, put them together: "
            f"{concatenation_command(file, [other for other in found if other != file])}. If "
            f"not, give every file the header, or none.{or_row}"
        )
    if of[FirstLine.UNSURE]:
        raise UsageError(f"{line} may be a header, as pandas writes it, or a row. Say {present} or {absent}.")
    if of[FirstLine.NUMBERED]:
        print_message(f"{line} is taken for a header; if it is a row, say {absent}.")
    return True


def all_begin_with_names(files: Sequence[Path], names: Sequence[str], delimiter: str) -> bool:
    """Tell whether the first line of every file holds more than half of these names, so that it is a header."""
    firsts = [lines[0] if (lines := read_first_lines(file, delimiter)) else [] for file in files]
    return bool(names) and all(2 * len({*names} & {*first}) > len({*names}) for first in firsts)


def concatenation_command(first: Path, others: Sequence[Path]) -> str:
    """Return the shell command that concatenates the files, the one with the header first."""
    more = " ..." if len(others) >= LEAST_CERTAIN_COLUMNS else ""
    names = " ".join(shlex.quote(str(file)) for file in [first, *others[: LEAST_CERTAIN_COLUMNS - 1]])
    return f"`cat {names}{more} > all.csv`"


def classify_first_line(first: Fields, second: Fields | None = None) -> FirstLine:
    """Classify the first line by its fields and those of the second."""
    if index := index_column_count(first) % len(first):
        first, second = first[index:], second and second[index:]
        if is_range(first):
            return FirstLine.NUMBERED
    elif len(first) == 1:
        return FirstLine.ROW  # what separates its columns, of which there must be two, is no comma
    texts = list(filter(is_text, first))
    if not texts:
        return FirstLine.ROW if second is None else classify_number_line(first, second)
    values = [field for field in first if field and not is_text(field)]
    if not values:
        return FirstLine.HEADER
    over_numbers = second is None or not any(map(is_text, second))
    if over_numbers and 2 * len(texts) > len(first) and len(set(texts)) == len(texts):
        return FirstLine.NUMBERED
    if is_text(first[0]) and (second is None or is_everyday_number(second[0])):
        return classify_label_line(values)
    return FirstLine.ROW


def classify_number_line(first: Fields, second: Fields) -> FirstLine:
    """Classify a line of numbers: a header where they number the columns, or rise like years above fractions."""
    if is_range(first) or (len(first) > 2 and is_permuted_range(first)):
        return FirstLine.NUMBERED if len(first) >= LEAST_CERTAIN_COLUMNS else FirstLine.UNSURE
    fractions = [field for field in second if is_everyday_number(field) and not float(field).is_integer()]
    return (
        FirstLine.UNSURE
        if len(first) > 3 and is_increasing(first[1:]) and 2 * len(fractions) > len(second)
        else FirstLine.ROW
    )


def classify_label_line(fields: Fields) -> FirstLine:
    """Classify the values beside the label's name: a header where they count up, or rise and are many."""
    numbers = [float(field) for field in fields if is_everyday_number(field)]
    rising = len(numbers) == len(fields) and all(one < other for one, other in pairwise(numbers))
    if is_range(fields) or (rising and len(fields) >= LEAST_CERTAIN_COLUMNS):
        return FirstLine.NUMBERED
    return FirstLine.UNSURE if rising and all(number.is_integer() for number in numbers) else FirstLine.ROW


def is_text(field: str) -> bool:
    """Return whether a field is not empty, not a number and not a mark of a missing value."""
    return bool(field) and not is_everyday_number(field) and field not in MISSING_MARKS


def is_everyday_number(field: str) -> bool:
    """Return whether a field is a number in everyday notation: not nan, not 1_000."""
    try:
        return not isnan(float(field)) and "_" not in field
    except ValueError:
        return False


def read_first_lines(file: Path, delimiter: str = "") -> list[Fields]:
    """Return the fields of the first two lines that are not blank, or fewer; empty for a file that is not text.

    Without a delimiter, the first line tells which it is.
    """
    lines = read_filled_lines(file)
    if lines and is_for_excel([lines[0]]):
        return [lines[:1]]
    sign = delimiter or guess_delimiter(lines[0] if lines else "")
    fields = [split_fields(line, sign) for line in lines]
    return fields if all(fields) else []  # wrong quotes are told with their place by whoever reads the data


def read_filled_lines(file: Path) -> list[str]:
    """Return the first two lines that are not blank, or fewer; empty for a file that is not text."""
    content = read_head(file, HEADER_BYTES)
    if sniff_type(content[:HEAD_BYTES]) != CSV:
        return []
    if len(content) == HEADER_BYTES:
        content = content.rpartition(b",")[0]  # without the field that is cut
    lines = [line.decode("utf-8", "replace") for line in content.removeprefix(BYTE_ORDER_MARK).splitlines()[:1000]]
    return list(islice(filter(str.strip, lines), 2))


def read_head(file: Path, size: int) -> bytes:
    """Return the first `size` bytes of a file, decompressed."""
    try:
        with open_file(file) as stream:
            return stream.read(size)
    except DecodeError as error:
        raise CommandError(f"{file}: {error}.") from None
