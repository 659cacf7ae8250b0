"""Numbers and settings as texts for the report page."""

from collections.abc import Mapping
from typing import Any

Plain = Mapping[str, Any]

NONE = "\N{EN DASH}"


def number(value: float | None) -> str:
    """Write a number for people, in six digits."""
    return NONE if value is None else f"{value:.6g}".replace("-", "\N{MINUS SIGN}")


def count(value: int) -> str:
    """Write a number of things for people."""
    return f"{value:,}"


def settings(entry: Plain) -> str:
    """Describe a candidate by its main settings."""
    given = entry["settings"]
    words = [f"{given['optimizer']}", f"learning rate {given['learning_rate']:.4g}", f"wd {given['wd']:.4g}"]
    words += [f"l1 {given['l1']:.4g}"] if given["l1"] else []
    return ", ".join(words)


def good(report: Plain) -> tuple[str, Plain]:
    """Return the channel that is the best evidence of quality, and its figures: test, else validation, else train."""
    name = next(name for name in ("test", "validation", "train") if name in report["channels"])
    return name, report["channels"][name]
