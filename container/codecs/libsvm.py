"""text/libsvm: one row per line, `label index:value ...`, indices from 1; omitted values are zero."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from container.codecs.indexed.one_row import MAX_INDEX, read_row
from container.codecs.lines import read_request_lines, read_training_lines
from container.codecs.text.decimals import Positions, read_decimals, read_whole_numbers
from container.contract.errors import DecodeError
from container.rows.blocks import DEFAULT_OPTIONS, Block, DecodeOptions, Matrix, without_labels
from open_algorithms.learning.rows.csr import Csr

MEDIA_TYPE = "text/libsvm"

_PIECE_BYTES = 1 << 20  # what is made of it still fits a processor's cache: a quarter faster than 4 MB
_FEW_BYTES = 2 << 10  # up to which lines are faster read one by one: measured 0.3 of 0.5 ms, down to 0.01
_COMMENT = re.compile(rb"#[^\r\n]*")
_PLAIN_BYTES = b"0123456789+-.eE: \t\r\n"


def decode_blocks(
    stream: BinaryIO, parameters: Mapping[str, str], feature_dim: int | None, options: DecodeOptions = DEFAULT_OPTIONS
) -> Iterator[Block]:
    """Decode rows as CSR of unknown width, (n, None): the algorithm decides the width.

    If the options say that rows have no labels, a label at the start of a line is dropped.
    """
    for rows in _read_pieces(read_training_lines(stream, MEDIA_TYPE), "row", None, options.labelled):
        if len(rows.labels):
            yield (_to_csr(rows, None), rows.labels) if options.labelled else without_labels(_to_csr(rows, None))


def decode_records(
    stream: BinaryIO, parameters: Mapping[str, str], feature_dim: int, options: DecodeOptions = DEFAULT_OPTIONS
) -> Iterator[Csr]:
    """Decode the records of a request, (n, feature_dim); a label at the start of a line is dropped."""
    for rows in _read_pieces(read_request_lines(stream, MEDIA_TYPE), "record", feature_dim, False):
        if len(rows.labels):
            yield _to_csr(rows, feature_dim)


class _Rows(NamedTuple):
    """Labels (n,), the number of pairs per row (n,), and the pairs: indices from 1, sorted within a row, and values."""

    labels: Matrix
    counts: NDArray[np.int64]
    indices: NDArray[np.int32]
    values: Matrix


def _read_pieces(texts: Iterable[bytes], noun: str, feature_dim: int | None, labelled: bool) -> Iterator[_Rows]:
    first = 1
    for text in chain.from_iterable(map(_split_pieces, texts)):
        rows = _read_plain_lines(text, feature_dim, labelled) if len(text) > _FEW_BYTES else None
        yield rows or _read_each_line(text.splitlines(), noun, first, feature_dim, labelled)
        returns = text.count(b"\r")
        first += text.count(b"\n") + (returns and returns - text.count(b"\r\n"))


def _split_pieces(text: bytes) -> Iterator[bytes]:
    """Split text into pieces of whole lines."""
    start = 0
    while start < len(text):
        stop = text.find(b"\n", start + _PIECE_BYTES) + 1 or len(text)
        yield text[start:stop]
        start = stop


def _to_csr(rows: _Rows, feature_dim: int | None) -> Csr:
    indptr = np.append(np.int64(0), np.cumsum(rows.counts))
    return Csr(rows.values, rows.indices - np.int32(1), indptr, (len(rows.counts), feature_dim))


def _read_plain_lines(text: bytes, feature_dim: int | None, needs_labels: bool) -> _Rows | None:
    """Parse lines of plain numbers in bulk; None if a line needs a closer look."""
    text = _COMMENT.sub(b"", text) + b"\n"
    if text.translate(None, _PLAIN_BYTES):
        return None
    codes = np.frombuffer(text, np.uint8)
    starts, stops = _find_tokens(codes)
    bounds = np.searchsorted(starts, np.flatnonzero((codes == ord("\n")) | (codes == ord("\r"))))
    bounds = np.unique(np.append(0, bounds))
    is_index = codes[stops] == ord(":")
    is_value = np.append(False, is_index & (np.append(starts[1:], 0) == stops + 1))[:-1] & ~is_index
    is_label = ~(is_index | is_value)
    labelled = is_label[bounds[:-1]]
    pairs = np.count_nonzero(is_value)
    if (
        not np.count_nonzero(is_index) == pairs == np.count_nonzero(codes == ord(":"))
        or np.count_nonzero(is_label) != np.count_nonzero(labelled)
        or (needs_labels and not labelled.all())
    ):
        return None
    names, others = np.flatnonzero(is_index), np.flatnonzero(~is_index)
    indices = read_whole_numbers(text, starts[names], stops[names])
    numbers = read_decimals(text, starts[others], stops[others])
    if not (np.isfinite(numbers).all() and ((indices >= 1) & (indices <= (feature_dim or MAX_INDEX))).all()):
        return None
    labels = np.zeros(len(labelled), np.float32)
    labels[labelled] = numbers[is_label[others]]
    counts = (np.diff(bounds) - labelled) // 2
    return _sort_pairs(_Rows(labels, counts, indices.astype(np.int32), numbers[is_value[others]]))


def _find_tokens(codes: NDArray[np.uint8]) -> tuple[Positions, Positions]:
    """Find where each run of characters other than blanks and colons starts and stops."""
    solid = np.append(False, (codes > ord(" ")) & (codes != ord(":")))
    edges = np.flatnonzero(solid[1:] != solid[:-1])
    return edges[::2], edges[1::2]


def _sort_pairs(rows: _Rows) -> _Rows | None:
    """Sort the pairs of each row by index; None where an index comes twice."""
    keys = np.repeat(np.arange(len(rows.counts)) << 32, rows.counts) | rows.indices
    if (keys[1:] > keys[:-1]).all():
        return rows
    order = np.argsort(keys)
    keys = keys[order]
    if (keys[1:] == keys[:-1]).any():
        return None
    return rows._replace(indices=rows.indices[order], values=rows.values[order])


def _read_each_line(lines: list[bytes], noun: str, first: int, feature_dim: int | None, needs_labels: bool) -> _Rows:
    """Parse line by line; raise DecodeError for the first invalid token."""
    labels: list[float] = []
    rows: list[list[tuple[int, float]]] = []
    for number, line in enumerate(lines, first):
        if tokens := _COMMENT.sub(b"", line).split():
            try:
                label, pairs = read_row(tokens, feature_dim, needs_labels)
            except DecodeError as error:
                raise DecodeError(error.problem, f"{noun} {number}", *error.location) from None
            labels.append(label)
            rows.append(sorted(pairs.items()))
    return _Rows(
        np.array(labels, np.float32),
        np.array([len(pairs) for pairs in rows], np.int64),
        np.array([index for pairs in rows for index, _ in pairs], np.int32),
        np.array([value for pairs in rows for _, value in pairs], np.float32),
    )
