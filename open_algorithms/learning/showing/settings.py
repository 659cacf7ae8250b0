"""The settings of candidates, for people: as texts, and those in which they differ."""

from collections.abc import Mapping, Sequence

from open_algorithms.learning.showing.words import NO_VALUE

USUAL_COUNT = 3  # of settings that are shown where candidates differ in none


def format_setting(value: object) -> str:
    """Write a setting of a candidate.

    >>> format_setting(0.00012345)
    '0.0001234'
    """
    if value is None or value is False:
        return NO_VALUE
    return "yes" if value is True else f"{value:.4g}" if isinstance(value, float) else str(value)


def differing_settings(candidates: Sequence[Mapping[str, object]]) -> list[str]:
    """Return the names of the settings in which the candidates that have them differ, else of the first three."""
    names = list(dict.fromkeys(name for settings in candidates for name in settings))
    differing = [
        name for name in names if len({repr(settings[name]) for settings in candidates if name in settings}) > 1
    ]
    return differing or names[:USUAL_COUNT]
