"""Decimal numbers parsed in bulk, each to the same value as parsing it alone."""

import re
from math import copysign, inf, nan
from struct import Struct

import numpy as np
from numpy.typing import NDArray

from container.rows.blocks import Matrix

Codes = NDArray[np.uint8]
Positions = NDArray[np.int64]
Floats = NDArray[np.float64]

NUMBER_PATTERN = re.compile(rb"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")

_FLOAT = Struct("<f")
_WORD_BYTES = 8
_MOST_DIGITS = 3 * _WORD_BYTES
_TENS = 10.0 ** np.arange(_MOST_DIGITS + 1)
_MOST_EXPONENT = 250  # with 24 digits neither too large nor too small for float64, far beyond float32
_ROUNDING_DOUBT = 2.0**-48  # far above the error of a dozen roundings in float64, far below a step of float32


def read_decimal(text: bytes) -> float:
    """Parse one number, rounded to float64 and then to float32; NaN if it is not a number, infinite if it overflows."""
    value = float(text) if NUMBER_PATTERN.fullmatch(text) else nan
    try:
        return float(_FLOAT.unpack(_FLOAT.pack(value))[0])
    except OverflowError:
        return copysign(inf, value)


def read_decimals(text: bytes, starts: Positions, stops: Positions) -> Matrix:
    """Parse the pieces text[start:stop], sorted and not empty, as `read_decimal` does: (n,)."""
    codes = np.frombuffer(text, np.uint8)
    words = _preceding_words(text)
    begins = _skip_signs(codes, starts, stops)
    ends = _find_last_mark(codes | 32 == ord("e"), begins, stops)
    points = np.minimum(_find_last_mark(codes == ord("."), begins, stops), ends)
    after = np.minimum(points + 1, ends)
    values = _read_digit_runs(words, begins, points)
    broken = np.flatnonzero(after < ends)
    places = np.minimum(ends - after, _MOST_DIGITS)[broken]
    values[broken] += _read_digit_runs(words, after[broken], ends[broken]) / _TENS[places]
    scaled = np.flatnonzero(ends < stops)
    values[scaled] *= 10.0 ** _read_exponents(codes, words, ends[scaled] + 1, stops[scaled])
    values[(points == begins) & (after == ends)] = np.nan
    np.negative(values, out=values, where=codes[starts] == ord("-"))
    return _round_to_float32(values, text, starts, stops)


def read_whole_numbers(text: bytes, starts: Positions, stops: Positions) -> Floats:
    """Parse the pieces text[start:stop] as whole numbers, (n,): exact to 15 digits, NaN if not digits only."""
    return _read_digit_runs(_preceding_words(text), starts, stops)


def _round_to_float32(values: Floats, text: bytes, starts: Positions, stops: Positions) -> Matrix:
    """Round to float32; a piece that is NaN, or too close to a rounding boundary to tell, is parsed alone."""
    with np.errstate(over="ignore"):
        low, high = ((values * (1 + doubt)).astype(np.float32) for doubt in (-_ROUNDING_DOUBT, _ROUNDING_DOUBT))
    doubtful = np.flatnonzero(low != high)
    low[doubtful] = [read_decimal(text[starts[i] : stops[i]]) for i in doubtful.tolist()]
    return low


def _preceding_words(text: bytes) -> NDArray[np.uint64]:
    """Return a view (len(text) + 1,): the eight bytes before each position as one integer, the last byte highest."""
    return np.ndarray((len(text) + 1,), "<u8", bytes(_WORD_BYTES) + text, strides=(1,))


def _read_digit_runs(words: NDArray[np.uint64], starts: Positions, stops: Positions) -> Floats:
    """Parse runs of digits; an empty run is 0, one of more than 24 digits is NaN."""
    lengths = stops - starts
    values = _read_eight_digits(words, stops, lengths)
    for size in range(_WORD_BYTES, _MOST_DIGITS, _WORD_BYTES):
        long = np.flatnonzero(lengths > size)
        values[long] += 10.0**size * _read_eight_digits(words, stops[long] - size, lengths[long] - size)
    values[lengths > _MOST_DIGITS] = np.nan
    return values


def _read_eight_digits(words: NDArray[np.uint64], stops: Positions, lengths: Positions) -> Floats:
    """Parse up to eight digits before each stop by pairwise combination within a 64-bit word (SWAR)."""
    foreign = (_WORD_BYTES * np.maximum(_WORD_BYTES - lengths, 0)).astype(np.uint64)
    word = (words[stops] ^ np.uint64(0x3030303030303030)) >> foreign << foreign
    no_digit = (word + np.uint64(0x7676767676767676) | word) & np.uint64(0x8080808080808080)
    for base, bits, lower in ((10, 8, 0x00FF00FF00FF00FF), (100, 16, 0x0000FFFF0000FFFF), (10_000, 32, 0xFFFFFFFF)):
        word = (word & np.uint64(lower)) * np.uint64(base) + (word >> np.uint64(bits) & np.uint64(lower))
    values = word.astype(np.float64)
    values[no_digit != 0] = np.nan
    return values


def _read_exponents(codes: Codes, words: NDArray[np.uint64], starts: Positions, stops: Positions) -> Floats:
    begins = _skip_signs(codes, starts, stops)
    values = np.where(begins < stops, np.minimum(_read_digit_runs(words, begins, stops), _MOST_EXPONENT), np.nan)
    return np.where(codes[begins - 1] == ord("-"), -values, values)


def _skip_signs(codes: Codes, starts: Positions, stops: Positions) -> Positions:
    first = codes[np.minimum(starts, len(codes) - 1)]
    begins: Positions = starts + ((starts < stops) & ((first == ord("-")) | (first == ord("+"))))
    return begins


def _find_last_mark(marks: NDArray[np.bool_], starts: Positions, stops: Positions) -> Positions:
    """Return the position of the last mark in each piece, its stop if there is none."""
    places = np.flatnonzero(marks)
    if not len(places):
        return stops
    found: Positions = places[np.searchsorted(places, stops) - 1]
    outside = (found < starts) | (found >= stops)
    found[outside] = stops[outside]
    return found
