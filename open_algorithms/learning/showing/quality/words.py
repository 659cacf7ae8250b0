"""What figures are worth, in sentences.

Tests: tests/learning/showing/quality/test_section.py, tests/linear_learner/report/test_page.py.
"""

import math
from collections.abc import Iterator

from open_algorithms.learning.showing.quality.answer import name_rows
from open_algorithms.learning.showing.quality.schema import FOLDS, ChannelRows, Judgement


def warn_of_figures(judgement: Judgement) -> Iterator[str]:
    """Yield what a reader should know of the figures of each channel."""
    for name, channel in judgement.channels.items():
        if not all(map(math.isfinite, channel.scores.values())):
            yield (
                f"Some figures of the {name_rows(name)} are beyond what can be counted: look for values in them that "
                "are far beyond those of training."
            )
        if name != FOLDS and has_one_label(judgement.count_rows(name)):
            yield f"All {name} rows have the same label, so that their figures say little."


def has_one_label(rows: ChannelRows) -> bool:
    """Tell whether all rows have the same label."""
    if rows.label is not None:
        return rows.label.deviation == 0
    return sum(count > 0 for count in rows.classes or ()) == 1
