"""Read an artifact without MXNet and without trusting it.

Sizes are bounded, shapes checked, and nothing is unpickled.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.artifact.documents import Facts, read_facts
from linear_learner.artifact.graph import LINKS, Graph, read_graph
from linear_learner.objective.model import Model
from open_algorithms.learning.artifact.archives import (
    ADDITIONAL,
    LIMITS,
    PACKED,
    PARAMETERS,
    SYMBOL,
    ZIPPED,
    Files,
    choose_folder,
    read_tar,
    read_zip,
)
from open_algorithms.learning.artifact.folder import open_file, read_all
from open_algorithms.learning.artifact.params import Floats, read_arrays
from open_algorithms.learning.job.errors import InputError

GZIP = b"\x1f\x8b"


def load(place: Path, room: int | None = None) -> Model:
    """Load a model from an archive or from a folder.

    A folder is searched for loose files, then `model.tar.gz`, then the original's `model_algo-1`; where it holds none
    of these, its one subfolder that does is searched.

    Raises InputError that names what was looked for or what is wrong, and MemoryError where a file takes more than
    `memory_limit` bytes once unpacked.
    """
    return read(*find(place, room))


def read(files: Files, where: str) -> Model:
    """Build the model from its files; `where` names their place in messages."""
    for name in LIMITS:
        if name not in files:
            raise InputError(f"No whole model found: {where} lacks {name}; expected {', '.join(LIMITS)} in it.")
    facts, graph = read_facts(files[ADDITIONAL]), read_graph(files[SYMBOL])
    weight, bias = read_arrays(files[PARAMETERS])
    check(facts, graph, weight)
    return Model(
        facts.predictor_type,
        facts.loss_type,
        weight,
        bias if facts.bias is None else widened(bias, facts.bias),
        facts.threshold,
        facts.metrics_params,
        facts.names,
        facts.label_name,
        facts.blurred,
    )


def widened(bias: Floats, exact: tuple[float, ...]) -> NDArray[Any]:
    """Return the float64 bias (K,); raise InputError where it does not round to the float32 one."""
    found = np.array(exact, np.float64)
    if found.shape != bias.shape or (found.astype(np.float32) != bias).any():
        raise InputError(f"{ADDITIONAL} says bias {list(exact[:5])}, but {PARAMETERS} holds fc0_bias {bias[:5]}.")
    return found


def find(directory: Path, room: int | None = None) -> tuple[Files, str]:
    """Read the model's files from the first place that has them; return the files and the name of that place."""
    if directory.is_file():
        return read_package(directory, room), directory.name
    found = find_in(directory, room, "the model folder")
    if not found and (inner := choose_folder(list_folders(directory), "the model folder")):
        found = find_in(directory / inner, room, f"the folder {inner} in the model folder")
    if found:
        return found
    raise InputError(
        f"No model found: expected {PARAMETERS} with {SYMBOL} and {ADDITIONAL}, {PACKED} or {ZIPPED} in the model "
        "folder."
    )


def find_in(directory: Path, room: int | None, where: str) -> tuple[Files, str] | None:
    """Read the model's files from one folder, called `where` in messages; None where it has none."""
    if files := read_folder(directory, room):
        return files, where
    for name, unpack in ((PACKED, read_tar), (ZIPPED, read_zip)):
        if stream := open_file(directory, name):
            with stream:
                return unpack(stream, room), name
    return None


def list_folders(directory: Path) -> list[str]:
    """Return the subfolders that seem to hold a model; links and hidden folders do not count."""
    try:
        with os.scandir(directory) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    kinds = (PARAMETERS, PACKED, ZIPPED)
    return [n for n in names if n[0] != "." and any(os.path.lexists(directory / n / kind) for kind in kinds)]


def read_package(file: Path, room: int | None) -> Files:
    """Read the files in an archive, whatever its name: gzipped tar or zip by its first bytes."""
    with file.open("rb") as stream:
        unpack = read_tar if stream.read(len(GZIP)) == GZIP else read_zip
        stream.seek(0)
        return unpack(stream, room)


def read_folder(directory: Path, room: int | None) -> Files:
    """Read the loose files of a model; empty where there is no parameter file."""
    files: Files = {}
    for name, limit in LIMITS.items():
        stream = open_file(directory, name)
        if stream is None and name == PARAMETERS:
            break
        if stream is not None:
            with stream:
                files[name] = read_all(stream, limit, name, room)
    return files


def check(facts: Facts, graph: Graph, weight: Floats) -> None:
    """Raise InputError where graph, shapes and additional parameters contradict each other."""
    features, outputs = weight.shape
    if (outputs > 1) != (facts.predictor_type == "multiclass_classifier"):
        raise InputError(
            f"The model's shapes disagree: fc0_weight {weight.shape} has {outputs} columns; expected "
            f"{'1' if outputs > 1 else '2 or more'} of a {facts.predictor_type}."
        )
    if facts.names and len(facts.names) != features:
        raise InputError(
            f"{ADDITIONAL} says {len(facts.names)} feature_names, but {PARAMETERS} holds fc0_weight {weight.shape}."
        )
    if facts.blurred and max(facts.blurred) >= features:
        raise InputError(
            f"{ADDITIONAL} says blurred_features up to {max(facts.blurred)}, but {PARAMETERS} holds fc0_weight "
            f"{weight.shape}."
        )
    if graph.link != (facts.loss_type if facts.loss_type in LINKS.values() else None):
        raise InputError(
            f"{SYMBOL} ends with the output operator of {graph.link or 'a regression'}, but {ADDITIONAL} says "
            f"loss_type {facts.loss_type}."
        )
    expected = {"data": (0, features), "fc0_weight": (features, outputs), "fc0_bias": (1, outputs)}
    for name, shape in graph.shapes.items():
        if any(said and wanted and said != wanted for said, wanted in zip(shape, expected[name], strict=True)):
            raise InputError(
                f"{SYMBOL} says {name} has the shape {shape}, but {PARAMETERS} holds fc0_weight {weight.shape}."
            )
