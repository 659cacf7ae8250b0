"""What a report says first: what is predicted, and from what it was learned."""

from collections.abc import Mapping, Sequence

from open_algorithms.learning.showing.job import ColumnEntry
from open_algorithms.learning.showing.quality.answer import describe_classes
from open_algorithms.learning.showing.quality.schema import Judgement, RegressionQuality
from open_algorithms.learning.showing.words import count_noun, format_count, join_words

NAMED_FILES = 3

Files = Mapping[str, Sequence[str]]


def title_text(judgement: Judgement) -> str:
    """Say what is predicted: the label by its name, and its classes."""
    label = judgement.label or "the label"
    if isinstance(judgement.quality, RegressionQuality):
        return f"Predicts {label}"
    classes = judgement.count_rows(judgement.main).classes or ()
    return f"Predicts {label}: {describe_classes([judgement.name_class(number) for number in range(len(classes))])}"


def source_text(
    judgement: Judgement, kind: str, features: int, columns: Sequence[ColumnEntry] | None, files: Files
) -> str:
    """Say what kind of model it is, of how many features, and from which rows it was learned, or on which measured."""
    what = count_noun(features, "feature")
    if columns is not None:
        used = sum(entry.features > 0 for entry in columns)
        what = count_noun(used, "column") + (f", as {what}," if used != features else "")
    channel, did = ("train", "learned from") if "train" in judgement.counted else (judgement.main, "measured on")
    text = f"A {kind} of {what} {did} {count_noun(judgement.counted[channel].rows, 'row')}"
    return f"{text} of {name_files(files[channel])}." if files.get(channel) else f"{text}."


def name_files(files: Sequence[str]) -> str:
    """Name files, of many the first.

    >>> name_files(["a.csv", "b.csv"])
    'a.csv and b.csv'
    """
    more = len(files) - NAMED_FILES
    return join_words([*files[:NAMED_FILES], *([f"{format_count(more)} more"] if more > 0 else [])])
