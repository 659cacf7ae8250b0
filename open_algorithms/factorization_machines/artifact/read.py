"""Read an artifact, the original's or ours, without trusting it.

Sizes are bounded, shapes checked, and nothing of the network is run.
"""

from pathlib import Path

from open_algorithms.factorization_machines.artifact.documents import (
    Additions,
    read_additions,
    read_predictor,
    read_settings,
)
from open_algorithms.factorization_machines.artifact.graph import Graph, read_graph
from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.artifact.params import check_folded, read_parameters
from open_algorithms.factorization_machines.artifact.seen import check_seen, read_seen
from open_algorithms.learning.artifact.archives import (
    ADDITIONAL_FILE,
    NETWORK_FILES,
    NETWORK_PARAMETERS,
    NETWORK_SETTINGS,
    NETWORK_SYMBOL,
    SEEN_FILE,
    TAR_ARCHIVE,
    Layout,
    ModelFiles,
)
from open_algorithms.learning.artifact.finding import find_files
from open_algorithms.learning.job.errors import InputError
from open_algorithms.learning.labels import check_classes

RENAMED = {  # as MXNet's modules call the files, and Amazon's instructions rename them
    "model-0000.params": NETWORK_PARAMETERS,
    "model-symbol.json": NETWORK_SYMBOL,
}
RENAMED_FILES = Layout(
    {
        **{name: NETWORK_FILES.limits[file] for name, file in RENAMED.items()},
        **{name: NETWORK_FILES.limits[name] for name in (NETWORK_SETTINGS, ADDITIONAL_FILE, SEEN_FILE)},
    },
    "model-0000.params",
)


def load_model(path: Path, memory_limit: int | None = None) -> FactorModel:
    """Load a machine from an archive, a folder, or the original's `model_algo-1` by itself.

    Raises InputError that names what was looked for or what is wrong, and MemoryError where a file takes more than
    `memory_limit` bytes once unpacked.
    """
    return read_model(*find_model_files(path, memory_limit))


def find_model_files(path: Path, memory_limit: int | None = None) -> tuple[ModelFiles, str]:
    """Read the machine's files from the first place that has them; return the files and the name of that place.

    A folder that has none by their own names may have those that were renamed for MXNet's modules.
    """
    own = (*NETWORK_FILES.markers, TAR_ARCHIVE)
    if (path / RENAMED_FILES.main).is_file() and not any((path / name).exists() for name in own):
        files, where = find_files(path, RENAMED_FILES, memory_limit)
        return {RENAMED.get(name, name): content for name, content in files.items()}, where
    return find_files(path, NETWORK_FILES, memory_limit)


def read_model(files: ModelFiles, where: str) -> FactorModel:
    """Build the machine from its files; `where` names their place in messages."""
    if NETWORK_PARAMETERS not in files:
        network = f"{NETWORK_PARAMETERS}, {NETWORK_SYMBOL} and {NETWORK_SETTINGS}"
        raise InputError(
            f"No whole model found: {where} lacks {NETWORK_PARAMETERS}; expected {network}, as the zip of a "
            "factorization machine holds them."
        )
    settings = read_settings(files[NETWORK_SETTINGS]) if NETWORK_SETTINGS in files else {}
    graph = read_graph(files[NETWORK_SYMBOL]) if NETWORK_SYMBOL in files else Graph(None, {})
    numbers = read_parameters(files[NETWORK_PARAMETERS], settings, graph.shapes)
    bias, linear, factors = numbers
    added = read_additions(files[ADDITIONAL_FILE], linear, bias) if ADDITIONAL_FILE in files else Additions()
    said = {
        NETWORK_SETTINGS: read_predictor(settings.get("predictor_type"), NETWORK_SETTINGS),
        NETWORK_SYMBOL: graph.predictor_type,
        ADDITIONAL_FILE: added.predictor_type,
    }
    model = FactorModel(
        agree_on_predictor(said),
        float(bias) if added.bias is None else added.bias,
        linear if added.linear is None else added.linear,
        factors,
        added.threshold,
        settings,
        added.names,
        added.label_name,
        added.recipe,
        added.label_classes,
        read_seen(files[SEEN_FILE]) if SEEN_FILE in files else None,
        centers=added.centers,
        reach=added.reach,
    )
    if model.seen is not None:
        check_seen(model.seen, model.recipe)
    check_folded(model, numbers)
    check_classes(model.classes, model.predictor_type, 2)
    return model


def agree_on_predictor(said: dict[str, str | None]) -> str:
    """Return the predictor type that files say; raise InputError where none does, or where they contradict."""
    types = {file: predictor for file, predictor in said.items() if predictor is not None}
    if not types:
        raise InputError(
            f"No file says the predictor type: expected predictor_type in {NETWORK_SETTINGS}, or an output operator in "
            f"{NETWORK_SYMBOL}."
        )
    if len({*types.values()}) > 1:
        told = ", ".join(f"{file} says {predictor}" for file, predictor in types.items())
        raise InputError(f"The files disagree on the predictor type: {told}.")
    return next(iter(types.values()))
