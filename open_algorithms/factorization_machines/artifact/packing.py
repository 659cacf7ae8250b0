"""A machine as flat bytes: linear weights (d,), factors (d, k), centers and reach (d,), names, recipe, seen pairs."""

from typing import TYPE_CHECKING, Any

import numpy as np

from open_algorithms.factorization_machines.artifact.model import FactorModel
from open_algorithms.factorization_machines.artifact.seen import SeenPairs
from open_algorithms.learning.artifact.shared import pack_parts, unpack_parts
from open_algorithms.learning.features import pack_features, unpack_features

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MAGIC = b"FACTOR\x00\x01"


def pack_model(model: FactorModel) -> list[memoryview]:
    """Return the buffers that, concatenated, are the packed machine."""
    linear, factors = (np.ascontiguousarray(array) for array in (model.linear, model.factors))
    features = pack_features(model.names, model.recipe)
    centers = np.zeros(0) if model.centers is None else np.ascontiguousarray(model.centers)
    reach = np.zeros(0, np.float32) if model.reach is None else np.ascontiguousarray(model.reach)
    parts = (linear.data, factors.reshape(-1).data, centers.data, reach.data, *features, *pack_seen(model.seen))
    header = {
        "predictor_type": model.predictor_type,
        "bias": model.bias,
        "shape": factors.shape,
        "threshold": model.threshold,
        "settings": dict(model.settings),
        "label_name": model.label_name,
        "label_classes": list(model.label_classes),
        "seen": None if model.seen is None else (*model.seen[:2], model.seen.item_count),
        "bytes": [part.nbytes for part in parts],
    }
    return pack_parts(MAGIC, header, parts)


def unpack_model(buffer: "ReadableBuffer") -> FactorModel:
    """Return the machine packed in `buffer`; its arrays are read-only views.

    Raises InputError where the buffer does not start with a complete packed machine.
    """

    def part_sizes(header: dict[str, Any]) -> list[int]:
        sizes: list[int] = header["bytes"]
        return sizes

    header, (linear, factors, centers, reach, names, recipe, *seen) = unpack_parts(MAGIC, buffer, part_sizes)
    feature_names, table = unpack_features(names, recipe)
    return FactorModel(
        header["predictor_type"],
        header["bias"],
        np.frombuffer(linear, np.float32),
        np.frombuffer(factors, np.float32).reshape(header["shape"]),
        header["threshold"],
        header["settings"],
        feature_names,
        header["label_name"],
        table,
        tuple(header["label_classes"]),
        unpack_seen(header["seen"], *seen),
        centers=np.frombuffer(centers, np.float64) if len(centers) else None,
        reach=np.frombuffer(reach, np.float32) if len(reach) else None,
    )


def pack_seen(seen: SeenPairs | None) -> list[memoryview]:
    """Return where the pairs of each user start, and their items, as bytes; empty where there are none."""
    if seen is None:
        return [memoryview(b"")] * 2
    return [np.ascontiguousarray(array).data for array in (seen.starts, seen.items)]


def unpack_seen(columns: tuple[str, str, int] | None, starts: memoryview, items: memoryview) -> SeenPairs | None:
    """Return what `pack_seen` packed, of columns of users and items, and a number of items."""
    if columns is None:
        return None
    user_column, item_column, item_count = columns
    return SeenPairs(
        user_column, item_column, np.frombuffer(starts, np.int64), np.frombuffer(items, np.int32), item_count
    )
