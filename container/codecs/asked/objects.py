"""Rows of a table in JSON: objects of values by their columns, or lists in the order of the training data."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Any

from container.codecs.asked.values import make_array
from container.codecs.text.instance_faults import quote_json
from container.codecs.text.instances import read_instances
from container.contract.errors import DecodeError
from container.rows.asked import AskedRows, AskedTable
from container.rows.columns import show_names
from open_algorithms.learning.rows.csr import Features

_PIECE_ROWS, _PIECE_VALUES = 4096, 1 << 18  # that are read at once
_MOST_EXTRA = 100  # names that the model does not know, of which a request is told


class SeenColumns:
    """Which columns the objects of a request have named: all that are needed, in the end, and maybe others."""

    def __init__(self, table: AskedTable) -> None:
        self._table = table
        self._unseen = set(table.needed)
        self._named = False
        self.extra: dict[str, None] = {}

    def note_record(self, record: Mapping[str, Any], number: int) -> None:
        """Note the names of a record; raises DecodeError where it names no column that is needed."""
        if not record.keys() <= self._table.known and len(self.extra) < _MOST_EXTRA:
            self.extra |= dict.fromkeys(name for name in record if name not in self._table.known)
        if self._unseen:
            self._unseen -= record.keys()
        if not any(name in record for name in self._table.needed):
            problem = f"expected the columns of the model, {show_names(self._table.needed)}, found {quote_json(record)}"
            raise DecodeError(problem, f"record {number}")
        self._named = True

    def check_complete(self) -> None:
        """Raise DecodeError for needed columns that no object has named."""
        if self._named and self._unseen:
            missing = [name for name in self._table.needed if name in self._unseen]
            problem = self._table.explain_missing(missing, list(self.extra))
            raise DecodeError(f"{problem}. A value that is not there is null")


def split_pieces(records: Iterator[Any], table: AskedTable) -> Iterator[list[Any]]:
    """Yield records in pieces of so many values as are read at once."""
    size = max(1, min(_PIECE_ROWS, _PIECE_VALUES // len(table.columns)))
    while piece := list(islice(records, size)):
        yield piece


def encode_asked_records(pieces: Iterable[Sequence[Any]], table: AskedTable) -> Iterator[Features]:
    """Encode records of JSON: features (n, feature_dim), CSR where records are sparse, which means features already."""
    rows, seen = AskedRows(table), SeenColumns(table)
    for piece in pieces:
        for sparse, group in groupby(piece, is_sparse):
            found = list(group)
            if sparse:
                yield rows.pass_features(read_instances(found, table.feature_dim, rows.number))
            else:
                yield from rows.encode_columns(_read_columns(found, rows, seen))
    rows.note_extra(list(seen.extra))
    seen.check_complete()


def is_sparse(record: Any) -> bool:
    """Tell whether a record holds the keys and values of features."""
    try:
        return "keys" in record["data"]["features"]
    except (KeyError, TypeError, IndexError):
        return False


def find_values(record: Any, columns: Collection[str]) -> Any:
    """Return the values of a record: what lies under features or data, unless names of columns lie beside, or itself.

    >>> find_values({"features": {"Age": 22}}, {"Age"}), find_values({"Age": 22}, {"Age"})
    ({'Age': 22}, {'Age': 22})
    """
    if not isinstance(record, dict) or any(name in columns for name in record if name not in ("features", "data")):
        return record
    found = record.get("features")
    if not isinstance(found, dict | list) and isinstance(record.get("data"), dict):
        found = record["data"].get("features")
        if isinstance(found, dict) and isinstance(found.get("values"), list):
            found = found["values"]
    return found if isinstance(found, dict | list) else record


def _read_columns(records: Sequence[Any], rows: AskedRows, seen: SeenColumns) -> dict[str, Any]:
    """Return the needed columns of records as arrow arrays; raises DecodeError."""
    table, objects = rows.table, []
    for number, record in enumerate(records, rows.number):
        values = find_values(record, table.places)
        if isinstance(values, list):
            if len(values) != len(table.columns):
                raise DecodeError(table.explain_width(len(values), "values"), f"record {number}")
            objects.append(dict(zip(table.columns, values, strict=True)))
        elif isinstance(values, dict):
            seen.note_record(values, number)
            objects.append(values)
        else:
            problem = f"expected an object of columns, or a list of {len(table.columns)} values"
            raise DecodeError(f"{problem}, found {quote_json(values)}", f"record {number}")
    return {name: make_array([values.get(name) for values in objects], name, rows.number) for name in table.needed}
