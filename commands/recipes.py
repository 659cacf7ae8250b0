"""How labels are numbered from 0: in words, and as a command for the file that they are in."""

import shlex
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from commands.headers import CSV, read_lines
from container.codecs.media import MediaType
from container.columns import count_index
from container.files import GZIP_MAGIC

PARQUET, LIBSVM = "application/x-parquet", "text/libsvm"
SUFFIXES = {CSV: ".csv", PARQUET: ".parquet", LIBSVM: ".libsvm"}
LISTED = 12  # labels that are told one by one

AWK_CSV = (
    """awk -F, -v OFS=, '{rows} {{ x = ${column}; gsub(/[^-+.0-9eE]/, "", x); x += 0; ${column} = {number} }} 1'"""
)
AWK_LIBSVM = "awk '/^[ \\t]*[-+.0-9]/ {{ x = $1 + 0; $1 = {number} }} 1'"
EACH_LINE, BUT_THE_FIRST = r"/[^ \t\r]/", r"/[^ \t\r]/ && n++"
PYARROW = """\
python3 - <<'END'
import pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq
table = pq.read_table({file!r})
label = table.schema.get_field_index({label!r})
number = pc.index_in(table[label], pa.array({values}).cast(table[label].type))
pq.write_table(table.set_column(label, {label!r}, number), {out!r})
END"""


def list_labels(values: Sequence[float]) -> str:
    """List labels; of many in a row only the ends are told."""
    if len(values) > LISTED and is_dense(values):
        return f"the whole numbers {values[0]:.9g} to {values[-1]:.9g}"
    *others, last = (f"{value:.9g}" for value in values)
    return f"{', '.join(others)} and {last}"


def list_numbers(values: Sequence[float]) -> str:
    """Say which number each label is to have."""
    pairs = [f"{number} for {value:.9g}" for number, value in enumerate(values)]
    if len(pairs) > LISTED and is_dense(values):
        pairs[2:-1] = ["and so on"]
    return ", ".join(pairs)


def write_recipe(values: Sequence[float], file: Path, media: MediaType, label: str) -> str:
    """Give the command that writes a file with 0, 1 and so on for its labels, or words; `label` names their column."""
    kind, header = media.name, media.parameters.get("header", "").lower() == "present"
    out = f"{file.name.partition('.')[0] or 'data'}-numbered{SUFFIXES.get(kind, '')}"
    number = formula(values)
    if kind == PARQUET:
        exact = [int(value) if value.is_integer() else float(f"{value:.9g}") for value in values]
        return PYARROW.format(file=str(file), out=out, values=exact, label=label)
    if kind == CSV:
        column = 1 + (count_index(read_lines(file)[0]) if header else 0)
        command = AWK_CSV.format(rows=BUT_THE_FIRST if header else EACH_LINE, column=column, number=number)
    elif kind == LIBSVM:
        command = AWK_LIBSVM.format(number=number)
    else:
        return "Where the records are written, write these numbers as labels."
    name, target = shlex.quote(str(file)), shlex.quote(out)
    with file.open("rb") as stream:
        packed = stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    return f"gzip -dc {name} | {command} > {target}" if packed else f"{command} {name} > {target}"


def formula(values: Sequence[float]) -> str:
    """Write the number of a label x in awk: how many of the middles between labels it is beyond."""
    if is_dense(values) and len(values) > 2:
        return f"x - {values[0]:.9g}" if values[0] > 0 else f"x + {-values[0]:.9g}"
    middles = [(one + other) / 2 for one, other in pairwise(values)]
    return " + ".join(f"(x > {middle:.9g})" for middle in middles)


def is_dense(values: Sequence[float]) -> bool:
    """Tell whether sorted whole numbers have no gap between them."""
    return all(one + 1 == other for one, other in pairwise(values))
