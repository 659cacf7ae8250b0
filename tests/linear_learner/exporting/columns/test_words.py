"""The texts that mean the same are all that training takes for the same."""

import pyarrow
import pytest

from linear_learner.exporting.columns.words import TRUTH_WORDS, spell_all, spell_level
from open_algorithms.learning.columns.encode import read_truths
from open_algorithms.learning.columns.notation import MISSING_WORDS, is_missing


@pytest.mark.parametrize(
    ("level", "texts"), [("10", ["10", "10.0", "10.00"]), ("0.5", ["0.5", "0.50"]), ("007", ["007"]), ("red", ["red"])]
)
def test_a_level_that_is_a_number_is_written_in_several_ways(level: str, texts: list[str]) -> None:
    assert spell_level(level) == texts


def test_truth_values_are_spelled_as_training_reads_them() -> None:
    for truth, words in enumerate(TRUTH_WORDS):
        texts = spell_all(words)
        assert read_truths("flag", pyarrow.array(texts)).tolist() == [truth] * len(texts)


def test_missing_values_are_spelled_as_training_reads_them() -> None:
    texts = spell_all(MISSING_WORDS)
    assert {"", "NA", "n/A", "NuLl", "?"} <= {*texts}
    assert is_missing(pyarrow.array(texts)).to_pylist() == [True] * len(texts)
