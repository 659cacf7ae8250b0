"""Convert the hyperparameters that a user sends as texts to values by their declarations; report all faults at once."""

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.options.declaration import Declaration

Faults = Iterator[tuple[str, str]]
Rule = Callable[[Mapping[str, Any]], Faults]  # yields names and faults of values that do not go together
Find = Callable[[Mapping[str, Any]], list[str]]


def find_nothing(values: Mapping[str, Any]) -> list[str]:
    """Return no names."""
    return []


def parse_texts(
    texts: Mapping[str, str],
    known: Mapping[str, Declaration],
    rules: tuple[Rule, ...] = (),
    names_without_effect: Find = find_nothing,
    hint: Callable[[str, str], str] = lambda name, text: "",
) -> dict[str, Any]:
    """Return the value of every declared hyperparameter by name, None for auto.

    Names that begin with `sagemaker_` are passed over. A fault of one that has no effect together with the other values
    is none. `rules` are tried on the values that could be parsed, `hint` is further advice on a value that could not.
    Raises InputError that lists every fault, one a line.

    >>> parse_texts({"k": "8", "epoch": "1"}, declarations)
    InputError: The hyperparameters have these faults:
    - epoch: there is no such hyperparameter; did you mean epochs?
    """
    given = {name: text for name, text in texts.items() if not name.startswith("sagemaker_")}
    faults = {name: f"{name}: {describe_unknown_name(name, known)}" for name in given if name not in known}
    values: dict[str, Any] = {}
    for name, declaration in known.items():
        text = given.get(name, declaration.default)
        if text is None:
            faults[name] = f"{name}: it is required; expected {declaration.expected_values}"
            continue
        try:
            values[name] = declaration.parse_value(text)
        except (ValueError, OverflowError):
            faults[name] = f"{name}: expected {declaration.expected_values}, found {text[:80]!r}{hint(name, text)}"
    for name in names_without_effect(values):
        if not faults.keys() & known[name].applies.keys() and faults.pop(name, ""):
            values[name] = known[name].parse_value(known[name].default or "")
    for rule in rules:
        faults.update(rule(values))
    if faults:
        lines = (f"- {fault}" for fault in faults.values())
        raise InputError("\n".join(["The hyperparameters have these faults:", *lines]))
    return values


def complete_texts(texts: Mapping[str, str], known: Mapping[str, Declaration]) -> dict[str, str]:
    """Return the user's texts completed with the defaults."""
    return {d.name: d.default for d in known.values() if d.default is not None} | dict(texts)


def select_applied(
    texts: Mapping[str, str], known: Mapping[str, Declaration], ignored: Collection[str] = ()
) -> dict[str, str]:
    """Return the user's texts completed with the defaults, without those that have no effect on the job.

    That is without the `ignored` names, and without those that are accepted for compatibility alone or undeclared.
    """
    found = complete_texts(texts, known)
    declared = [name for name in found if name in known and not known[name].internal]
    return {name: found[name] for name in declared if name not in ignored}


def describe_unknown_name(name: str, known: Mapping[str, Declaration]) -> str:
    """Describe an unknown name, with the closest known one as a suggestion."""
    near = difflib.get_close_matches(name, [d.name for d in known.values() if not d.internal], n=1)
    return "there is no such hyperparameter" + (f"; did you mean {near[0]}?" if near else "")
