"""Access to the files of a model folder: only regular files inside it, and only up to a given size."""

import os
import stat
from pathlib import Path
from typing import BinaryIO, Protocol

from open_algorithms.learning.job.errors import InputError

CHUNK = 1 << 20


class Readable(Protocol):
    """A source of bytes."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; empty at the end."""


def open_model_file(directory: Path, name: str) -> BinaryIO | None:
    """Open a file of the folder; None where it does not exist.

    Symbolic links are followed inside the folder. Raises InputError for a link that leads out of it, for anything but
    a regular file (which is not opened: opening a FIFO blocks), and for a file that cannot be opened.
    """
    try:
        path = (directory / name).resolve()
        if not path.is_relative_to(directory.resolve()):
            raise InputError(f"{name} is a link that leads out of the model folder; put the file itself there.")
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(f"{name} in the model folder is not a regular file.")
        return os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        raise InputError(f"{name} in the model folder cannot be opened: {error}.") from error


def read_bounded(stream: Readable, limit: int, what: str, memory_limit: int | None = None) -> bytearray:
    """Read to the end of the stream.

    Raises InputError for more than `limit` bytes and MemoryError for more than `memory_limit`, if that is given and
    lower. At most one byte more than the bound is held.
    """
    most = limit if memory_limit is None else min(limit, memory_limit)
    content = bytearray()
    while chunk := stream.read(min(CHUNK, most + 1 - len(content))):
        content += chunk
    if len(content) > most:
        if most < limit:
            raise MemoryError(f"{what} is larger than {most} bytes, for which there is memory")
        raise InputError(f"{what} is too large: expected at most {limit} bytes.")
    return content
