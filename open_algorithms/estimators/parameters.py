"""The parameters of an estimator: the hyperparameters that an algorithm declares, as Python values."""

from collections.abc import Callable, Collection, Iterable, Mapping
from inspect import Parameter, Signature
from numbers import Integral, Real
from typing import Any

import numpy as np

from open_algorithms.learning.columns.wishes import join_names
from open_algorithms.learning.options.declaration import AUTO, Declaration

PRIVATE = "_"  # what the names of hyperparameters begin with that only a platform sets


def select_parameters(
    known: Mapping[str, Declaration], decided: Collection[str], possible: Mapping[str, Collection[str]]
) -> dict[str, Declaration]:
    """Return the hyperparameters that are an estimator's parameters, by name.

    Left out are those that the estimator decides by itself, those without effect or of a platform, and those that apply
    to none of the values that are possible, by the names of hyperparameters.

    >>> select_parameters(known, {"predictor_type"}, {"predictor_type": ["regressor"]})
    """
    return {
        name: declaration
        for name, declaration in known.items()
        if not (declaration.internal or name.startswith(PRIVATE) or name in decided)
        and all({*allowed} & {*possible.get(other, allowed)} for other, allowed in declaration.applies.items())
    }


def default_value(declaration: Declaration) -> Any:
    """Return the default as a Python value, "auto" where the algorithm chooses."""
    value = declaration.parse_value(declaration.default or "")
    return AUTO if value is None else value


def write_text(value: Any) -> str:
    """Write a Python value as the text of a hyperparameter; of column names a list, of their kinds a mapping will do.

    >>> write_text(True), write_text(1e-3), write_text(["a", "b"]), write_text({"a": "date"}), write_text(range(2, 4))
    ('true', '0.001', 'a,b', 'a=date', '2,3')
    """
    match value:
        case bool() | np.bool_():
            return "true" if value else "false"
        case Integral():
            return str(int(value))
        case Real():
            return repr(float(value))
        case Mapping():
            return join_names(value.keys(), value.values())
        case list() | tuple() | range():
            return join_names(value)
        case _:
            return str(value)


def write_texts(values: Mapping[str, Any], parameters: Mapping[str, Declaration]) -> dict[str, str]:
    """Return as texts the values that are not the defaults."""
    texts = {name: write_text(value) for name, value in values.items()}
    return {name: text for name, text in texts.items() if text != write_text(default_value(parameters[name]))}


def make_constructor(parameters: Mapping[str, Declaration]) -> Callable[..., None]:
    """Return an `__init__` that keeps each parameter, all by keyword, as an attribute and checks nothing."""
    defaults = {name: default_value(declaration) for name, declaration in parameters.items()}

    def __init__(self: Any, **values: Any) -> None:
        if unknown := values.keys() - defaults.keys():
            raise TypeError(f"{type(self).__name__}() got an unexpected keyword argument {min(unknown)!r}")
        for name, value in (defaults | values).items():
            setattr(self, name, value)

    __init__.__qualname__ = "__init__"  # for messages about arguments
    keywords = [Parameter(name, Parameter.KEYWORD_ONLY, default=value) for name, value in defaults.items()]
    __init__.__signature__ = Signature(  # type: ignore[attr-defined]
        [Parameter("self", Parameter.POSITIONAL_OR_KEYWORD), *keywords], return_annotation=None
    )
    return __init__


def describe_parameters(parameters: Iterable[Declaration]) -> str:
    """Return the section of a docstring that says what each parameter is."""
    lines = ["Parameters", "----------"]
    for declaration in parameters:
        lines += [
            f"{declaration.name} : {declaration.expected_values}, default={default_value(declaration)!r}",
            f"    {declaration.about}",
        ]
    return "\n".join(lines)
