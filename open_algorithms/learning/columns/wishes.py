"""What the user says of the columns, which overrules what their values suggest."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from open_algorithms.learning.columns.faults import ColumnFault
from open_algorithms.learning.job.errors import InputError

IGNORE = "ignore"
KINDS = ("number", "boolean", "category", "date", IGNORE)


@dataclass(frozen=True)
class ColumnWishes:
    """What the user says of the columns of a table.

    `target` is the name of the column that is predicted, empty for the first one; without `has_target` there is none.
    `types` maps names to one of KINDS. `class_count` is the number of classes of a classifier, None of a regressor.
    `positive_label` is the class that a binary classifier scores, empty for the second in sorted order. `weight` is the
    name of the column that says how much each row counts, empty where all count alike. Advice says nothing of more than
    two classes unless there `may_have_many_classes`. Whole numbers in a column whose name matches `things` name these,
    such as users, and are no amounts.
    """

    target: str = ""
    types: Mapping[str, str] = field(default_factory=dict)
    class_count: int | None = None
    positive_label: str = ""
    has_target: bool = True
    weight: str = ""
    may_have_many_classes: bool = True
    things: re.Pattern[str] | None = None

    @property
    def need_table(self) -> bool:
        """Whether anything is said that only the columns of a table can have."""
        return bool(self.target or self.types or self.positive_label or self.weight)

    def need_texts(self, name: str, is_target: bool = False) -> bool:
        """Tell whether a column has to be surveyed as texts even where its values are numbers."""
        if is_target:
            return self.class_count is not None
        return self.types.get(name, "number") not in ("number", "ignore") or self.names_things(name)

    def names_things(self, name: str) -> bool:
        """Tell whether whole numbers in a column name things, of which the user says nothing else."""
        return self.things is not None and name not in self.types and bool(self.things.fullmatch(name.strip()))


@dataclass(frozen=True)
class TextNames:
    """The names of the columns that are surveyed as texts: `name in TextNames(wishes)`."""

    wishes: ColumnWishes

    def __contains__(self, name: object) -> bool:
        return self.wishes.need_texts(str(name), self.wishes.has_target and name == self.wishes.target)


def find_target(names: Sequence[str], wishes: ColumnWishes) -> str | None:
    """Return the name of the column that is predicted; None where none is."""
    if not wishes.has_target:
        return None
    if not wishes.target:
        return names[0]
    if wishes.target not in names:
        raise ColumnFault(
            f"there is no column {wishes.target!r}; the columns are {', '.join(map(repr, names))}",
            advice="Say one of them as the target",
        )
    return wishes.target


def check_names(names: Sequence[str], target: str | None, wishes: ColumnWishes) -> None:
    """Raise ColumnFault where two columns have one name, or the user says what cannot be of a column."""
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise ColumnFault("two columns have this name", twice[0], advice="Give each a name of its own")
    if unknown := [name for name in wishes.types if name not in names]:
        raise ColumnFault(
            f"there is no column {unknown[0]!r}, of which a kind is said; the columns are "
            f"{', '.join(map(repr, names))}",
            advice="Say the name as it is in the header",
        )
    if target is not None and wishes.types.get(target) == "ignore":
        raise ColumnFault("it is the target, and cannot be ignored", target, advice="Say another target")
    if wishes.weight:
        check_weight(names, target, wishes)


def check_weight(names: Sequence[str], target: str | None, wishes: ColumnWishes) -> None:
    """Raise ColumnFault where the column of weights is not there, or is said to be something else as well."""
    if wishes.weight not in names:
        raise ColumnFault(
            f"there is no column {wishes.weight!r} of weights; the columns are {', '.join(map(repr, names))}",
            advice="Say one of them as the weight",
        )
    if wishes.weight == target:
        raise ColumnFault("it is the target, and cannot be the weight", target, advice="Say another weight")
    if kind := wishes.types.get(wishes.weight):
        raise ColumnFault(
            f"it is said to be the weight, and of the kind {kind} as well", wishes.weight, advice="Say one of the two"
        )


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


def join_names(names: Iterable[object], kinds: Iterable[object] | None = None) -> str:
    r"""Write a list of column names as `parse_names` reads it, or with their kinds as `parse_types` does.

    >>> join_names(["a", "b,c"]), join_names(["zip"], ["category"])
    ('a,b\\,c', 'zip=category')
    """
    escaped = [re.sub(r"([\\,=])", r"\\\1", str(name)) for name in names]
    return ",".join(escaped if kinds is None else map("=".join, zip(escaped, map(str, kinds), strict=True)))


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


def parse_kinds(ignore: str, column_types: str) -> dict[str, str]:
    """Return the kind of each column of which one is said, by the hyperparameters that say it.

    Raises InputError for an unknown kind.

    >>> parse_kinds("id, note", "zip=category")
    {'zip': 'category', 'id': 'ignore', 'note': 'ignore'}
    """
    return parse_types(column_types) | dict.fromkeys(parse_names(ignore), IGNORE)


def check_column_types(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield a fault of the hyperparameter column_types, with its name, where it says what is no kind of a column."""
    try:
        parse_types(values.get("column_types", ""))
    except InputError as error:
        yield "column_types", str(error).rstrip(".")
