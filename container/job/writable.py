"""Check that outputs can be written by writing a trial file: access(2) always says yes to root.

Tests: tests/contract/test_writable.py.
"""

import errno
import os
import pwd
import shlex
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from container.contract.errors import ClientError

_UNCOPIED_SUFFIX = ".sagemaker-ignore"  # the platform copies some folders all the time, but nothing that ends so
_DISK_FULL_ERRORS = (errno.ENOSPC, errno.EDQUOT)  # which whoever writes more than nothing tells


def check_writable(folders: Iterable[Path], display_name: Callable[[Path], str] = str) -> None:
    """Create and remove a hidden file in each folder, or in its nearest existing parent.

    Raises ClientError with the folder, as `display_name` calls it, the user who may not write there, and a remedy. A
    full disk is no fault here.
    """
    for folder in folders:
        place = folder
        while not os.path.lexists(place):
            place = place.parent
        try:
            with NamedTemporaryFile(dir=place, prefix=".trial-", suffix=_UNCOPIED_SUFFIX):
                pass
        except OSError as error:
            if error.errno not in _DISK_FULL_ERRORS:
                what, name = display_name(folder), display_name(place)
                which = "it" if place == folder else f"{name}, where it is to be made,"
                raise ClientError(
                    f"{what} cannot be written: {which} {_explain_write_error(error, place, name)}"
                ) from None


def check_replaceable(file: Path, display_name: Callable[[Path], str] = str) -> None:
    """Raise ClientError if a folder stands where the file is to be written."""
    if file.is_dir():
        raise ClientError(
            f"{display_name(file)} cannot be written: it is a folder; expected a file or nothing. Move it away."
        )


def _explain_write_error(error: OSError, place: Path, name: str) -> str:
    """Return what is wrong with the place and how to mend it."""
    mine, strerror = os.geteuid(), error.strerror or str(error)
    match error.errno:
        case errno.ENOTDIR:
            return "is a file; expected a folder. Move the file away."
        case errno.ENOENT if place.is_symlink():
            return f"is a link to {os.readlink(place)}, which is not there. Make that, or remove the link."
        case errno.EROFS:
            return f"is mounted read-only (this runs as {_describe_user(mine)}). Mount it so that it can be written to."
        case errno.EACCES | errno.EPERM:
            with suppress(OSError):
                owner = place.stat().st_uid
                advice = f"Let this user write there, or run as {_describe_user(owner)}, to whom it belongs."
                advice = advice if owner != mine else f"Allow it: chmod u+rwx {shlex.quote(name)}"
                return f"may not be written by {_describe_user(mine)}, as whom this runs: {strerror}. {advice}"
    return f"gives {strerror!r} (this runs as {_describe_user(mine)})."


def _describe_user(number: int) -> str:
    """Return the user's number and, if known, name."""
    try:
        return f"user {number} ({pwd.getpwuid(number).pw_name})"
    except KeyError:
        return f"user {number}"
