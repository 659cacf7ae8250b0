"""What a model knows of its labels: the name of their column, and their classes.

Tests: tests/linear_learner/artifact/test_documents.py, tests/factorization_machines/artifact/test_documents.py.
"""

from collections.abc import Sequence
from reprlib import repr as shortened
from typing import Any

from open_algorithms.learning.artifact.archives import ADDITIONAL_FILE
from open_algorithms.learning.columns.recipe import Recipe
from open_algorithms.learning.job.errors import InputError


def read_label_name(found: dict[str, Any], recipe: Recipe | None) -> str:
    """Return the label's name, that of the recipe's target or else the one that the file says; empty without any.

    Raises InputError where there is a recipe without a target, or where the name is no text.
    """
    if recipe is not None:
        if recipe.target is None:
            raise InputError(f"{ADDITIONAL_FILE} says columns without a target; expected one.")
        return recipe.target.name
    name = found.get("label_name") or ""
    if not isinstance(name, str):
        raise InputError(f"{ADDITIONAL_FILE} says label_name {shortened(name)}; expected a text.")
    return name


def check_classes(classes: Sequence[str | float], predictor_type: str, count: int) -> None:
    """Raise InputError where the classes that have names are not as many as the model tells apart."""
    if classes and (predictor_type == "regressor" or len(classes) != count):
        expected = "none" if predictor_type == "regressor" else f"{count}"
        raise InputError(f"{ADDITIONAL_FILE} says {len(classes)} classes of a {predictor_type}; expected {expected}.")
