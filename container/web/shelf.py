"""Models shared by all workers, one file of shared memory each, written atomically.

A worker maps a model's file only while it answers a request. An unloaded model is gone for the next request to any
worker, and its memory is freed when the last answer that uses it is done.

Tests: tests/container/web/test_models.py.
"""

import json
import mmap
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from container.contract.errors import ClientError, ModelAlreadyLoaded, ModelNotFound, NoMemoryForModel
from container.machine.memory import memory_available, memory_limit
from container.web.answering import ServedModel

_ALIGNMENT = 4096
_SPARE_BYTES = 64 << 20  # that requests should find, however many models there are
_LOADING_COPIES = 4  # of a file while it is read: itself, maybe packed, and what is written, twice as wide
_SHELF_PARENTS = ("/dev/shm", "/tmp", "/var/tmp")


ModelT = TypeVar("ModelT", bound=ServedModel)


class Loader(NamedTuple, Generic[ModelT]):
    """How a model is loaded from a folder, packed into bytes, and unpacked from them without a copy.

    `load_model(folder, memory_limit)` raises MemoryError where a file of the model takes more than `memory_limit`
    bytes; None is no limit.
    """

    load_model: Callable[[Path, int | None], ModelT]
    pack_model: Callable[[ModelT], Iterable[bytes | memoryview]]
    unpack_model: Callable[[memoryview], ModelT]


class Shelf:
    """The loaded models by name, each a file in `folder`."""

    def __init__(self, folder: Path, loader: Loader[Any]) -> None:
        self._folder = folder
        self._loader = loader

    def load_model(self, name: str, url: str) -> list[str]:
        """Load the model in the folder `url`; it replaces one of the same name from another folder.

        Returns the model's caveats, to be logged. Raises AlreadyLoaded, ModelNotFound where there is no such folder,
        and NoRoom.
        """
        place = self._model_path(name)
        if (found := self._read_facts(place)) and found["modelUrl"] == url:
            raise ModelAlreadyLoaded(f"Model {name} is already registered.")
        if not os.path.isdir(url):
            raise ModelNotFound(f"no folder {url}")
        self._remove_orphans()
        room = self._free_bytes()
        try:
            model = self._loader.load_model(Path(url), room // _LOADING_COPIES)
            parts = list(self._loader.pack_model(model))
        except MemoryError:
            raise NoMemoryForModel(
                f"no room for model {name}: {room >> 20} MB are left, and {_LOADING_COPIES} times its size is needed"
            ) from None
        facts = json.dumps({"modelName": name, "modelUrl": url}).encode()
        header = len(facts).to_bytes(8, "little") + facts
        header += bytes(-len(header) % _ALIGNMENT)
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix=f".{os.getpid()}-", delete=False) as file:
            try:
                os.posix_fallocate(
                    file.fileno(), 0, len(header) + sum(len(memoryview(part).cast("B")) for part in parts)
                )
                for part in (header, *parts):
                    file.write(part)
                file.flush()
                self._publish_file(Path(file.name), place, name, url)
            except OSError as error:
                raise NoMemoryForModel(f"no room for model {name}: {error.strerror}") from None
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(file.name)
        return list(getattr(model, "caveats", ()))

    def _publish_file(self, file: Path, path: Path, name: str, url: str) -> None:
        """Publish a finished file atomically; raise AlreadyLoaded if another worker has just published this model."""
        try:
            os.link(file, path)
        except FileExistsError:
            if (found := self._read_facts(path)) and found["modelUrl"] == url:
                raise ModelAlreadyLoaded(f"Model {name} is already registered.") from None
            os.replace(file, path)

    def open_model(self, name: str) -> ServedModel:
        """Map a model's file and return the model; raise ModelNotFound."""
        try:
            with open(self._model_path(name), "rb", buffering=0) as file:
                content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except FileNotFoundError:
            raise _not_found_error(name) from None
        start = 8 + int.from_bytes(content[:8], "little")
        model: ServedModel = self._loader.unpack_model(content[start + -start % _ALIGNMENT :])
        return model

    def unload_model(self, name: str) -> None:
        """Remove a model; raise ModelNotFound."""
        try:
            os.unlink(self._model_path(name))
        except FileNotFoundError:
            raise _not_found_error(name) from None

    def describe_model(self, name: str) -> dict[str, str]:
        """Return the name and folder of a model; raise ModelNotFound."""
        if facts := self._read_facts(self._model_path(name)):
            return facts
        raise _not_found_error(name)

    def list_models(self) -> list[dict[str, str]]:
        """Return the name and folder of every model, sorted by name."""
        found = (self._read_facts(place) for place in self._folder.glob("[!.]*"))
        return sorted(filter(None, found), key=lambda facts: facts["modelName"])

    def _remove_orphans(self) -> None:
        """Remove the partial files of workers that were killed while writing."""
        for file in self._folder.glob(".*"):
            if not os.path.exists(f"/proc/{file.name[1:].partition('-')[0]}"):
                file.unlink(missing_ok=True)

    def _model_path(self, name: str) -> Path:
        return self._folder / sha256(name.encode("utf-8", "surrogatepass")).hexdigest()

    def _read_facts(self, path: Path) -> dict[str, str] | None:
        try:
            with open(path, "rb", buffering=0) as file:
                content = file.read(_ALIGNMENT)
                size = int.from_bytes(content[:8], "little")
                content += file.read(8 + size - len(content)) if size > len(content) - 8 else b""
        except FileNotFoundError:
            return None
        facts: dict[str, str] = json.loads(content[8 : 8 + size])
        return facts

    def _free_bytes(self) -> int:
        """Return how many bytes are free for a model, in memory and on the disk, less a reserve for requests."""
        return max(0, min(memory_available(), shutil.disk_usage(self._folder).free) - _SPARE_BYTES)


def make_shelf_folder() -> Path:
    """Create a folder for the shelf: in shared memory, unless that is small and a disk has more space."""
    usable = [folder for folder in _SHELF_PARENTS if os.access(folder, os.W_OK)]
    roomy = [folder for folder in usable if shutil.disk_usage(folder).free >= memory_limit() // 4]
    if not usable:
        raise ClientError(f"models cannot be kept anywhere: make one of {', '.join(_SHELF_PARENTS)} writable.")
    return Path(tempfile.mkdtemp(prefix="models-", dir=(roomy or usable)[0]))


def _not_found_error(name: str) -> ModelNotFound:
    return ModelNotFound(f"Model not found: {name}")
