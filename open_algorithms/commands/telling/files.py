"""Write the output of a command: completely or not at all.

Tests: tests/commands/test_export.py, tests/commands/test_main.py.
"""

import os
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile

from open_algorithms.commands.telling.faults import CommandError


def write_output(content: bytes, out: Path | None) -> None:
    """Write to a file, replaced atomically, or to stdout; a device or a FIFO is written directly."""
    if out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        if out.exists() and not out.is_file():
            out.write_bytes(content)
        else:
            replace_file(content, out.resolve())
    except OSError as error:
        raise CommandError(f"{out} cannot be written: {error.strerror}.") from error


def replace_file(content: bytes, out: Path) -> None:
    """Write a temporary file in the same folder and rename it over `out`."""
    with NamedTemporaryFile(dir=out.parent, prefix=f".{out.name}.", delete=False) as file:
        try:
            file.write(content)
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
