"""How large a function may grow, and how much its name has to say."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

from tests.modules import parse_module

TOP = Path(__file__).resolve().parent.parent
PACKAGES = ("container", "linear_learner", "open_algorithms", "publishing")
PARAMETERS, LINES, WORDS = 7, 60, 1.7
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(*names: str) -> Iterator[tuple[str, Function]]:
    for package in names:
        for path in (TOP / package).rglob("*.py"):
            if not path.stem.endswith("_pb2"):
                for node in ast.walk(parse_module(path)):
                    if isinstance(node, Function):
                        yield f"{path.relative_to(TOP)}:{node.lineno} {node.name}", node


def parameters(function: Function) -> int:
    """Those that a caller gives: neither self nor cls."""
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
    return sum(argument.arg not in ("self", "cls") for argument in every)


def test_no_function_takes_more_values_than_a_caller_can_keep_apart() -> None:
    found = {place: parameters(function) for place, function in functions(*PACKAGES)}
    assert len(found) > 1000
    assert {place: count for place, count in found.items() if count > PARAMETERS} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    found = {place: (f.end_lineno or 0) - f.lineno + 1 for place, f in functions(*PACKAGES)}
    assert {place: count for place, count in found.items() if count > LINES} == {}


def test_names_of_functions_say_what_they_do() -> None:
    names = [f.name.strip("_") for _, f in functions(*PACKAGES) if not f.name.startswith("__")]
    assert mean(len([word for word in name.split("_") if word]) for name in names) >= WORDS
