"""Column names of a table, and the order of columns by name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from container.contract.errors import DecodeError

_INDEX_NAME = re.compile(r"|Unnamed: \d+(\.\d+)*|__index_level_\d+__")  # what pandas writes where an index has no name
_SHOWN_NAMES = 5  # names in a message


@dataclass(frozen=True)
class ColumnNames:
    """The column names of a table: that of the label, and those of the features, which are distinct."""

    label: str
    features: tuple[str, ...]


@dataclass(frozen=True)
class ExpectedColumns:
    """The names that a table must have, whose they are, and whether other columns are allowed, and dropped."""

    names: ColumnNames
    owner: str
    allows_others: bool = False


@dataclass(frozen=True)
class ColumnOrder:
    """The columns of a table to take, by index and the label first, their names, and the names of those left out."""

    names: ColumnNames
    columns: tuple[int, ...]
    left_out: tuple[str, ...] = ()


def index_column_count(names: Sequence[str]) -> int:
    """Return how many columns at the front are the index of a pandas frame: unnamed, or named by pandas itself."""
    return next((i for i, name in enumerate(names) if not _INDEX_NAME.fullmatch(name)), len(names))


def find_index_columns(names: Sequence[str]) -> list[int]:
    """Return the positions of columns that are the index of a pandas frame, by the names that pandas makes up.

    An unnamed column counts only at the front.
    """
    front = index_column_count(names)
    return [i for i, name in enumerate(names) if i < front or (name and _INDEX_NAME.fullmatch(name))]


def is_permuted_range(values: Sequence[object]) -> bool:
    """Tell whether values are 0 to n - 1 or 1 to n in any order, as names of columns that had none.

    >>> is_permuted_range([2, 0, 1]), is_permuted_range(["1", "2"]), is_permuted_range([0, 2])
    (True, True, False)
    """
    texts = sorted(str(value) for value in values)
    return any(texts == sorted(str(i) for i in range(first, first + len(texts))) for first in (0, 1))


def is_increasing(values: Sequence[str]) -> bool:
    """Tell whether values are whole numbers in increasing order, as years are."""
    if not all(value.isdecimal() and value.isascii() for value in values):
        return False
    numbers = [int(value) for value in values]
    return len(numbers) > 1 and all(one < other for one, other in pairwise(numbers))


def is_range(values: Sequence[object]) -> bool:
    """Tell whether values are 0, 1, 2, ... or 1, 2, 3, ..., as pandas and spreadsheets name columns without a name.

    >>> is_range([0, 1, 2]), is_range(["1", "2"]), is_range([2, 3])
    (True, True, False)
    """
    texts = [str(value) for value in values]
    return any(texts == [str(i) for i in range(first, first + len(texts))] for first in (0, 1))


def make_names_distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Name unnamed features by position (f0, f1, ...), and append the position to duplicates."""
    given, taken, distinct = set(names), set[str](), []
    for place, name in enumerate(names):
        own = name or f"f{place}"
        while own in taken or (not name and own in given):
            own += f".{place}"
        taken.add(own)
        distinct.append(own)
    return tuple(distinct)


def arrange_columns(names: Sequence[str], expected: ExpectedColumns | None) -> ColumnOrder:
    """Order the columns of labelled rows as expected; if nothing is expected, as they are, the label first.

    The label is the column of the expected name, or else the first one if all others are the expected features. Raises
    DecodeError if names are missing, or unknown ones are present and not allowed.
    """
    as_they_lie = ColumnOrder(ColumnNames(names[0], make_names_distinct(names[1:])), tuple(range(len(names))))
    if expected is None or as_they_lie.names == expected.names:
        return as_they_lie
    known = expected.names
    places = [i for i, name in enumerate(names) if name == known.label and name not in known.features]
    tries = [_order_with_label_at(names, place, known) for place in dict.fromkeys([*places[:1], 0])]
    for order in tries:
        if order is not None and (
            not order.left_out or (expected.allows_others and known.label in ("", order.names.label))
        ):
            return order
    free = names[0] not in known.features and not (expected.allows_others and known.label)
    label = places[0] if places else 0 if free else None
    raise DecodeError(_explain_difference(names, label, expected))


def arrange_features(names: Sequence[str], known: Sequence[str]) -> ColumnOrder:
    """Order the columns of a request as the features of the model; raise DecodeError if one is missing."""
    found = make_names_distinct(names)
    places = _find_positions(names, range(len(names)), known)
    if missing := [name for name in known if name not in places]:
        wanted = set(known)
        others = [name for name in found if name not in wanted]
        raise DecodeError(f"expected the features of the model: {list_differences(missing, others)}")
    columns = tuple(places[name] for name in known)
    return ColumnOrder(
        ColumnNames("", tuple(known)), columns, tuple(found[i] for i in sorted({*range(len(found))} - {*columns}))
    )


def arrange_numbered_features(names: Sequence[str], feature_dim: int) -> Sequence[int] | None:
    """Return the positions of the columns f0, f1, ... for a model without feature names; None if names are others."""
    made_up = [f"f{i}" for i in range(feature_dim)]
    return [names.index(name) for name in made_up] if set(made_up) <= set(names) else None


def show_names(names: Sequence[str], most: int = _SHOWN_NAMES) -> str:
    """Join names for a message, of many the first five, or as many as are said."""
    shown = ", ".join(repr(name[:80]) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def list_differences(missing: Sequence[str], others: Sequence[str]) -> str:
    """Say which names are missing and which others there are."""
    parts = [f"{show_names(missing)} {'is' if len(missing) == 1 else 'are'} missing"] * bool(missing)
    parts += [f"{show_names(others)} {'is' if len(others) == 1 else 'are'} not known"] * bool(others)
    return ", ".join(parts)


def _order_with_label_at(names: Sequence[str], label: int, known: ColumnNames) -> ColumnOrder | None:
    """Order the columns with the label at this position; None if a feature is missing."""
    others = [i for i in range(len(names)) if i != label]
    places = _find_positions(names, others, known.features)
    if names[label] in known.features or not all(name in places for name in known.features):
        return None
    columns = (label, *(places[name] for name in known.features))
    return ColumnOrder(
        ColumnNames(names[label], known.features), columns, tuple(names[i] for i in others if i not in set(columns))
    )


def _find_positions(names: Sequence[str], positions: Sequence[int], known: Sequence[str]) -> dict[str, int]:
    """Return the position of each name; made-up names of unnamed columns count only if all are in order.

    Otherwise a made-up name could be mistaken for another column's.
    """
    found = make_names_distinct([names[i] for i in positions])
    if found[: len(known)] == tuple(known):
        return dict(zip(found, positions, strict=True))
    return {name: i for name, i in zip(found, positions, strict=True) if names[i]}


def _explain_difference(names: Sequence[str], label: int | None, expected: ExpectedColumns) -> str:
    known = expected.names
    here = _find_positions(names, [i for i in range(len(names)) if i != label], known.features)
    taken = {here[name] for name in known.features if name in here}
    distinct = dict(zip(here.values(), here, strict=True))
    missing = [known.label] * (label is None) + [name for name in known.features if name not in here]
    others = [distinct.get(i, names[i]) for i in range(len(names)) if i != label and i not in taken]
    problem = f"expected the columns of {expected.owner}: {list_differences(missing, others)}"
    return (
        f"{problem}. Every channel must have the same columns, in any order" if not expected.allows_others else problem
    )
