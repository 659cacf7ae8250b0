"""Records read one by one: slower than many alike at once, but whatever they hold, and each fault with its place."""

from operator import itemgetter

import numpy as np

from container.codecs.records.framing import read_frame
from container.codecs.records.one_record import Row, read_record, stack_records
from container.contract.errors import DecodeError
from container.rows.blocks import Block, Features, Matrix, all_finite
from open_algorithms.learning.rows.csr import Csr, locate_value, stored_values

_PIECE_ROWS = 4096  # that are read one by one before they are scored


def read_each_record(
    data: memoryview, offset: int, ended: bool, number: int, feature_dim: int | None, labelled: bool
) -> tuple[Block, int] | None:
    """Parse the complete records in `data` one by one; `number` is that of the first.

    Returns the block and its size in bytes. Labelled records are read while all are dense or all are sparse; those of a
    request may be mixed and then yield CSR. An error is raised only if no record precedes it, else by the next call.
    """
    rows: list[Row] = []
    at = 0
    while at < len(data):
        try:
            if (frame := read_frame(data, at, ended)) is None:
                break
            row = read_record(frame[0], feature_dim, labelled)
        except DecodeError as error:
            if rows:
                break
            raise DecodeError(error.problem, f"record {number}", f"byte {offset}") from None
        if labelled and rows and (row.keys is None) != (rows[0].keys is None):
            break
        rows.append(row)
        feature_dim, at = row.width, frame[1]
        if not labelled and len(rows) == _PIECE_ROWS:
            break
    return ((stack_records(rows), np.array([row.label for row in rows])), at) if rows else None


def check_finite(X: Features, y: Matrix, number: int) -> None:
    """Raise DecodeError for the first value that is not finite; `number` is that of the first record."""
    if all_finite(X.data if isinstance(X, Csr) else X) and all_finite(y):
        return
    values = stored_values(X)
    faults = [(int(row), "label", y[row]) for row in np.flatnonzero(~np.isfinite(y))[:1]]
    for at in np.flatnonzero(~np.isfinite(values))[:1]:
        row, column = locate_value(X, int(at))
        faults.append((row, f"feature {column + 1}", values[at]))
    row, place, found = min(faults, key=itemgetter(0))
    problem = f"expected a finite number, found {found}. Remove missing and infinite values"
    raise DecodeError(problem, f"record {number + row}", place)
