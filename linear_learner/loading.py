"""Read an artifact without MXNet and without trusting it: bounded, shape against size, nothing unpickled."""

import io
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linear_learner.errors import InputError
from linear_learner.losses import LOSSES
from linear_learner.model import Model

PARAMETERS, ADDITIONAL, ZIPPED, PACKED = "mx-mod-0000.params", "additional-params.json", "model_algo-1", "model.tar.gz"
LARGEST_BYTES = 4 << 30
LIST_MAGIC, ARRAY_MAGIC = 0x112, 0xF993FAC9
FLOAT32, DENSE = 0, 0

Reader = Callable[[str], bytes | None]


def load(directory: Path) -> Model:
    """Load the model in `directory`: loose files, else `model.tar.gz`, else the original's `model_algo-1`.

    Raises InputError that says what was looked for, or what is wrong with what was found.
    """
    read = folder(directory)
    if read(PARAMETERS) is None:
        packed, zipped = read(PACKED), read(ZIPPED)
        if packed is not None:
            read = tar(packed)
            if read(PARAMETERS) is None:
                zipped = read(ZIPPED)
        if read(PARAMETERS) is None and zipped is not None:
            read = archive(zipped)
    parameters, additional = read(PARAMETERS), read(ADDITIONAL)
    if parameters is None or additional is None:
        raise InputError(
            f"No model found: expected {PARAMETERS} with {ADDITIONAL}, {PACKED} or {ZIPPED} in the model folder."
        )
    return build(read_arrays(parameters), additional)


def folder(directory: Path) -> Reader:
    """Read files of a folder by name."""

    def read(name: str) -> bytes | None:
        path = directory / name
        if not path.is_file():
            return None
        if path.stat().st_size > LARGEST_BYTES:
            raise InputError(f"{name} is larger than {LARGEST_BYTES} bytes.")
        return path.read_bytes()

    return read


def tar(packed: bytes) -> Reader:
    """Read the members at the top of a gzipped tar by name; only regular files, nothing is unpacked to disk."""
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as members:
            for member in members:
                name = member.name.removeprefix("./")
                if member.isfile() and name in (PARAMETERS, ADDITIONAL, ZIPPED):
                    if member.size > LARGEST_BYTES:
                        raise InputError(f"{name} in {PACKED} is larger than {LARGEST_BYTES} bytes.")
                    stream = members.extractfile(member)
                    files[name] = stream.read() if stream else b""
    except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error) as error:
        raise InputError(f"{PACKED} cannot be read as a gzipped tar: {error}.") from error
    return files.get


def archive(zipped: bytes) -> Reader:
    """Read the entries of the original's zip by name."""

    def read(name: str) -> bytes | None:
        try:
            with zipfile.ZipFile(io.BytesIO(zipped)) as entries:
                if name not in entries.namelist():
                    return None
                if entries.getinfo(name).file_size > LARGEST_BYTES:
                    raise InputError(f"{name} in {ZIPPED} is larger than {LARGEST_BYTES} bytes.")
                return entries.read(name)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
            raise InputError(f"{ZIPPED} cannot be read as a zip: {error}.") from error

    return read


def build(arrays: dict[str, NDArray[np.float32]], additional: bytes) -> Model:
    """Put weights, bias and additional parameters together and check that they fit."""
    try:
        facts = json.loads(additional)
        predictor, loss, threshold = facts["predictor_type"], facts["loss_type"], float(facts["threshold"])
        settings = dict(facts.get("metrics_params") or {})
        weight, bias = arrays["arg:fc0_weight"], arrays["arg:fc0_bias"]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"The model lacks a part or holds a bad one: {error!r}.") from error
    outputs = weight.shape[1] if weight.ndim == 2 else 0
    if not outputs or bias.size != outputs or (outputs > 1) != (predictor == "multiclass_classifier"):
        raise InputError(
            f"The model's shapes disagree: fc0_weight {weight.shape} and fc0_bias {bias.shape} of a {predictor}."
        )
    if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise InputError("The model holds weights that are not finite.")
    if loss not in LOSSES:
        raise InputError(f"The model's loss {loss!r} is not supported; known are {', '.join(LOSSES)}.")
    settings.pop("threshold", None)
    return Model(predictor, loss, weight, bias.reshape(-1), threshold, settings)


def read_arrays(content: bytes) -> dict[str, NDArray[np.float32]]:
    """Parse MXNet's list of named arrays; only dense float32 ones, each no larger than the file."""
    stream = Cursor(content)
    if stream.take("Q") != LIST_MAGIC:
        raise InputError(f"{PARAMETERS} does not begin with MXNet's magic number {LIST_MAGIC:#x}.")
    stream.take("Q")
    arrays = [read_array(stream) for _ in range(stream.count(16))]
    names = [stream.raw(stream.count(1)).decode("utf-8", "replace") for _ in range(stream.count(8))]
    return dict(zip(names, arrays, strict=False))


def read_array(stream: "Cursor") -> NDArray[np.float32]:
    """Parse one array."""
    if stream.take("I") != ARRAY_MAGIC or stream.take("i") != DENSE:
        raise InputError(f"{PARAMETERS} holds an array that is not dense or of another MXNet version.")
    shape = [stream.take("q") for _ in range(stream.take("I") if stream.left >= 4 else 0)]
    stream.take("ii")
    kind = stream.take("i")
    size = int(np.prod([int(n) for n in shape], dtype=object))
    if kind != FLOAT32 or min(shape, default=-1) < 0 or size * 4 > stream.left:
        raise InputError(
            f"{PARAMETERS} holds an array of shape {shape}, type {kind}; expected float32 within the file."
        )
    return np.frombuffer(stream.raw(size * 4), np.float32).reshape(shape)


class Cursor:
    """A place in bytes that moves on and never past the end."""

    def __init__(self, content: bytes) -> None:
        """Start at the first byte."""
        self.content = memoryview(content)
        self.place = 0

    @property
    def left(self) -> int:
        """Count the bytes that are left."""
        return len(self.content) - self.place

    def raw(self, size: int) -> bytes:
        """Take `size` bytes."""
        if size > self.left:
            raise InputError(f"{PARAMETERS} is cut short at byte {len(self.content)}.")
        self.place += size
        return bytes(self.content[self.place - size : self.place])

    def take(self, layout: str) -> Any:
        """Take little-endian numbers; the first of them is returned."""
        return struct.unpack("<" + layout, self.raw(struct.calcsize("<" + layout)))[0]

    def count(self, size: int) -> int:
        """Take a count of things of at least `size` bytes, which must fit into what is left."""
        count = int(self.take("Q"))
        if count * size > self.left:
            raise InputError(f"{PARAMETERS} is cut short: it announces {count} entries at byte {self.place}.")
        return count
