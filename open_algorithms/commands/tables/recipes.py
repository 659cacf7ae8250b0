"""Shell commands that rewrite files as training needs them: labels numbered from 0, or the label column first.

Tests: tests/commands/tables/test_labels.py, tests/commands/tables/test_source.py.
"""

import json
import shlex
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from container.channels.files import GZIP_MAGIC
from container.codecs.delimited.parameters import read_delimiter
from container.codecs.registry import CODECS
from container.contract.media import MediaType
from container.rows.columns import index_column_count
from open_algorithms.commands.tables.headers import CSV, read_first_lines

PARQUET, LIBSVM = "application/x-parquet", "text/libsvm"
LISTED = 12  # labels that are told one by one

AWK_CSV = (
    """awk -F{sign} -v OFS={sign} '{rows} {{ x = ${column}; """
    """gsub(/[^-+.0-9eE]/, "", x); x += 0; ${column} = {number} }} 1'"""
)
AWK_LIBSVM = "awk '/^[ \\t]*[-+.0-9]/ {{ x = $1 + 0; $1 = {number} }} 1'"
QUOTED_SIGNS = {";": "';'", "|": "'|'", "\t": r"'\t'"}  # as a shell and awk read them
EACH_LINE, ALL_BUT_FIRST = r"/[^ \t\r]/", r"/[^ \t\r]/ && n++"
PYARROW = """\
{python} - <<'END'
import pathlib, pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq
source, target = pathlib.Path({source!r}), pathlib.Path({target!r})
for file in [f for f in source.rglob("*") if f.is_file()] if source.is_dir() else [source]:
    if any(part[0] in "._" for part in file.relative_to(source).parts):
        continue
    table = pq.ParquetFile(file).read()
    label = table.schema.get_field_index({label!r})
    number = pc.index_in(table[label], pa.array({values}).cast(table[label].type))
    out = target / file.relative_to(source)
    out.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.set_column(label, {label!r}, number), out)
END"""
MOVE_COLUMN = (
    """{python} -c 'import csv, sys; sys.stdin.reconfigure(encoding="utf-8-sig", errors="surrogateescape"); """
    """sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape"); csv.writer(sys.stdout, """
    """lineterminator="\\n"{sign}).writerows(r.insert({first}, r.pop({column})) or r """
    """for r in csv.reader(sys.stdin{sign}) if r)'"""
)
EACH_FILE = """\
(cd {source} && find . ! -type d ! -path '*/[._]*') | while IFS= read -r file; do
    out={target}/${{file%.gz}}; mkdir -p "$(dirname "$out")"
    gzip -dcf {source}/"$file" | {command} > "$out"
done"""


def list_labels(values: Sequence[float]) -> str:
    """List labels in words; of a long range without gaps only the ends."""
    if len(values) > LISTED and has_no_gaps(values):
        return f"the whole numbers {values[0]:.9g} to {values[-1]:.9g}"
    *others, last = (f"{value:.9g}" for value in values)
    return f"{', '.join(others)} and {last}"


def list_numbers(values: Sequence[float]) -> str:
    """List which number replaces each label."""
    pairs = [f"{number} for {value:.9g}" for number, value in enumerate(values)]
    if len(pairs) > LISTED and has_no_gaps(values):
        pairs[2:-1] = ["and so on"]
    return ", ".join(pairs)


def numbering_command(values: Sequence[float], path: Path, files: Sequence[Path], media: MediaType, label: str) -> str:
    """Return the command that rewrites the data at `path` with labels 0, 1, ..., or advice where there is none.

    `label` is the name of the label column.
    """
    kind, header = media.name, media.parameters.get("header", "").lower() == "present"
    target, number = target_name(path, "numbered", kind), awk_formula(values)
    if kind == PARQUET:
        exact = [int(value) if value.is_integer() else float(f"{value:.9g}") for value in values]
        python = shlex.quote(sys.executable)
        return PYARROW.format(python=python, source=str(path), target=target, values=exact, label=label)
    if kind == CSV:
        sign = read_delimiter(media.parameters) or ","
        names = [read_first_lines(file, sign)[0] for file in files] if header else [[""]]
        if len({tuple(found[: index_column_count(found) + 1]) for found in names}) > 1:
            return "The label is not in the same column of every file: put it first in each of them before."
        column = 1 + (index_column_count(names[0]) if header else 0)
        rows, sign = ALL_BUT_FIRST if header else EACH_LINE, QUOTED_SIGNS.get(sign, sign)
        command = AWK_CSV.format(rows=rows, column=column, number=number, sign=sign)
    elif kind == LIBSVM:
        command = AWK_LIBSVM.format(number=number)
    else:
        return "Where the records are written, write these numbers as labels."
    return pipeline_command(command, path, target)


def label_first_command(path: Path, column: int, first: int, delimiter: str) -> str:
    """Return the command that moves CSV column `column`, counted from 0, to the front, after `first` index columns."""
    sign = "" if delimiter == "," else f", delimiter={json.dumps(delimiter)}"
    command = MOVE_COLUMN.format(python=shlex.quote(sys.executable), column=column, first=first, sign=sign)
    return pipeline_command(command, path, target_name(path, "label-first", CSV))


def target_name(path: Path, ending: str, kind: str) -> str:
    """Return the name of the output of a recipe.

    In the current folder, or beside the data folder if that contains it.
    """
    if not path.is_dir():
        return f"{path.name.partition('.')[0] or 'data'}-{ending}{CODECS[kind].suffixes[0]}"
    folder = path.resolve()
    name = f"{folder.name or 'data'}-{ending}"
    return str(folder.parent / name) if Path.cwd().is_relative_to(folder) else name


def pipeline_command(command: str, path: Path, target: str) -> str:
    """Return the command that runs `command` on a file, or on each file of a folder, and writes to `target`."""
    source, out = shlex.quote(str(path)), shlex.quote(target)
    if path.is_dir():
        return EACH_FILE.format(source=source, target=out, command=command)
    with path.open("rb") as stream:
        packed = stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    return f"gzip -dc {source} | {command} > {out}" if packed else f"{command} < {source} > {out}"


def awk_formula(values: Sequence[float]) -> str:
    """Return the awk expression for the number of label x: how many midpoints between labels it exceeds."""
    if has_no_gaps(values) and len(values) > 2:
        return f"x - {values[0]:.9g}" if values[0] > 0 else f"x + {-values[0]:.9g}"
    middles = [(one + other) / 2 for one, other in pairwise(values)]
    return " + ".join(f"(x > {middle:.9g})" for middle in middles)


def has_no_gaps(values: Sequence[float]) -> bool:
    """Tell whether sorted whole numbers have no gap between them."""
    return all(one + 1 == other for one, other in pairwise(values))
