"""A line of CSV as fields, and the sign that separates them.

Tests: tests/container/codecs/test_csv_table.py.
"""

import csv

DELIMITERS = (",", ";", "\t", "|")


def find_delimiter(line: str) -> str:
    """Return the sign that separates the names of a header: the most frequent of those outside quotes.

    >>> find_delimiter('a;"b,c";d')
    ';'
    """
    outside = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=lambda sign: (outside.count(sign), -DELIMITERS.index(sign)))


def split_fields(line: str, delimiter: str) -> list[str]:
    """Split a line into its fields, without quotes and blanks around them; empty where the quotes are wrong."""
    try:
        return [field.strip() for field in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])]
    except csv.Error:
        return []
