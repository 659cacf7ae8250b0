"""Numbers and settings as texts for the report page."""

from collections.abc import Mapping
from typing import Any

Plain = Mapping[str, Any]

NO_VALUE = "\N{EN DASH}"


def format_number(value: float | None) -> str:
    """Write a number for people, in six digits."""
    return NO_VALUE if value is None else f"{value:.6g}".replace("-", "\N{MINUS SIGN}")


def format_count(value: int) -> str:
    """Write a number of things for people."""
    return f"{value:,}"


def describe_settings(entry: Plain) -> str:
    """Describe a candidate by its main settings."""
    given = entry["settings"]
    words = [f"{given['optimizer']}", f"learning rate {given['learning_rate']:.4g}", f"wd {given['wd']:.4g}"]
    words += [f"l1 {given['l1']:.4g}"] if given["l1"] else []
    return ", ".join(words)


def main_channel(report: Plain) -> tuple[str, Plain]:
    """Return the channel that is the best evidence of quality, and its figures: test, else validation, else train."""
    name = next(name for name in ("test", "validation", "train") if name in report["channels"])
    return name, report["channels"][name]
