"""A line of CSV as fields, and the sign that separates them."""

import csv
import re

DELIMITERS = (",", ";", "\t", "|")
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}

_AMOUNT = re.compile(r"([+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?)?", re.ASCII)


def find_delimiter(line: str) -> str:
    """Return the sign that separates the names of a header: the most frequent of those outside quotes.

    >>> find_delimiter('a;"b,c";d')
    ';'
    """
    outside = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=lambda sign: (outside.count(sign), -DELIMITERS.index(sign)))


def guess_delimiter(line: str) -> str:
    """Return the sign that separates a line of names or numbers; the latter may have decimal commas.

    >>> guess_delimiter("1,5;2,5"), guess_delimiter("1,5"), guess_delimiter("a|b")
    (';', ',', '|')
    """
    for sign in DELIMITERS[1:]:
        fields = split_fields(line, sign)
        if len(fields) > 1 and all(map(_AMOUNT.fullmatch, fields)):
            return sign
    return find_delimiter(line)


def split_fields(line: str, delimiter: str) -> list[str]:
    """Split a line into its fields, without quotes and blanks around them; empty where the quotes are wrong."""
    try:
        return [field.strip() for field in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])]
    except csv.Error:
        return []
