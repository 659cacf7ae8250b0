"""The columns of a table, put in order by their names."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

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


def counts_up(values: Sequence[object]) -> bool:
    """Tell whether values are 0, 1, 2, ... or 1, 2, 3, ...: what pandas and spreadsheets call columns without a name.

    >>> counts_up([0, 1, 2]), counts_up(["1", "2"]), counts_up([2, 3])
    (True, True, False)
    """
    texts = [str(value) for value in values]
    return any(texts == [str(i) for i in range(first, first + len(texts))] for first in (0, 1))


def make_distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Call a feature without a name by its place, and add the place to a name that is taken."""
    taken: dict[str, None] = {}
    for place, name in enumerate(names):
        name = name or f"f{place}"
        while name in taken:
            name += f".{place}"
        taken[name] = None
    return tuple(taken)


def arrange(names: Sequence[str], reference: Reference | None) -> Order:
    """Order the columns of labelled rows as the reference has them; without one as they lie, the label first.

    The label is the column of its name; where there is none, the first if all others are the features. Raises
    DecodeError where names are missing or, unless the reference lets there be more, are not known.
    """
    if reference is None:
        return Order(Header(names[0], make_distinct(names[1:])), tuple(range(len(names))))
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
    places = {name: i for i, name in enumerate(found)}
    if missing := [name for name in known if name not in places]:
        wanted = set(known)
        others = [name for name in found if name not in wanted]
        raise DecodeError(f"expected the features of the model: {_list_differences(missing, others)}")
    columns = tuple(places[name] for name in known)
    return Order(Header("", tuple(known)), columns, tuple(found[i] for i in sorted({*range(len(found))} - {*columns})))


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
    found = make_distinct([names[i] for i in others])
    places = dict(zip(found, others, strict=True))
    if names[label] in known.features or not all(name in places for name in known.features):
        return None
    columns = (label, *(places[name] for name in known.features))
    return Order(
        Header(names[label], known.features), columns, tuple(names[i] for i in others if i not in set(columns))
    )


def _describe_difference(names: Sequence[str], label: int | None, reference: Reference) -> str:
    known = reference.header
    features = make_distinct([name for i, name in enumerate(names) if i != label])
    there, here = set(known.features), set(features)
    missing = [known.label] * (label is None) + [name for name in known.features if name not in here]
    others = [name for name in features if name not in there]
    problem = f"expected the columns of {reference.whose}: {_list_differences(missing, others)}"
    return f"{problem}. Every channel must have the same columns, in any order" if not reference.more else problem


def _list_differences(missing: Sequence[str], others: Sequence[str]) -> str:
    parts = [f"{show_names(missing)} {'is' if len(missing) == 1 else 'are'} missing"] * bool(missing)
    parts += [f"{show_names(others)} {'is' if len(others) == 1 else 'are'} not known"] * bool(others)
    return ", ".join(parts)
