"""The recipe as JSON values of an artifact, read back without trusting them."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from reprlib import repr as shortened
from typing import Any

from open_algorithms.learning.artifact.settings import finite_float
from open_algorithms.learning.columns import dates
from open_algorithms.learning.columns.notation import Notation
from open_algorithms.learning.columns.recipe import (
    BooleanColumn,
    CategoryColumn,
    Column,
    DateColumn,
    LeftOutColumn,
    NumberColumn,
    Recipe,
    Target,
    WeightColumn,
)
from open_algorithms.learning.columns.values import FLOAT32_MAX
from open_algorithms.learning.job.errors import InputError

VERSION = 1
KINDS: Mapping[str, type[Column]] = {
    "number": NumberColumn,
    "boolean": BooleanColumn,
    "date": DateColumn,
    "category": CategoryColumn,
    "left out": LeftOutColumn,
    "weight": WeightColumn,
}
LONGEST_SIGN = 16  # characters of a sign or a unit of a notation


def write_recipe(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe as JSON values."""
    kinds = {kind: name for name, kind in KINDS.items()}
    return {
        "version": VERSION,
        "columns": [{"kind": kinds[type(column)], **asdict(column)} for column in recipe.columns],
        "target": None if recipe.target is None else asdict(recipe.target),
    }


def read_recipe(found: Any, place: str) -> Recipe:
    """Return the recipe that JSON values of the file `place` say; raises InputError where they are not valid."""
    try:
        if not isinstance(found, dict) or found.get("version") != VERSION:
            version = found.get("version") if isinstance(found, dict) else found
            raise InputError(
                f"{place} says columns of version {shortened(version)}; expected {VERSION}. The model may be of a "
                "later program than this one."
            )
        columns = tuple(map(_read_column, _read_list(found.get("columns"), dict)))
        recipe = Recipe(columns, None if found.get("target") is None else _read_target(found["target"]))
    except _Unexpected as error:
        raise InputError(f"{place} says columns with {error}.") from None
    names = [*recipe.column_names, *([] if recipe.target is None else [recipe.target.name])]
    if len({*names}) != len(names):
        raise InputError(f"{place} says columns with a name that comes twice.")
    return recipe


def read_classes(found: Any, place: str) -> tuple[str | float, ...]:
    """Return the classes that JSON values of the file `place` say; raises InputError where they are not valid."""
    try:
        return _read_classes(found)
    except _Unexpected as error:
        raise InputError(f"{place} says classes {error}.") from None


class _Unexpected(ValueError):
    """A value of the recipe that is not what it should be."""

    def __init__(self, what: str, found: Any) -> None:
        super().__init__(f"{shortened(found)}; expected {what}")


def _read_column(found: dict[str, Any]) -> Column:
    kind = found.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise _Unexpected(f"a kind among {', '.join(KINDS)}", kind)
    values = {name: read(found.get(name)) for name, read in _FIELDS.items() if name in KINDS[kind].__dataclass_fields__}
    column = KINDS[kind](**values)
    if isinstance(column, NumberColumn) and abs(column.mean - column.offset) > FLOAT32_MAX:
        raise _Unexpected("a mean near the offset", column.mean)
    return column


def _read_target(found: Any) -> Target:
    if not isinstance(found, dict):
        raise _Unexpected("a target", found)
    return Target(
        _read_text(found.get("name")), _read_classes(found.get("classes")), _read_notation(found.get("notation"))
    )


def _read_classes(found: Any) -> tuple[str | float, ...]:
    texts = isinstance(found, list) and all(isinstance(one, str) for one in found)
    read = tuple(_read_list(found, str)) if texts else tuple(map(_read_number, _read_list(found, int, float)))
    if len({*read}) != len(read) or len(read) == 1:
        raise _Unexpected("classes that differ", found)
    return read


def _read_list(found: Any, *kinds: type) -> list[Any]:
    if not isinstance(found, list) or not all(isinstance(one, kinds) and not isinstance(one, bool) for one in found):
        raise _Unexpected("a list", found)
    return found


def _read_text(found: Any) -> str:
    if not isinstance(found, str):
        raise _Unexpected("a text", found)
    return found


def _read_number(found: Any) -> float:
    number = finite_float(found)
    if number is None:
        raise _Unexpected("a finite number", found)
    return number


def _read_small(found: Any) -> float:
    number = _read_number(found)
    if abs(number) > FLOAT32_MAX:
        raise _Unexpected("a number that a 32-bit float can hold", found)
    return number


def _read_switch(found: Any) -> bool:
    if not isinstance(found, bool):
        raise _Unexpected("true or false", found)
    return found


def _read_notation(found: Any) -> Notation:
    if not isinstance(found, dict):
        raise _Unexpected("a notation", found)
    signs = [_read_text(found.get(name)) for name in ("decimal", "group", "unit")]
    decimal, group, unit = signs
    if decimal not in (".", ",") or group not in ("", ",", ".", "'", "_", " ") or decimal == group:
        raise _Unexpected("a notation of numbers", found)
    if len(unit) > LONGEST_SIGN or any(letter.isdigit() for letter in unit):
        raise _Unexpected("a unit", unit)
    return Notation(decimal, group, unit)


def _read_form(found: Any) -> str:
    if found not in dates.FORMS:
        raise _Unexpected("a form of dates", found)
    return str(found)


def _read_other_form(found: Any) -> str:
    return _read_form(found) if found else ""


def _read_levels(found: Any) -> tuple[str, ...]:
    levels = tuple(_read_list(found, str))
    if len({*levels}) != len(levels):
        raise _Unexpected("levels that differ", found)
    return levels


def _read_range(low: int, high: int) -> Callable[[Any], tuple[int, ...]]:
    def read(found: Any) -> tuple[int, ...]:
        numbers = tuple(_read_list(found, int))
        if list(numbers) != sorted({*numbers}) or not all(low <= number <= high for number in numbers):
            raise _Unexpected(f"rising whole numbers from {low} to {high}", found)
        return numbers

    return read


_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "name": _read_text,
    "reason": _read_text,
    "mean": _read_small,
    "offset": _read_small,
    "has_missing": _read_switch,
    "has_other": _read_switch,
    "notation": _read_notation,
    "form": _read_form,
    "other_form": _read_other_form,
    "levels": _read_levels,
    "months": _read_range(1, 12),
    "weekdays": _read_range(0, 6),
    "hours": _read_range(0, 23),
}
