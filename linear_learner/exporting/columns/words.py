"""The texts that mean a level, a truth value or a missing value, for programs that only compare texts."""

from collections.abc import Iterable
from itertools import product

from open_algorithms.learning.columns.kinds import DIGIT_TRUTHS, TRUTHS
from open_algorithms.learning.columns.values import canonical_text

SPELLINGS = ("", ".0", ".00", "0")  # what programs append to a number, by its type


def spell_level(level: str) -> list[str]:
    """Return the texts that are one level: of a number some ways to write it.

    >>> spell_level("1"), spell_level("1.5"), spell_level("red")
    (['1', '1.0', '1.00'], ['1.5', '1.50'], ['red'])
    """
    return [level + end for end in SPELLINGS if canonical_text(level + end) == level]


def spell_cases(word: str) -> list[str]:
    """Return a word in upper and lower case, letter by letter.

    >>> spell_cases("na")
    ['NA', 'Na', 'nA', 'na']
    """
    return ["".join(letters) for letters in product(*(sorted({letter.upper(), letter}) for letter in word))]


def spell_all(words: Iterable[str]) -> list[str]:
    """Return words in upper and lower case."""
    return [text for word in words for text in spell_cases(word)]


TRUTH_WORDS = tuple(
    tuple(text for pair in (*TRUTHS, DIGIT_TRUTHS) for word in pair[truth] for text in spell_level(word))
    for truth in (0, 1)
)
