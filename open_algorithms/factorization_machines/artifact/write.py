"""Write the artifact: the original's zip of a network, and what else we know in files beside it."""

from collections.abc import Sequence
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from open_algorithms.factorization_machines.artifact.documents import write_additions, write_settings
from open_algorithms.factorization_machines.artifact.graph import write_graph
from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.artifact.params import list_arrays
from open_algorithms.factorization_machines.artifact.seen import write_seen
from open_algorithms.learning.artifact.archives import (
    ADDITIONAL_FILE,
    NETWORK_PARAMETERS,
    NETWORK_SETTINGS,
    NETWORK_SYMBOL,
    ORIGINAL_FILE,
    SEEN_FILE,
)
from open_algorithms.learning.artifact.arrays import list_parts


def write_artifact(model: FactorModel, folder: Path) -> None:
    """Write the machine's files into `folder`, which exists and is empty.

    `model_algo-1` is an uncompressed zip, as the original writes and serves it: the sparse network, whose label is
    `out_label`, its float32 parameters, and the settings of the job.
    """
    graph = write_graph(model.predictor_type, model.feature_dim, max(1, model.num_factors))
    with ZipFile(folder / ORIGINAL_FILE, "w", ZIP_STORED) as archive:
        add_entry(archive, NETWORK_SYMBOL, [graph.encode()])
        add_entry(archive, NETWORK_PARAMETERS, list_parts(list_arrays(model)))
        add_entry(archive, NETWORK_SETTINGS, [write_settings(model).encode()])
    (folder / ADDITIONAL_FILE).write_text(write_additions(model), encoding="utf-8")
    if model.seen is not None:
        (folder / SEEN_FILE).write_bytes(write_seen(model.seen))


def add_entry(archive: ZipFile, name: str, parts: Sequence[bytes | memoryview]) -> None:
    """Add a file given in parts, without the time: the same model is the same file."""
    entry = ZipInfo(name)
    entry.file_size = sum(map(len, parts))  # by which zipfile sees whether its places take 64 bits
    with archive.open(entry, "w") as stream:
        for part in parts:
            stream.write(part)
