"""Write the output of a command: completely or not at all.

Tests: tests/commands/test_export.py, tests/commands/test_main.py.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from gzip import GzipFile
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, cast

from open_algorithms.commands.telling.faults import CommandError

PACKED_SUFFIX, PACKED_LEVEL = ".gz", 6


def write_output(content: bytes, out: Path | None) -> None:
    """Write to a file, replaced atomically, or to stdout; a device or a FIFO is written directly."""
    with open_output(out) as write:
        write(content)


@contextmanager
def open_output(out: Path | None) -> Iterator[Callable[[bytes], object]]:
    """Open a file, which is there as a whole at the end and not before, or stdout, and return what writes a part.

    A device or a FIFO is written directly, a file whose name ends in .gz is compressed.
    """
    if out is None:
        sys.stdout.flush()
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    is_device = out.exists() and not out.is_file()
    with name_output(out), out.open("wb") if is_device else open_replacement(out.resolve()) as file:
        if out.suffix == PACKED_SUFFIX:
            with GzipFile("", "wb", PACKED_LEVEL, file, mtime=0) as packed:
                yield packed.write
        else:
            yield file.write


@contextmanager
def name_output(out: Path) -> Iterator[None]:
    """Raise CommandError where the output cannot be written."""
    try:
        yield
    except OSError as error:
        raise CommandError(f"{out} cannot be written: {error.strerror}.") from error


def replace_file(content: bytes, out: Path) -> None:
    """Write a temporary file in the same folder and rename it over `out`."""
    with open_replacement(out) as file:
        file.write(content)


def replace_files(contents: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a folder by their names, none of them unless all can be written."""
    with ExitStack() as stack:
        for name, content in contents.items():
            file = stack.enter_context(open_replacement(folder / name))
            file.write(content)
            file.flush()


@contextmanager
def open_replacement(out: Path) -> Iterator[BinaryIO]:
    """Open a temporary file in the same folder, and rename it over `out` unless an error is raised."""
    with NamedTemporaryFile(dir=out.parent, prefix=f".{out.name}.", delete=False) as file:
        try:
            yield cast(BinaryIO, file)
            file.flush()
            os.chmod(file.name, 0o666 & ~current_umask())
            os.replace(file.name, out)
        except BaseException:
            os.unlink(file.name)
            raise


def current_umask() -> int:
    """Return the process's umask; it can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
