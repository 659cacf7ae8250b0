"""application/jsonlines in training: a line is an object of named columns, a list with the label first, or a record."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import partial
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from container.codecs.asked.values import make_array
from container.codecs.delimited.form import FLOAT32_OVERFLOW
from container.codecs.indexed.one_row import MAX_INDEX
from container.codecs.jsonlines import parse_lines
from container.codecs.lines import read_training_lines
from container.codecs.sniffing.sniff import BYTE_ORDER_MARK, JSON_LINES
from container.codecs.tabular.stacking import stack_columns
from container.codecs.text.instance_faults import explain_instance, quote_json
from container.codecs.text.instances import read_instances
from container.contract.errors import DecodeError
from container.rows.blocks import DEFAULT_OPTIONS, Block, DecodeOptions, Doubles, Matrix, without_labels
from container.rows.columns import show_names
from container.rows.raw import RawRows, TableOptions
from open_algorithms.learning.columns.faults import ColumnFault

LABEL = "label"


class RowForm(Enum):
    """What the lines of a file are."""

    NAMED = "objects of columns"
    LISTED = "lists of values"
    RECORDS = "records of features"


class _Piece(NamedTuple):
    """Values of lines, the row of the first line, and which lines were skipped, counted from 0."""

    records: list[Any]
    row: int
    skipped: tuple[int, ...]


def detect_form(head: bytes) -> RowForm:
    """Tell what lines are by the first that is not blank; objects of columns, where it cannot be read."""
    line = next(filter(bytes.strip, head.removeprefix(BYTE_ORDER_MARK).splitlines()), b"")
    try:
        (record,) = parse_lines([line], 1)
    except DecodeError:  # or cut short, as a long list may be
        record = [] if line.lstrip()[:1] == b"[" else {}
    if isinstance(record, list):
        return RowForm.LISTED
    return RowForm.RECORDS if _holds_features(record) else RowForm.NAMED


def decode_columns(stream: BinaryIO, parameters: Mapping[str, str], options: TableOptions) -> Iterator[RawRows]:
    """Decode objects by the names of their columns, those of the first 4 MB; a value that is not there is missing.

    Lists have the names that `options` give to so many.
    """
    names: Sequence[str] = ()
    form = None
    for piece in _read_records(stream, options.skip_row):
        if not piece.records:
            continue
        if form is None:
            form, names = _find_form(piece.records[0]), _find_names(piece.records, options)
            picked = options.pick_columns(names)
        values, skipped = _take_columns(piece, form, names, options.skip_row)
        if late := [name for name in dict.fromkeys(chain.from_iterable(values)) if name not in names]:
            options.warn(f"columns that only later rows have are left out: {show_names(late)}")
        arrays = {}
        for name in picked:
            array = _make_column([one.get(name) for one in values], name, piece.row)
            arrays[name] = array.cast("string") if name in options.text_names else array
        yield RawRows(arrays, piece.row, skipped=skipped)


def decode_blocks(
    stream: BinaryIO, parameters: Mapping[str, str], feature_dim: int | None, options: DecodeOptions = DEFAULT_OPTIONS
) -> Iterator[Block]:
    """Decode rows of numbers; `feature_dim` is the number of features, None to take it from the data."""
    pieces = _read_records(stream)
    first = next(pieces, None)
    if first is None:
        return
    form = _find_form(first[0][0])
    if form is RowForm.RECORDS:
        yield from _read_features(chain([first], pieces), feature_dim, options)
        return
    names: list[str] = []
    known: set[str] = set()
    shift: Doubles | None = None
    for records, row, _ in chain([first], pieces):
        if not names:
            names = _arrange_names(records, form, feature_dim, options)
        values = [_take_values(record, form, names, row + i) for i, record in enumerate(records)]
        known = known or {*chain.from_iterable(values)}
        _refuse_late_columns(values, known, row)
        columns = {name: _make_column([one.get(name) for one in values], name, row) for name in names}
        labels = int(options.labelled)
        if row == 1:
            shift = options.choose_shift(partial(_sample_features, columns, names[labels:]))
            shift = None if shift is None else np.append(np.zeros(labels), shift)
        table = _stack_rows(columns, names, row, options.dtype, shift)
        X = np.ascontiguousarray(table[:, labels:])
        yield (X, table[:, 0].copy()) if labels else without_labels(X)


def _refuse_late_columns(values: Sequence[Mapping[str, Any]], known: Collection[str], first: int) -> None:
    """Raise DecodeError for a record with a column that the first rows, which decide on the features, do not have."""
    for place, record in enumerate(values):
        if late := [name for name in record if name not in known]:
            problem = f"columns that none of the first rows has: {show_names(late)}. Give every row all columns"
            raise DecodeError(problem, f"row {first + place}")


def _read_records(stream: BinaryIO, skip_row: Callable[[str, int], None] | None = None) -> Iterator[_Piece]:
    """Yield the values of lines that are not blank, in pieces; rows are such lines alone."""
    row = 1
    for text in read_training_lines(stream, JSON_LINES):
        if lines := list(filter(bytes.strip, text.splitlines())):
            try:
                yield _Piece(parse_lines(lines, row), row, ())
            except DecodeError as error:
                if skip_row is None:
                    place = error.location[0].replace("record", "row")
                    raise DecodeError(error.problem, place, *error.location[1:]) from None
                yield _parse_good_lines(lines, row, skip_row)
            row += len(lines)


def _parse_good_lines(lines: Sequence[bytes], first: int, skip_row: Callable[[str, int], None]) -> _Piece:
    """Return the values of those lines that can be read."""
    records, skipped = [], []
    for place, line in enumerate(lines):
        try:
            records += parse_lines([line], first + place)
        except DecodeError as error:
            skip_row(error.problem, first + place)
            skipped.append(place)
    return _Piece(records, first, tuple(skipped))


def _find_form(record: Any) -> RowForm:
    if isinstance(record, list):
        return RowForm.LISTED
    return RowForm.RECORDS if _holds_features(record) else RowForm.NAMED


def _holds_features(record: Any) -> bool:
    """Tell whether a record holds features as those of requests do, and not columns of these names."""
    if not isinstance(record, dict):
        return False
    data = record.get("data")
    return isinstance(record.get("features"), list | dict) or (isinstance(data, dict) and "features" in data)


def _find_names(records: Sequence[Any], options: TableOptions) -> Sequence[str]:
    """Return the names of all columns of records; raises DecodeError for lists whose values nobody names."""
    if not isinstance(records[0], list):
        objects = [record for record in records if isinstance(record, dict)]
        return list(dict.fromkeys(chain.from_iterable(objects)))
    if options.name_columns is None:
        raise DecodeError("expected objects of columns, which have names, found lists of values", "row 1")
    try:
        return options.name_columns(len(records[0]))
    except DecodeError as error:
        raise DecodeError(error.problem, "row 1") from None


def _take_columns(
    piece: _Piece, form: RowForm, names: Sequence[str], skip_row: Callable[[str, int], None] | None
) -> tuple[list[Mapping[str, Any]], tuple[int, ...]]:
    """Return the values of each record by column, and which lines were skipped, those of another form too."""
    places = [place for place in range(len(piece.records) + len(piece.skipped)) if place not in piece.skipped]
    values, skipped = [], list(piece.skipped)
    for place, record in zip(places, piece.records, strict=True):
        try:
            values.append(_take_values(record, form, names, piece.row + place))
        except DecodeError as error:
            if skip_row is None:
                raise
            skip_row(error.problem, piece.row + place)
            skipped.append(place)
    return values, tuple(sorted(skipped))


def _take_values(record: Any, form: RowForm, names: Sequence[str], row: int) -> Mapping[str, Any]:
    """Return the values of a record by column; raises DecodeError for another form, or another number of values."""
    if form is not RowForm.LISTED and isinstance(record, dict):
        return record
    if form is not RowForm.LISTED or not isinstance(record, list):
        problem = f"expected one of {form.value}, as the first line is, found {quote_json(record)}"
        raise DecodeError(problem, f"row {row}")
    if len(record) != len(names):
        raise DecodeError(f"expected {len(names)} values, as the first line has, found {len(record)}", f"row {row}")
    return dict(zip(names, record, strict=True))


def _make_column(values: Sequence[Any], name: str, row: int) -> Any:
    """Return the values of a column as an arrow array, a number that is missing null."""
    try:
        array = make_array(values, name, row)
    except DecodeError as error:
        place = error.location[0].replace("record", "row")
        raise DecodeError(error.problem, place, *error.location[1:]) from None
    if str(array.type) != "double":
        return array
    import pyarrow

    return pyarrow.array(array.to_numpy(zero_copy_only=False), from_pandas=True)


def _arrange_names(records: Sequence[Any], form: RowForm, feature_dim: int | None, options: DecodeOptions) -> list[str]:
    """Return the names of label and features in their order; those of lists are made up."""
    if form is RowForm.LISTED:
        labels = [LABEL] if options.labelled else []
        width = len(records[0])
        if width <= len(labels):
            raise DecodeError("expected a label and at least one feature; the label comes first", "row 1")
        if feature_dim is not None and width != feature_dim + len(labels):
            raise DecodeError(f"expected {feature_dim + len(labels)} values, found {width}", "row 1")
        return [*labels, *(f"f{place}" for place in range(width - len(labels)))]
    names = list(_find_names(records, TableOptions()))
    try:
        order = options.arrange_columns(names)
    except DecodeError as error:
        raise DecodeError(error.problem, "row 1") from None
    names = names if order is None else [names[place] for place in order]
    least = 1 + options.labelled
    if len(names) < least or feature_dim not in (None, len(names) + 1 - least):
        expected = f"at least {least}" if feature_dim is None else f"{feature_dim + least - 1}"
        raise DecodeError(f"expected {expected} columns, found {len(names)}: {show_names(names)}", "row 1")
    return names


def _stack_rows(
    columns: Mapping[str, Any],
    names: Sequence[str],
    row: int,
    dtype: Any = np.float64,
    shift: Doubles | None = None,
) -> Any:
    try:
        return stack_columns(columns, names, dtype, shift)
    except ColumnFault as fault:
        raise DecodeError(fault.sentence, f"row {row + (fault.row or 0)}", f"column {fault.column!r}") from None


def _sample_features(columns: Mapping[str, Any], names: Sequence[str]) -> Doubles | None:
    """Return the first features, None where these are no numbers."""
    try:
        return np.asarray(_stack_rows(columns, names, 1), np.float64)
    except DecodeError:
        return None


def _read_features(pieces: Iterable[_Piece], feature_dim: int | None, options: DecodeOptions) -> Iterator[Block]:
    """Yield records of features, as those of requests are, with their labels beside."""
    for records, row, _ in pieces:
        feature_dim = feature_dim or _count_features(records[0])
        if not feature_dim:
            raise DecodeError(explain_instance(records[0]), f"row {row}")
        X = read_instances(records, feature_dim, row)
        yield (X, _read_labels(records, row)) if options.labelled else without_labels(X)


def _count_features(record: Any) -> int:
    """Return how many features a record has, 0 where it does not say."""
    match record:
        case {"features": list(values)}:
            return len(values)
        case {"data": {"features": {"keys": _, "shape": [int(count)]}}}:
            return max(0, min(count, MAX_INDEX))
        case {"data": {"features": {"values": list(values)}}}:
            return len(values)
    return 0


def _read_labels(records: Sequence[Any], row: int) -> Matrix:
    """Return the labels of records (n,); raises DecodeError for one that is no number."""
    labels = [record.get(LABEL) if isinstance(record, dict) else None for record in records]
    for place, label in enumerate(labels):
        if isinstance(label, bool) or not isinstance(label, int | float) or not abs(label) < FLOAT32_OVERFLOW:
            problem = 'expected a number as the label, as in {"features": [...], "label": 1}'
            raise DecodeError(f"{problem}, found {quote_json(label)}", f"row {row + place}")
    return np.array(labels, np.float32)
