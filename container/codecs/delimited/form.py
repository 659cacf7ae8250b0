"""The expected columns of CSV lines, and which texts are numbers."""

from dataclasses import dataclass

from container.codecs.delimited.fields import DELIMITER_NAMES
from container.codecs.text.amounts import NUMBER_PATTERN

FLOAT32_OVERFLOW = 2.0**128 - 2.0**103  # from there on a number rounds to infinity in 32 bits


@dataclass(frozen=True)
class CsvSchema:
    """The expected layout of CSV lines.

    `column_count` is None if the first line decides. `label_count` is 0 or 1. `noun` is what a message calls a line:
    "row" or "record". `names` are those of the header in row `header_row`, if there is one. `used_columns` are the
    indices of the fields to read; None means all. Fields that are not used may hold anything. `delimiter` separates
    fields.
    """

    column_count: int | None
    label_count: int
    noun: str
    names: tuple[str, ...] = ()
    used_columns: tuple[int, ...] | None = None
    header_row: int = 0
    delimiter: str = ","

    @property
    def used_count(self) -> int | None:
        """The number of fields that are read; None if not yet known."""
        return self.column_count if self.used_columns is None else len(self.used_columns)

    @property
    def is_training(self) -> bool:
        """Whether lines are rows of training data rather than records of a request."""
        return self.noun == "row"

    def column_name(self, column: int) -> str:
        """Return the name of a column, "" if it has none."""
        return self.names[column] if column < len(self.names) else ""


def is_number(text: str) -> bool:
    """Tell whether a field is a number within the range of float32."""
    stripped = text.strip()
    return bool(NUMBER_PATTERN.fullmatch(stripped)) and abs(float(stripped)) < FLOAT32_OVERFLOW


def trailing_comma_count(fields: list[str] | tuple[str, ...]) -> int:
    """Return how many commas a line ends in, that is, how many of its last fields are blank.

    >>> trailing_comma_count(["1", "2", "", " "])
    2
    """
    return next((i for i, field in enumerate(reversed(fields)) if field.strip()), len(fields))


def comma_phrases(count: int, delimiter: str = ",") -> tuple[str, str]:
    """Return how a message names so many trailing commas, or other delimiters, and the pronoun for them."""
    name = DELIMITER_NAMES[delimiter]
    return (f"a {name}", "it") if count == 1 else (f"{count} {name}s", "them")


def has_lone_returns(text: bytes) -> bool:
    """Tell whether a line ends in a carriage return without a line feed."""
    return b"\r" in text and text.count(b"\r") != text.count(b"\r\n")
