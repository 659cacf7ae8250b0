"""Rows of files as pieces of features, with the columns that are kept beside the predictions.

Tests: tests/commands/test_predict.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from container.codecs.jsonlines_rows import RowForm
from container.codecs.lines import read_training_lines
from container.codecs.registry import ASKED_DECODERS, CODECS, REQUEST_DECODERS, Codec
from container.contract.errors import DecodeError
from container.contract.media import MediaType
from container.rows.blocks import DecodeOptions
from container.rows.columns import show_names
from container.rows.raw import TableOptions
from container.web.answering import make_decode_options
from open_algorithms.commands.predicting.bad_rows import BadRows, name_source
from open_algorithms.commands.predicting.layouts import Layout, NumberLayout, TableLayout
from open_algorithms.commands.predicting.sources import RowSource
from open_algorithms.commands.tables.headers import HEADER_BYTES, read_head
from open_algorithms.commands.telling.faults import CommandError, UsageError
from open_algorithms.commands.telling.say import print_message
from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.rows.csr import Features

Numbers = NDArray[np.int64]

LINE_TYPES = ("text/libsvm", "application/jsonlines")  # of which a line is a record


class Piece(NamedTuple):
    """Rows of a source: features (n, d), the kept columns by name, and the number of each row, which is of a `noun`."""

    features: Features
    kept: Mapping[str, Any]
    numbers: Numbers
    source: str
    noun: str = "row"


@dataclass(frozen=True)
class RowReader:
    """Reads rows for a model: their content type, the columns to keep, and what is done about bad rows.

    `labelled` tells whether the model learned from labels, so that one may come first.
    """

    model: Any
    media: MediaType
    keep: Sequence[str]
    bad_rows: BadRows
    labelled: bool = True

    def read_pieces(self, sources: Sequence[RowSource]) -> Iterator[Piece]:
        """Yield the rows of all sources in their order; raises CommandError with the place of a bad row."""
        codec = CODECS[self.media.name]
        for source in sources:
            with name_source(source.name):
                if codec.decode_columns is not None and not self._holds_records(codec, source):
                    yield from self._read_columns(codec, source)
                else:
                    yield from self._read_records(source)

    def _holds_records(self, codec: Codec, source: RowSource) -> bool:
        """Tell whether lines are records of features, which is not known before."""
        if codec.detect_form is None:
            return False
        return codec.detect_form(read_head(source.path, HEADER_BYTES)) is RowForm.RECORDS

    def _read_columns(self, codec: Codec, source: RowSource) -> Iterator[Piece]:
        """Yield the rows of a file of columns."""
        layout = self._choose_layout()
        options = TableOptions(
            layout.text_names | {*self.keep},
            warn=lambda text: print_message(f"{source.name}: {text}."),
            choose_columns=partial(self._choose_columns, layout),
            name_columns=layout.name_columns,
            skip_row=partial(self._skip_row, source.name) if self.bad_rows.skips else None,
        )
        assert codec.decode_columns is not None
        with source.open_rows() as stream:
            for rows in codec.decode_columns(stream, self.media.parameters, options):
                yield from self._encode_rows(layout, rows.columns, rows.row_numbers, source.name)

    def _read_records(self, source: RowSource) -> Iterator[Piece]:
        """Yield the rows of a file of records, which hold features."""
        if self.keep:
            raise UsageError(f"--keep takes columns by their names, and {self.media.name} has none.")
        if self.bad_rows.skips:
            yield from self._read_good_lines(source)
            return
        first = 1
        with source.open_rows() as stream:
            for X in decode_features(stream, self.media, self.model):
                yield Piece(X, {}, first + np.arange(X.shape[0]), source.name, "record")
                first += X.shape[0]

    def _read_good_lines(self, source: RowSource) -> Iterator[Piece]:
        """Yield the records of a text that can be read."""
        if self.media.name not in LINE_TYPES:
            raise UsageError(f"--skip-bad leaves out rows and lines, and not records of {self.media.name}.")
        number = 1
        with source.open_rows() as stream:
            for text in read_training_lines(stream, self.media.name):
                lines = text.splitlines(keepends=True)
                yield from self._decode_lines(lines, number, source.name)
                number += len(lines)

    def _decode_lines(self, lines: Sequence[bytes], number: int, source: str) -> Iterator[Piece]:
        """Yield the records of lines, the first of which is this number; lines between bad ones are found by halves."""
        try:
            parts = list(decode_features(BytesIO(b"".join(lines)), self.media, self.model))
        except DecodeError as error:
            if len(lines) == 1:
                place = f"record {number}", *error.location[1:]
                self.bad_rows.handle_row(source, DecodeError(error.problem, *place))
                return
            middle = len(lines) // 2
            yield from self._decode_lines(lines[:middle], number, source)
            yield from self._decode_lines(lines[middle:], number + middle, source)
        else:
            for X in parts:
                yield Piece(X, {}, number + np.arange(X.shape[0]), source, "record")
                number += X.shape[0]

    def _choose_layout(self) -> Layout:
        has_label = self.media.parameters.get("label_size") == "1"
        if getattr(self.model, "recipe", None) is None:
            return NumberLayout(self.model, None if self.labelled else has_label, print_message)
        return TableLayout(self.model, has_label, print_message)

    def _choose_columns(self, layout: Layout, names: Sequence[str]) -> set[str]:
        if missing := [name for name in self.keep if name not in names]:
            raise DecodeError(f"there is no column {missing[0]!r} to keep; the columns are {show_names(names, 40)}")
        return {*layout.choose_columns(names), *self.keep}

    def _skip_row(self, source: str, problem: str, row: int) -> None:
        self.bad_rows.handle_row(source, DecodeError(problem, f"row {row}"))

    def _encode_rows(
        self, layout: Layout, columns: Mapping[str, Any], numbers: Numbers, source: str
    ) -> Iterator[Piece]:
        """Yield rows with their features; where bad ones are skipped, those between them, found by halves."""
        if not len(numbers):
            return
        try:
            X = layout.make_features(columns)
        except ColumnFault as fault:
            place = [f"column {fault.column!r}"] if fault.column else []
            error = DecodeError(fault.sentence, f"row {numbers[fault.row or 0]}", *place)
            if len(numbers) == 1 or not self.bad_rows.skips:
                self.bad_rows.handle_row(source, error)
                return
            middle = len(numbers) // 2
            for part in (slice(0, middle), slice(middle, None)):
                some = {name: values[part] for name, values in columns.items()}
                yield from self._encode_rows(layout, some, numbers[part], source)
        else:
            yield Piece(X, {name: columns[name] for name in self.keep}, numbers, source)


def decode_features(stream: Any, media: MediaType, model: Any) -> Iterator[Features]:
    """Decode records as a request with the same bytes."""
    options: DecodeOptions = make_decode_options(model, print_message)
    asked = ASKED_DECODERS.get(media.name)
    if options.table is not None and asked is not None:
        return asked(stream, media.parameters, options.table)
    return REQUEST_DECODERS[media.name](stream, media.parameters, model.feature_dim, options)


def check_rows(count: int, sources: Sequence[RowSource], skipped: int) -> None:
    """Raise CommandError where there was no row at all."""
    if not count and not skipped:
        raise CommandError(f"there is no row in {show_names([source.name for source in sources])}; expected rows.")
