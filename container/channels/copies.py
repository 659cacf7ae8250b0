"""A decoded copy of an epoch on local disk, so that later epochs read at disk speed."""

import errno
import os
import tempfile
import weakref
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from container.rows.blocks import Block
from open_algorithms.learning.rows.csr import Csr

SPARE_BYTES = 1 << 30

_MEMORY_FILESYSTEMS = {"tmpfs", "ramfs", "devtmpfs"}


def block_bytes(block: Block) -> int:
    """Return the size of a block in bytes, in memory and in a copy."""
    return sum(array.nbytes for array in _block_arrays(block))


def copy_while_reading(blocks: Iterator[Block], size: int) -> Generator[Block, None, "DiskCopy | None"]:
    """Yield `blocks`, whose total is `size` bytes, and return their copy in a temporary file.

    Returns None, with all blocks yielded, if the disk has no space or fails.
    """
    copy = _start_copy(size)
    for block in blocks:
        if copy is not None:
            try:
                copy.append_block(block)
            except OSError:
                copy = None
        yield block
    return copy


def writable_bytes(folder: Path) -> int:
    """Return how many bytes may be written to the disk of `folder`, leaving free a tenth of it and at least 1 GiB.

    Returns 0 for a filesystem in memory; the result may be negative.
    """
    if _filesystem_type(folder) in _MEMORY_FILESYSTEMS:
        return 0
    disk = os.statvfs(folder)
    return disk.f_frsize * disk.f_bavail - max(SPARE_BYTES, disk.f_frsize * disk.f_blocks // 10)


class DiskCopy:
    """Blocks in an unnamed temporary file, written once and read any number of times."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        self._block_layouts: list[_BlockLayout] = []
        weakref.finalize(self, self._file.close)

    def append_block(self, block: Block) -> None:
        """Append a block; raise OSError if the disk is full."""
        X, _ = block
        arrays = [np.ascontiguousarray(array) for array in _block_arrays(block)]
        if os.writev(self._file.fileno(), [array.data for array in arrays]) != block_bytes(block):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._block_layouts.append(
            _BlockLayout([(a.dtype, a.shape) for a in arrays], X.shape if isinstance(X, Csr) else None)
        )

    def __iter__(self) -> Iterator[Block]:
        at = 0
        for parts, sparse in self._block_layouts:
            arrays = [np.empty(shape, dtype) for dtype, shape in parts]
            at += os.preadv(self._file.fileno(), [array.data for array in arrays], at)
            y, X, *rest = arrays
            yield (X if sparse is None else Csr(X, rest[0], rest[1], sparse)), y


class _BlockLayout(NamedTuple):
    parts: list[tuple[np.dtype[Any], tuple[int, ...]]]
    sparse: tuple[int, int | None] | None


def _block_arrays(block: Block) -> list[NDArray[Any]]:
    X, y = block
    return [y, X.data, X.indices, X.indptr] if isinstance(X, Csr) else [y, X]


def _start_copy(size: int) -> DiskCopy | None:
    with suppress(OSError):
        folder = Path(tempfile.gettempdir())
        if size <= writable_bytes(folder):
            return DiskCopy(folder)
    return None


def _filesystem_type(folder: Path) -> str:
    """Return the type of the filesystem that holds `folder`: that of the deepest mount point above it."""
    found = "", Path("/")
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        _, mount, kind, *_ = line.split(" ")
        deeper = Path(mount.replace("\\040", " "))
        if folder.resolve().is_relative_to(deeper) and deeper.is_relative_to(found[1]):
            found = kind, deeper
    return found[0]
