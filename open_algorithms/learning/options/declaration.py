"""The declaration of the hyperparameters, hyperparameters.yaml, and the conversion of texts to values by it.

Tests: tests/linear_learner/options/test_hyperparameters.py.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

YamlLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # several times as fast, where there is libyaml
AUTO = "auto"
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class Interval:
    """A range of numbers, each bound included or not."""

    low: float
    high: float
    closed_low: bool
    closed_high: bool
    text: str

    @classmethod
    def from_notation(cls, text: str) -> "Interval":
        """Parse interval notation, such as `[0, 1)`."""
        low, high = text[1:-1].split(",")
        return cls(float(low), float(high), text[0] == "[", text[-1] == "]", text)

    def __contains__(self, value: float) -> bool:
        above = value >= self.low if self.closed_low else value > self.low
        below = value <= self.high if self.closed_high else value < self.high
        return above and below


@dataclass(frozen=True)
class Declaration:
    """One entry of hyperparameters.yaml."""

    name: str
    type: str
    about: str
    default: str | None = None
    auto: bool = False
    choices: tuple[str, ...] = ()
    range: Interval | None = None
    applies: Mapping[str, tuple[str | bool, ...]] = field(default_factory=dict)
    tunable: tuple[Any, ...] = ()
    internal: bool = False

    @property
    def expected_values(self) -> str:
        """Describe the valid values, for error messages and the reference page."""
        number = {"integer": "an integer", "float": "a number"}.get(self.type)
        what = [f"{number} in {self.range.text}"] if number and self.range else []
        if self.type == "switch":
            what = ["true or false"]
        return " or ".join([*(["auto"] if self.auto else []), *self.choices, *what]) or "text"

    def applies_to(self, values: Mapping[str, Any]) -> bool:
        """Return whether the hyperparameter has an effect together with these values of others.

        None stands for auto.
        """
        return all(
            AUTO in allowed if values.get(name) is None else values[name] in allowed
            for name, allowed in self.applies.items()
        )

    def parse_value(self, text: str) -> Any:
        """Convert `text` to a value, None for auto; raise ValueError where it is not valid."""
        word = strip_quotes(text)
        if self.auto and word.lower() == AUTO:
            return None
        if word.lower() in self.choices:
            return word.lower()
        match self.type:
            case "switch" if word.lower() in BOOLEANS:
                return BOOLEANS[word.lower()]
            case "integer" | "float" if NUMBER.fullmatch(word) and float(word) in (self.range or ()):
                return parse_integer(word) if self.type == "integer" else float(word)
            case "text" if not self.choices:
                return word
        raise ValueError(word)


def strip_quotes(text: str) -> str:
    """Strip white space, and the one layer of JSON quotes that some clients add."""
    word = text.strip()
    if len(word) >= 2 and word[0] == word[-1] == '"':
        try:
            return str(json.loads(word)).strip()
        except ValueError:
            return word
    return word


def parse_integer(word: str) -> int:
    """Parse an integer, also in the form `10.0`; raise ValueError for a fraction."""
    if word.lstrip("+-").isdigit():
        return int(word)
    if not float(word).is_integer():
        raise ValueError(word)
    return int(float(word))


@cache
def load_declarations(file: Path) -> Mapping[str, Declaration]:
    """Load an algorithm's hyperparameters.yaml, once a process."""
    entries = yaml.load(file.read_text(encoding="utf-8"), YamlLoader)
    return {
        name: Declaration(
            name,
            **{
                **entry,
                "choices": tuple(entry.get("choices", ())),
                "tunable": tuple(entry.get("tunable", ())),
                "applies": {key: tuple(allowed) for key, allowed in entry.get("applies", {}).items()},
                "range": Interval.from_notation(entry["range"]) if "range" in entry else None,
            },
        )
        for name, entry in entries.items()
    }
