"""A table in Parquet: columns of any type with single values, by name, as float64 or texts."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from container.codecs.asked.values import MOST_EXACT
from container.codecs.tabular.values import NESTED, read_values
from container.contract.errors import DecodeError
from container.rows.asked import AskedRows, AskedTable
from open_algorithms.learning.rows.csr import Features

_PIECE_VALUES = 1 << 18  # that are read at once
_WHOLE = re.compile(r"u?int\d+")


def encode_asked_table(file: Any, index: Collection[str], table: AskedTable) -> Iterator[Features]:
    """Encode the rows of an open Parquet file, (n, feature_dim), without the columns `index` of a frame.

    Raises DecodeError with record and column.
    """
    rows, names = AskedRows(table), file.schema_arrow.names
    places = rows.find_columns(names, [place for place, name in enumerate(names) if name in index])
    once = len(set(names)) == len(names)
    asked = [names[place] for place in places.values()] if once else None
    for batch in file.iter_batches(max(1, _PIECE_VALUES // len(places)), columns=asked):
        found = {name: batch.schema.names.index(names[place]) if once else place for name, place in places.items()}
        arrays = {name: read_column(name, batch.column(place)) for name, place in found.items()}
        yield from rows.encode_columns(arrays)


def read_column(name: str, column: Any) -> Any:
    """Return a column (n,) as float64 where it holds numbers, as texts otherwise.

    Whole numbers of more digits than float64 keeps are texts. Raises DecodeError for lists and records, and for what
    cannot be read, such as texts that are not UTF-8.
    """
    import pyarrow

    kind, place = str(column.type)[:80], f"column {name!r}"
    if kind.startswith(NESTED):
        raise DecodeError(f"expected numbers, texts, truth values, dates or times, found the type {kind}", place)
    try:
        return _convert_column(column)
    except pyarrow.ArrowException as error:
        reason = str(error).partition("\n")[0][:200]
        raise DecodeError(f"values of the type {kind} that cannot be read: {reason}", place) from None


def _convert_column(column: Any) -> Any:
    import pyarrow
    from pyarrow import compute

    if isinstance(column, pyarrow.DictionaryArray):  # of which only what is used is looked at, and nothing written out
        used = compute.dictionary_encode(column.indices)
        return _convert_column(column.dictionary.take(used.dictionary)).take(used.indices)
    if _WHOLE.fullmatch(str(column.type)):
        bounds = compute.min_max(column).as_py().values()
        if any(bound is not None and abs(bound) > MOST_EXACT for bound in bounds):
            column = column.cast(pyarrow.string())
    found = read_values(column)
    if isinstance(found, pyarrow.DictionaryArray):
        found.dictionary.validate(full=True)
    return found
