"""How good a model is, as a section of a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from open_algorithms.learning.showing.frame import Figure, Table
from open_algorithms.learning.showing.quality.figures import quality_figures
from open_algorithms.learning.showing.quality.schema import ChannelRows, Quality, choose_main_channel
from open_algorithms.learning.showing.quality.tables import (
    Matrix,
    Titled,
    class_table,
    confusion_matrices,
    score_table,
    threshold_table,
)


@dataclass(frozen=True)
class QualitySection:
    """What the macro `quality` of pieces.html shows: scores, charts, confusion matrices by channel, and tables.

    `classes` are the names of the classes, where they have some.
    """

    scores: Table
    figures: Sequence[Figure]
    matrices: Sequence[tuple[str, Matrix]]
    tables: Sequence[Titled]
    classes: Sequence[str] | None


def describe_quality(
    channels: Mapping[str, Quality],
    counted: Mapping[str, ChannelRows],
    deciding: str,
    classes: Sequence[str] | None = None,
) -> QualitySection:
    """Return the section on channels whose labels were counted, and of which `deciding` chose the threshold."""
    count = len(counted[choose_main_channel(channels)].classes or ())
    return QualitySection(
        score_table(channels),
        quality_figures(channels),
        confusion_matrices(channels),
        [*threshold_table(channels, deciding, classes), *class_table(channels, classes, count)],
        classes,
    )
