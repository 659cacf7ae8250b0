"""What the user says of the columns, which overrules what their values suggest."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from open_algorithms.learning.job.errors import InputError

KINDS = ("number", "boolean", "category", "date", "ignore")


@dataclass(frozen=True)
class ColumnWishes:
    """What the user says of the columns of a table.

    `target` is the name of the column that is predicted, empty for the first one; without `has_target` there is none.
    `types` maps names to one of KINDS. `class_count` is the number of classes of a classifier, None of a regressor.
    `positive_label` is the class that a binary classifier scores, empty for the second in sorted order.
    """

    target: str = ""
    types: Mapping[str, str] = field(default_factory=dict)
    class_count: int | None = None
    positive_label: str = ""
    has_target: bool = True

    @property
    def need_table(self) -> bool:
        """Whether anything is said that only the columns of a table can have."""
        return bool(self.target or self.types or self.positive_label)


def parse_names(text: str) -> list[str]:
    r"""Split a list of column names separated by commas; a backslash before a comma makes it part of a name.

    >>> parse_names(r"a, b\,c")
    ['a', 'b,c']
    """
    names, name = [], ""
    letters = iter(text)
    for letter in letters:
        if letter == ",":
            names.append(name.strip())
            name = ""
        elif letter == "\\":
            following = next(letters, "")
            name += following if following in (",", "=", "\\") else f"\\{following}"
        else:
            name += letter
    return [found for found in [*names, name.strip()] if found]


def parse_types(text: str, source: str = "column_types") -> dict[str, str]:
    """Parse `zip=category,note=ignore`: a kind for each name. Raises InputError, which names `source`, for another."""
    types = {}
    for part in parse_names(text):
        name, equals, kind = part.rpartition("=")
        if not equals or kind.strip().lower() not in KINDS:
            raise InputError(
                f"{source}: expected NAME=KIND separated by commas, the kinds {', '.join(KINDS)}; found {part!r}."
            )
        types[name.strip()] = kind.strip().lower()
    return types
