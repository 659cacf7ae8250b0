"""Scores as people write them: their names in words, and their values in as many digits as the rows give them."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from open_algorithms.learning.showing.words import format_decimals, format_percent, format_rounded

MANY_ROWS = 10_000  # from which on scores have a digit more


class Naming(NamedTuple):
    """What a score is called in words, and whether it is a share, or another ratio about 1, which has decimals."""

    words: str
    is_share: bool = False
    is_ratio: bool = False


NAMES = {  # of the scores, in the order in which they are shown
    r"(binary_classification|multiclass)_accuracy": Naming("accuracy", True),
    r"multiclass_top_k_accuracy_(\d+)": Naming("right among the best {0}", True),
    r"r2": Naming("R\N{SUPERSCRIPT TWO}", is_ratio=True),
    r"mae|absolute_loss|absolute_loss_objective": Naming("mean absolute error"),
    r"rmse": Naming("root mean squared error"),
    r"binary_f_(.+)": Naming("F{0}", True),
    r"precision": Naming("precision", True),
    r"recall": Naming("recall", True),
    r"(binary|multiclass)_balanced_accuracy": Naming("balanced accuracy", True),
    r"macro_recall": Naming("recall, mean of classes", True),
    r"macro_precision": Naming("precision, mean of classes", True),
    r"macro_f_(.+)": Naming("F{0}, mean of classes", True),
    r"roc_auc_score": Naming("area under the ROC curve", is_ratio=True),
    r"dcg": Naming("discounted cumulative gain", is_ratio=True),
    r"(binary|multiclass)_log_loss": Naming("log loss"),
    r"(binary_classification|multiclass)_cross_entropy(_objective)?": Naming("log loss"),
    r"binary_classification_weighted_cross_entropy_objective": Naming("log loss, weighted"),
    r"expected_calibration_error": Naming("expected calibration error", True),
    r"hinge_loss_objective": Naming("hinge loss"),
    r"quantile_loss_objective": Naming("quantile loss"),
    r"huber_loss_objective": Naming("Huber loss"),
    r"eps_insensitive_squared_loss_objective": Naming("squared loss beyond epsilon"),
    r"eps_insensitive_absolute_loss_objective": Naming("absolute loss beyond epsilon"),
    r"mse|mse_objective": Naming("mean squared error"),
}


def find_naming(score: str) -> tuple[int, Naming]:
    """Return the place of a score in their order, and what it is called; unknown ones come last, by their own name."""
    for place, (pattern, naming) in enumerate(NAMES.items()):
        if found := re.fullmatch(pattern, score):
            given = [f"{float(text):g}" for text in found.groups() if text and re.fullmatch(r"[\d.]+", text)]
            return place, naming._replace(words=naming.words.format(*given))
    return len(NAMES), Naming(score)


def name_score(score: str) -> str:
    """Return what people call a score.

    >>> name_score("binary_f_1.000"), name_score("multiclass_top_k_accuracy_3"), name_score("r2")
    ('F1', 'right among the best 3', 'R²')
    """
    return find_naming(score)[1].words


def format_part(share: float, rows: int) -> str:
    """Write a share of so many rows in percent."""
    return format_percent(share, 2 if rows >= MANY_ROWS else 1)


def format_score(score: str, value: float, rows: int) -> str:
    """Write the value of a score of so many rows: a share in percent, others in three significant digits or four.

    >>> format_score("recall", 0.56216, 1409), format_score("mse", 1646930000.0, 586)
    ('56.2%', '1,650,000,000')
    """
    more, naming = int(rows >= MANY_ROWS), find_naming(score)[1]
    if naming.is_share:
        return format_part(value, rows)
    if naming.is_ratio and abs(value) < 10:
        return format_decimals(value, 3 + more)
    return format_rounded(value, 3 + more)


def format_interval(score: str, interval: Sequence[float], rows: int) -> str:
    """Write the ends of an interval of a score."""
    low, high = (format_score(score, end, rows) for end in interval)
    return f"{low} to {high}"


class ScoreRow(NamedTuple):
    """Scores that mean the same, by what people call them, and their value on each channel, as it is written."""

    words: str
    scores: list[str]
    texts: list[str]


def arrange_scores(channels: Mapping[str, Mapping[str, float]], rows: Mapping[str, int]) -> list[ScoreRow]:
    """Return the scores of channels in the order in which people ask; those of one meaning and one value are one."""
    found: dict[tuple[str, ...], ScoreRow] = {}
    for score in sorted(next(iter(channels.values())), key=lambda score: find_naming(score)[0]):
        texts = [format_score(score, scores[score], rows[name]) for name, scores in channels.items()]
        row = found.setdefault((name_score(score), *texts), ScoreRow(name_score(score), [], texts))
        row.scores.append(score)
    return list(found.values())
