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

from container.rows.blocks import Block, Sparse

SPARE_BYTES = 1 << 30

_IN_MEMORY = {"tmpfs", "ramfs", "devtmpfs"}


def block_bytes(block: Block) -> int:
    """Return the size of a block in bytes, in memory and in a copy."""
    return sum(array.nbytes for array in _arrays(block))


def copying(blocks: Iterator[Block], size: int, folder: Path | None = None) -> Generator[Block, None, "Copy | None"]:
    """Yield `blocks`, whose total is `size` bytes, and return their copy in a temporary file, in `folder` if given.

    Returns None, with all blocks yielded, if the disk has no space or fails.
    """
    copy = _begin(size, folder)
    for block in blocks:
        if copy is not None:
            try:
                copy.add(block)
            except OSError:
                copy = None
        yield block
    return copy


def room(folder: Path) -> int:
    """Return how many bytes may be written to the disk of `folder`, leaving free a tenth of it and at least 1 GiB.

    Returns 0 for a filesystem in memory; the result may be negative.
    """
    if _filesystem(folder) in _IN_MEMORY:
        return 0
    disk = os.statvfs(folder)
    return disk.f_frsize * disk.f_bavail - max(SPARE_BYTES, disk.f_frsize * disk.f_blocks // 10)


class Copy:
    """Blocks in an unnamed temporary file, written once and read any number of times."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        self._layouts: list[_Layout] = []
        weakref.finalize(self, self._file.close)

    def add(self, block: Block) -> None:
        """Append a block; raise OSError if the disk is full."""
        X, _ = block
        arrays = _arrays(block)
        if os.writev(self._file.fileno(), [array.data for array in arrays]) != block_bytes(block):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._layouts.append(_Layout([(a.dtype, a.shape) for a in arrays], X.shape if isinstance(X, Sparse) else None))

    def __iter__(self) -> Iterator[Block]:
        at = 0
        for parts, sparse in self._layouts:
            arrays = [np.empty(shape, dtype) for dtype, shape in parts]
            at += os.preadv(self._file.fileno(), [array.data for array in arrays], at)
            y, X, *rest = arrays
            yield (X if sparse is None else Sparse(X, rest[0], rest[1], sparse)), y


class _Layout(NamedTuple):
    parts: list[tuple[np.dtype[Any], tuple[int, ...]]]
    sparse: tuple[int, int | None] | None


def _arrays(block: Block) -> list[NDArray[Any]]:
    X, y = block
    return [y, X.data, X.indices, X.indptr] if isinstance(X, Sparse) else [y, X]


def _begin(size: int, folder: Path | None) -> Copy | None:
    with suppress(OSError):
        folder = folder or Path(tempfile.gettempdir())
        if size <= room(folder):
            return Copy(folder)
    return None


def _filesystem(folder: Path) -> str:
    """Return the type of the filesystem that holds `folder`: that of the deepest mount point above it."""
    found = "", Path("/")
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        _, mount, kind, *_ = line.split(" ")
        deeper = Path(mount.replace("\\040", " "))
        if folder.resolve().is_relative_to(deeper) and deeper.is_relative_to(found[1]):
            found = kind, deeper
    return found[0]
