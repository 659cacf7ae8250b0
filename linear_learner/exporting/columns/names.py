"""What a model's table calls its columns.

Tests: tests/linear_learner/exporting/test_raw_columns.py.
"""

from collections.abc import Sequence

from linear_learner.objective.model import LinearModel


def column_names(model: LinearModel) -> Sequence[str]:
    """Return the names of the columns of the table that a model reads, with the target where it is known."""
    if model.recipe is None:
        return model.names
    target = model.recipe.target
    return [*model.recipe.column_names, *([] if target is None else [target.name])]
