"""Which algorithm this is: the package that the environment variable ALGORITHM names.

Tests: tests/doors/test_second_algorithm.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from open_algorithms.learning.job.card import Card
from open_algorithms.learning.job.errors import InputError

VARIABLE, DEFAULT = "ALGORITHM", "linear_learner"


@dataclass(frozen=True)
class Algorithm:
    """An algorithm by its word, as in ALGORITHM, and its package; its modules are imported when they are needed."""

    word: str
    package: str

    @cached_property
    def card(self) -> Card:
        """What it says of itself."""
        card: Card = import_module(f"{self.package}.card").CARD
        return card

    @cached_property
    def learn(self) -> Any:
        """Its module that trains: `fit(work)`, `save_model(result, folder)` and `write_report(result, work)`."""
        return import_module(f"{self.package}.learn")

    @cached_property
    def answer(self) -> Any:
        """Its module for models: `load_model`, `pack_model`, `unpack_model`, and what else it offers."""
        return import_module(f"{self.package}.answer")

    @cached_property
    def evaluate(self) -> Any:
        """Its module that measures finished models by `measure_model(model, work)`; None where there is none.

        Where its card says that it reports, there is `report_model(model, work)` too: texts by the name of their file.
        """
        return import_module(f"{self.package}.evaluate") if _has_module(self.package, "evaluate") else None

    def offered(self, name: str) -> Callable[..., Any] | None:
        """Return the function `name` of its module `answer`; None where it does not offer that."""
        found: Callable[..., Any] | None = getattr(self.answer, name, None)
        return found

    def require(self, name: str, lack: str) -> Callable[..., Any]:
        """Return the function `name` of its module `answer`; raise InputError, with what it lacks, where there is none.

        >>> find_algorithm({}).require("dance", "does not dance")
        InputError: Linear Learner does not dance.
        """
        if found := self.offered(name):
            return found
        raise InputError(f"{self.card.title} {lack}.")

    def switch_name(self, what: str) -> str:
        """Return the environment variable that turns a part of it off, such as LINEAR_LEARNER_REPORT."""
        return f"{self.word}_{what}".upper()


def find_algorithm(environ: Mapping[str, str]) -> Algorithm:
    """Find the algorithm that ALGORITHM names: a package of this project, else one of its own.

    Raises InputError where there is none of that name.
    """
    word = environ.get(VARIABLE) or DEFAULT
    for package in (f"open_algorithms.{word}", word) if word.isidentifier() else ():
        if _has_module(package, "card"):
            return Algorithm(word, package)
    raise InputError(
        f"{VARIABLE}: expected the name of an algorithm, such as {DEFAULT}, found {word!r}. An algorithm is a package "
        "with a module `card`, in open_algorithms or where Python finds it."
    )


def _has_module(package: str, name: str) -> bool:
    try:
        return find_spec(f"{package}.{name}") is not None
    except ModuleNotFoundError:  # there is no such package
        return False
