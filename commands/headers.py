"""Whether files of CSV begin with names: told by their first two lines, asked for where these leave it open."""

import csv
import shlex
from collections.abc import Sequence
from enum import Enum
from itertools import islice, pairwise
from math import isnan
from pathlib import Path

from commands.faults import Fault, UsageFault
from commands.say import say
from container.codecs.sniff import BYTE_ORDER_MARK, HEAD_BYTES, sniff
from container.columns import are_numbered, count_index, counts_up, rise
from container.errors import DecodeError
from container.files import open_file

CSV = "text/csv"
HEADER_BYTES = 1 << 20  # in which lines must end to be looked at
MANY = 8  # columns, from which on no row counts them by chance
MISSING = {"NA", "N/A", "NaN", "nan", "null", "NULL", "None", "none", "?", "-", "\\N"}

Fields = list[str]


class First(Enum):
    """What the first line of a file is."""

    HEADER = "names"
    NUMBERED = "names, though they are numbers"
    ROW = "a row"
    UNSURE = "either"


def has_header(files: Sequence[Path], kind: str) -> bool:
    """Tell whether all files begin with a header, and say so where it could be taken for a row.

    Raises Fault where some do and others do not, and UsageFault where it must be asked; `kind` is the content type that
    is known so far.
    """
    found = {file: judge(*lines) for file in files if (lines := read_lines(file))}
    of = {first: [file for file, judged in found.items() if judged is first] for first in First}
    with_header = of[First.UNSURE] + of[First.NUMBERED] + of[First.HEADER]
    if not with_header:
        return False
    file = with_header[0]
    line = f"the first line of {file}, {','.join(read_lines(file)[0])[:80]},"
    present, absent = (f"--content-type '{kind};header={word}'" for word in ("present", "absent"))
    if of[First.ROW]:
        or_row = "" if found[file] is First.HEADER else f" If it is a row, say {absent}."
        raise Fault(
            f"{line} {'may be' if of[First.UNSURE] else 'is'} a header, but {of[First.ROW][0]} has none. If the files "
            f"were cut from one, put them together: {join(file, [other for other in found if other != file])}. If "
            f"not, give every file the header, or none.{or_row}"
        )
    if of[First.UNSURE]:
        raise UsageFault(f"{line} may be a header, as pandas writes it, or a row. Say {present} or {absent}.")
    if of[First.NUMBERED]:
        say(f"{line} is taken for a header; if it is a row, say {absent}.")
    return True


def join(first: Path, others: Sequence[Path]) -> str:
    """Give the command that puts files together, the one with the header before the others."""
    more = " ..." if len(others) >= MANY else ""
    names = " ".join(shlex.quote(str(file)) for file in [first, *others[: MANY - 1]])
    return f"`cat {names}{more} > all.csv`"


def judge(first: Fields, second: Fields | None = None) -> First:
    """Tell what the first line is by its fields and those of the next one."""
    if index := count_index(first) % len(first):
        first, second = first[index:], second and second[index:]
        if counts_up(first):
            return First.NUMBERED
    elif len(first) == 1:
        return First.ROW  # what separates its columns, of which there must be two, is no comma
    texts = list(filter(is_text, first))
    if not texts:
        return First.ROW if second is None else judge_numbers(first, second)
    values = [field for field in first if field and not is_text(field)]
    if not values:
        return First.HEADER
    over_numbers = second is None or not any(map(is_text, second))
    if over_numbers and 2 * len(texts) > len(first) and len(set(texts)) == len(texts):
        return First.NUMBERED
    if is_text(first[0]) and (second is None or is_number(second[0])):
        return judge_names(values)
    return First.ROW


def judge_numbers(first: Fields, second: Fields) -> First:
    """Tell whether a line of numbers is names: they number the columns, or rise like years above fractions."""
    if counts_up(first) or (len(first) > 2 and are_numbered(first)):
        return First.NUMBERED if len(first) >= MANY else First.UNSURE
    fractions = [field for field in second if is_number(field) and not float(field).is_integer()]
    return First.UNSURE if len(first) > 3 and rise(first[1:]) and 2 * len(fractions) > len(second) else First.ROW


def judge_names(fields: Fields) -> First:
    """Tell whether the values beside the name of the label are names: they count, or many of them rise."""
    numbers = [float(field) for field in fields if is_number(field)]
    rising = len(numbers) == len(fields) and all(one < other for one, other in pairwise(numbers))
    if counts_up(fields) or (rising and len(fields) >= MANY):
        return First.NUMBERED
    return First.UNSURE if rising and all(number.is_integer() for number in numbers) else First.ROW


def is_text(field: str) -> bool:
    """Tell whether a field is neither empty nor a number nor a mark of a missing one."""
    return bool(field) and not is_number(field) and field not in MISSING


def is_number(field: str) -> bool:
    """Tell whether a field is a number, as people write it and not as programs may, such as nan or 1_000."""
    try:
        return not isnan(float(field)) and "_" not in field
    except ValueError:
        return False


def read_lines(file: Path) -> list[Fields]:
    """Read the fields of the first two lines that are not blank, or of fewer; none of what is no text."""
    content = head(file, HEADER_BYTES)
    if sniff(content[:HEAD_BYTES]) != CSV:
        return []
    if len(content) == HEADER_BYTES:
        content = content.rpartition(b",")[0]  # without the field that is cut
    lines = [line.decode("utf-8", "replace") for line in content.removeprefix(BYTE_ORDER_MARK).splitlines()[:1000]]
    filled = [[line] for line in islice(filter(str.strip, lines), 2)]
    try:
        return [list(map(str.strip, next(csv.reader(line, skipinitialspace=True)))) for line in filled]
    except csv.Error:  # which whoever reads the data tells with its place
        return []


def head(file: Path, size: int) -> bytes:
    """Read how a file begins, unpacked."""
    try:
        with open_file(file) as stream:
            return stream.read(size)
    except DecodeError as error:
        raise Fault(f"{file}: {error}.") from None
