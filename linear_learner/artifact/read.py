"""Read an artifact without MXNet and without trusting it.

Sizes are bounded, shapes checked, and nothing is unpickled.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.artifact.documents import DEVIATIONS, AdditionalParameters, read_additional_parameters
from linear_learner.artifact.graph import LOSS_OF_OPERATOR, Graph, read_graph
from linear_learner.artifact.params import read_parameters
from linear_learner.objective.model import LinearModel
from open_algorithms.learning.artifact.archives import (
    ADDITIONAL_FILE,
    MODULE_FILES,
    PARAMETERS_FILE,
    SYMBOL_FILE,
    ModelFiles,
)
from open_algorithms.learning.artifact.arrays import Floats
from open_algorithms.learning.artifact.finding import find_files
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.labels import check_classes


def load_model(path: Path, memory_limit: int | None = None) -> LinearModel:
    """Load a model from an archive or from a folder.

    A folder is searched for loose files, then `model.tar.gz`, then the original's `model_algo-1`; where it holds none
    of these, its one subfolder that does is searched.

    Raises InputError that names what was looked for or what is wrong, and MemoryError where a file takes more than
    `memory_limit` bytes once unpacked.
    """
    return read_model(*find_model_files(path, memory_limit))


def find_model_files(path: Path, memory_limit: int | None = None) -> tuple[ModelFiles, str]:
    """Read the model's files from the first place that has them; return the files and the name of that place."""
    return find_files(path, MODULE_FILES, memory_limit)


def read_model(files: ModelFiles, where: str) -> LinearModel:
    """Build the model from its files; `where` names their place in messages."""
    for name in MODULE_FILES.limits:
        if name not in files:
            raise InputError(
                f"No whole model found: {where} lacks {name}; expected {', '.join(MODULE_FILES.limits)} in it."
            )
    facts, graph = read_additional_parameters(files[ADDITIONAL_FILE]), read_graph(files[SYMBOL_FILE])
    weight, bias = read_parameters(files[PARAMETERS_FILE])
    check_consistency(facts, graph, weight)
    return LinearModel(
        facts.predictor_type,
        facts.loss_type,
        weight,
        bias if facts.bias is None else exact_bias(bias, facts.bias),
        facts.threshold,
        facts.metrics_params,
        facts.names,
        facts.label_name,
        facts.blurred,
        facts.recipe,
        facts.classes,
        deviations=facts.deviations,
    )


def exact_bias(bias: Floats, exact: tuple[float, ...]) -> NDArray[Any]:
    """Return the float64 bias (K,); raise InputError where it does not round to the float32 one."""
    found = np.array(exact, np.float64)
    if found.shape != bias.shape or (found.astype(np.float32) != bias).any():
        raise InputError(
            f"{ADDITIONAL_FILE} says bias {list(exact[:5])}, but {PARAMETERS_FILE} holds fc0_bias {bias[:5]}."
        )
    return found


def check_consistency(facts: AdditionalParameters, graph: Graph, weight: Floats) -> None:
    """Raise InputError where graph, shapes and additional parameters contradict each other."""
    features, outputs = weight.shape
    if (outputs > 1) != (facts.predictor_type == "multiclass_classifier"):
        raise InputError(
            f"The model's shapes disagree: fc0_weight {weight.shape} has {outputs} columns; expected "
            f"{'1' if outputs > 1 else '2 or more'} of a {facts.predictor_type}."
        )
    if facts.names and len(facts.names) != features:
        what = "feature_names" if facts.recipe is None else "features of columns"
        raise InputError(
            f"{ADDITIONAL_FILE} says {len(facts.names)} {what}, but {PARAMETERS_FILE} holds fc0_weight {weight.shape}."
        )
    if facts.deviations is not None and len(facts.deviations) != features:
        raise InputError(
            f"{ADDITIONAL_FILE} says {len(facts.deviations)} {DEVIATIONS}, but {PARAMETERS_FILE} holds fc0_weight "
            f"{weight.shape}."
        )
    target = None if facts.recipe is None else facts.recipe.target
    check_classes(facts.classes if target is None else target.classes, facts.predictor_type, max(outputs, 2))
    if facts.blurred and max(facts.blurred) >= features:
        raise InputError(
            f"{ADDITIONAL_FILE} says blurred_features up to {max(facts.blurred)}, but {PARAMETERS_FILE} holds "
            "fc0_weight "
            f"{weight.shape}."
        )
    if graph.link != (facts.loss_type if facts.loss_type in LOSS_OF_OPERATOR.values() else None):
        raise InputError(
            f"{SYMBOL_FILE} ends with the output operator of {graph.link or 'a regression'}, but "
            f"{ADDITIONAL_FILE} says "
            f"loss_type {facts.loss_type}."
        )
    expected = {"data": (0, features), "fc0_weight": (features, outputs), "fc0_bias": (1, outputs)}
    for name, shape in graph.shapes.items():
        if any(said and wanted and said != wanted for said, wanted in zip(shape, expected[name], strict=True)):
            raise InputError(
                f"{SYMBOL_FILE} says {name} has the shape {shape}, but {PARAMETERS_FILE} holds fc0_weight "
                f"{weight.shape}."
            )
