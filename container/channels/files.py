"""The files of a channel: the visible ones, sorted by path, opened plain or decompressed.

Tests: tests/container/channels/test_channel.py.
"""

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from container.contract.errors import ClientError, DecodeError

GZIP_MAGIC = b"\x1f\x8b"


def find_files(directory: Path) -> list[Path]:
    """Return the files below `directory`, sorted by path, without names that begin with a dot or an underscore.

    Returns none if there is no such folder; raises ClientError for a folder that may not be read.
    """
    files: list[Path] = []
    for folder, folders, names in os.walk(directory, onerror=_refuse_unreadable):
        folders[:] = filter(_is_visible, folders)
        files += [Path(folder, name) for name in names if _is_visible(name)]
    return sorted(files, key=lambda file: file.relative_to(directory).as_posix())


@contextmanager
def open_file(file: Path) -> Iterator[BinaryIO]:
    """Open a file for sequential reading; as a GzipFile if it begins with gzip's magic number, whatever its name.

    Raises DecodeError if gzip data is truncated or corrupt, and OSError at once for a FIFO, which is not seekable.
    """
    with open(file, "rb", buffering=0, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as raw:
        if os.pread(raw.fileno(), len(GZIP_MAGIC), 0) != GZIP_MAGIC:
            yield cast(BinaryIO, raw)
            return
        with unpack_gzip(cast(BinaryIO, raw)) as unpacked:
            yield unpacked


@contextmanager
def unpack_gzip(stream: BinaryIO) -> Iterator[BinaryIO]:
    """Open the gzip data of a stream as a GzipFile; raises DecodeError if it is truncated or corrupt."""
    try:
        with gzip.GzipFile(fileobj=stream) as unpacked:
            yield cast(BinaryIO, unpacked)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DecodeError(f"the gzip data is cut short or corrupt: {error}. Compress the file again") from None


def _refuse_unreadable(error: OSError) -> None:
    if isinstance(error, PermissionError):
        raise ClientError(
            f"the folder {error.filename} cannot be read: {error.strerror}. Give user {os.geteuid()} the right to."
        )


def _is_visible(name: str) -> bool:
    return not name.startswith((".", "_"))
