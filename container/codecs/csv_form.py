"""What lines of CSV are expected to be, and which texts are numbers."""

from dataclasses import dataclass

from container.codecs.amounts import NUMBER

TOO_LARGE = 2.0**128 - 2.0**103  # from there on a number rounds to infinity in 32 bits


@dataclass(frozen=True)
class Form:
    """What lines are expected to be: how many fields, the first of them a label or not, and what a line is called.

    `columns` is None where the first line decides. `names` are those of a header, if there was one, in row `header`.
    `used` are the numbers of the fields that are read, from 0; None means all. A field that is not used may hold
    anything.
    """

    columns: int | None
    labels: int
    noun: str
    names: tuple[str, ...] = ()
    used: tuple[int, ...] | None = None
    header: int = 0

    @property
    def width(self) -> int | None:
        """The number of fields that are read."""
        return self.columns if self.used is None else len(self.used)

    @property
    def training(self) -> bool:
        """Whether the lines are rows for training, not records of a request."""
        return self.noun == "row"

    def name(self, column: int) -> str:
        """Give the name of a column, "" where it has none."""
        return self.names[column] if column < len(self.names) else ""


def is_number(text: str) -> bool:
    """Tell whether a field is a number that float32 can hold."""
    stripped = text.strip()
    return bool(NUMBER.fullmatch(stripped)) and abs(float(stripped)) < TOO_LARGE


def count_commas(fields: list[str] | tuple[str, ...]) -> int:
    """Count the commas that a line ends in: the last fields that are blank.

    >>> count_commas(["1", "2", "", " "])
    2
    """
    return next((i for i, field in enumerate(reversed(fields)) if field.strip()), len(fields))


def say_commas(count: int) -> tuple[str, str]:
    """Say that a line ends in so many commas, and what to call these afterwards."""
    return ("a comma", "it") if count == 1 else (f"{count} commas", "them")
