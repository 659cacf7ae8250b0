"""What columns add to an answer: of some rows as numbers, of one row as a chart of the largest.

Tests: tests/linear_learner/describing/test_shares.py, tests/pca/describing/test_shares.py.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from open_algorithms.learning.showing.bars import draw_bars
from open_algorithms.learning.showing.portraits import frame_figure, join_lines
from open_algorithms.learning.showing.words import format_count, format_rounded
from open_algorithms.learning.types.arrays import Float64s

MAX_BARS = 20  # columns that are drawn

_NOTE = Markup('<p class="note">{}</p>')


class Contributions(NamedTuple):
    """What columns add to a number of each row: their names, what the rows begin with (n,), and their parts (n, c).

    The base and the parts of a row add up to its number.
    """

    names: Sequence[str]
    base: Float64s
    added: Float64s


def draw_contributions(found: Contributions, caption: str, note: str = "") -> Markup:
    """Draw the parts of the first row that are largest; the note below says what the others come to, too."""
    added = found.added[0]
    order = np.argsort(-np.abs(added), kind="stable")
    largest, others = order[:MAX_BARS].tolist(), order[MAX_BARS:]
    notes = [note] if note else []
    if len(others):
        left = format_rounded(float(added[others].sum()))
        notes.append(f"The {format_count(len(others))} smallest, left out here, add {left} in all.")
    bars = draw_bars([found.names[i] for i in largest], added[largest].tolist(), caption)
    return join_lines([frame_figure(caption, bars), *([_NOTE.format(" ".join(notes))] if notes else [])])
