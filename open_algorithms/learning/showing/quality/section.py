"""How good a model is, as two sections of a page: the answer, and all else that the figures tell."""

from collections.abc import Sequence
from dataclasses import dataclass

from open_algorithms.learning.showing.frame import Figure, Table
from open_algorithms.learning.showing.quality.answer import describe_answer
from open_algorithms.learning.showing.quality.figures import curve_figures, prediction_figures, residual_figures
from open_algorithms.learning.showing.quality.schema import Judgement
from open_algorithms.learning.showing.quality.tables import (
    Matrix,
    Titled,
    class_table,
    confused_table,
    confusion_matrices,
    score_table,
    threshold_table,
)


@dataclass(frozen=True)
class QualitySection:
    """What the macros `answer` and `details` of pieces.html show.

    The answer has paragraphs, the confusion matrix of the main channel and charts of a regressor; the details have
    scores, charts, the other channels' confusion matrices and tables.
    """

    texts: Sequence[str]
    main_matrices: Sequence[Matrix]
    main_figures: Sequence[Figure]
    scores: Table
    figures: Sequence[Figure]
    matrices: Sequence[Matrix]
    tables: Sequence[Titled]


def describe_quality(judgement: Judgement) -> QualitySection:
    """Return the sections of a model that was judged."""
    matrices = confusion_matrices(judgement)
    return QualitySection(
        list(describe_answer(judgement)),
        [matrix for matrix in matrices if matrix.channel == judgement.main],
        prediction_figures(judgement),
        score_table(judgement),
        [*curve_figures(judgement), *residual_figures(judgement)],
        [matrix for matrix in matrices if matrix.channel != judgement.main],
        [*confused_table(judgement), *threshold_table(judgement), *class_table(judgement)],
    )
