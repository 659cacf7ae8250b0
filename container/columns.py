"""The columns of a table, put in order by their names."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from container.errors import DecodeError

_INDEX = re.compile(r"|Unnamed: \d+(\.\d+)*|__index_level_\d+__")  # what pandas writes where an index has no name
_SHOWN = 5  # names in a message
_REMEMBERED = 1000  # lines that are not said again


@dataclass(frozen=True)
class Header:
    """The names of a table: that of its label, and those of its features, each once."""

    label: str
    features: tuple[str, ...]


@dataclass(frozen=True)
class Reference:
    """The names that a table must have: `whose` they are, and whether it may have `more`, which are left out."""

    header: Header
    whose: str
    more: bool = False


@dataclass(frozen=True)
class Order:
    """Which columns of a table to take, the label first, and which others there are, by name."""

    header: Header
    columns: tuple[int, ...]
    left_out: tuple[str, ...] = ()


def count_index(names: Sequence[str]) -> int:
    """Count the columns at the front that are the index of a pandas frame: without a name, or with a makeshift one."""
    return next((i for i, name in enumerate(names) if not _INDEX.fullmatch(name)), len(names))


def find_index(names: Sequence[str]) -> list[int]:
    """Give the places of the columns that are the index of a pandas frame, by what pandas calls one without a name.

    A column without any name is one at the front only.
    """
    front = count_index(names)
    return [i for i, name in enumerate(names) if i < front or (name and _INDEX.fullmatch(name))]


def are_numbered(values: Sequence[object]) -> bool:
    """Tell whether values are 0 to n - 1 or 1 to n in any order, as names are of columns that had none.

    >>> are_numbered([2, 0, 1]), are_numbered(["1", "2"]), are_numbered([0, 2])
    (True, True, False)
    """
    texts = sorted(str(value) for value in values)
    return any(texts == sorted(str(i) for i in range(first, first + len(texts))) for first in (0, 1))


def rise(values: Sequence[str]) -> bool:
    """Tell whether values are whole numbers, each larger than the one before, as years are."""
    if not all(value.isdecimal() and value.isascii() for value in values):
        return False
    numbers = [int(value) for value in values]
    return len(numbers) > 1 and all(one < other for one, other in pairwise(numbers))


def counts_up(values: Sequence[object]) -> bool:
    """Tell whether values are 0, 1, 2, ... or 1, 2, 3, ...: what pandas and spreadsheets call columns without a name.

    >>> counts_up([0, 1, 2]), counts_up(["1", "2"]), counts_up([2, 3])
    (True, True, False)
    """
    texts = [str(value) for value in values]
    return any(texts == [str(i) for i in range(first, first + len(texts))] for first in (0, 1))


def make_distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Call a feature without a name by its place, and add the place to a name that is taken."""
    given, taken, distinct = set(names), set[str](), []
    for place, name in enumerate(names):
        own = name or f"f{place}"
        while own in taken or (not name and own in given):
            own += f".{place}"
        taken.add(own)
        distinct.append(own)
    return tuple(distinct)


def arrange(names: Sequence[str], reference: Reference | None) -> Order:
    """Order the columns of labelled rows as the reference has them; without one as they lie, the label first.

    The label is the column of its name; where there is none, the first if all others are the features. Raises
    DecodeError where names are missing or, unless the reference lets there be more, are not known.
    """
    as_they_lie = Order(Header(names[0], make_distinct(names[1:])), tuple(range(len(names))))
    if reference is None or as_they_lie.header == reference.header:
        return as_they_lie
    known = reference.header
    places = [i for i, name in enumerate(names) if name == known.label and name not in known.features]
    tries = [_try(names, place, known) for place in dict.fromkeys([*places[:1], 0])]
    for order in tries:
        if order is not None and (not order.left_out or (reference.more and known.label in ("", order.header.label))):
            return order
    free = names[0] not in known.features and not (reference.more and known.label)
    label = places[0] if places else 0 if free else None
    raise DecodeError(_describe_difference(names, label, reference))


def arrange_features(names: Sequence[str], known: Sequence[str]) -> Order:
    """Order the columns of a request as the features that a model knows; raise DecodeError where one is missing."""
    found = make_distinct(names)
    places = _find_places(names, range(len(names)), known)
    if missing := [name for name in known if name not in places]:
        wanted = set(known)
        others = [name for name in found if name not in wanted]
        raise DecodeError(f"expected the features of the model: {_list_differences(missing, others)}")
    columns = tuple(places[name] for name in known)
    return Order(Header("", tuple(known)), columns, tuple(found[i] for i in sorted({*range(len(found))} - {*columns})))


def arrange_numbered(names: Sequence[str], count: int) -> Sequence[int] | None:
    """Order columns that are called f0, f1, ..., as the features of a model without names; None where they are not."""
    made_up = [f"f{i}" for i in range(count)]
    return [names.index(name) for name in made_up] if set(made_up) <= set(names) else None


def show_names(names: Sequence[str]) -> str:
    """List names, of many the first."""
    shown = ", ".join(repr(name[:80]) for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown


class Once:
    """Says each line once."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say
        self._said: set[str] = set()

    def __call__(self, line: str) -> None:
        """Say a line that was not said before."""
        if line not in self._said and len(self._said) < _REMEMBERED:
            self._said.add(line)
            self._say(line)


def _try(names: Sequence[str], label: int, known: Header) -> Order | None:
    """Order the columns with the label at this place; None where a feature is missing."""
    others = [i for i in range(len(names)) if i != label]
    places = _find_places(names, others, known.features)
    if names[label] in known.features or not all(name in places for name in known.features):
        return None
    columns = (label, *(places[name] for name in known.features))
    return Order(
        Header(names[label], known.features), columns, tuple(names[i] for i in others if i not in set(columns))
    )


def _find_places(names: Sequence[str], places: Sequence[int], known: Sequence[str]) -> dict[str, int]:
    """Find where each name is among these places; what has no name is known by its place only where all are in order.

    A name that is made up for a column without one must not be taken for that of another column.
    """
    found = make_distinct([names[i] for i in places])
    if found[: len(known)] == tuple(known):
        return dict(zip(found, places, strict=True))
    return {name: i for name, i in zip(found, places, strict=True) if names[i]}


def _describe_difference(names: Sequence[str], label: int | None, reference: Reference) -> str:
    known = reference.header
    here = _find_places(names, [i for i in range(len(names)) if i != label], known.features)
    taken = {here[name] for name in known.features if name in here}
    distinct = dict(zip(here.values(), here, strict=True))
    missing = [known.label] * (label is None) + [name for name in known.features if name not in here]
    others = [distinct.get(i, names[i]) for i in range(len(names)) if i != label and i not in taken]
    problem = f"expected the columns of {reference.whose}: {_list_differences(missing, others)}"
    return f"{problem}. Every channel must have the same columns, in any order" if not reference.more else problem


def _list_differences(missing: Sequence[str], others: Sequence[str]) -> str:
    parts = [f"{show_names(missing)} {'is' if len(missing) == 1 else 'are'} missing"] * bool(missing)
    parts += [f"{show_names(others)} {'is' if len(others) == 1 else 'are'} not known"] * bool(others)
    return ", ".join(parts)
