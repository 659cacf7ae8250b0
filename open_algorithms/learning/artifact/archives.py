"""The archives of an artifact, gzipped tar and zip: read as a stream with bounded sizes, never unpacked to disk.

Files are matched by exact name, at the top level or in the one top-level folder that holds a model, so that no path is
ever built from a name in the archive.
"""

import io
import struct
import zlib
from collections.abc import Collection, Iterator
from gzip import GzipFile
from tarfile import AREGTYPE, BLOCKSIZE, NUL, REGTYPE, TarError, TarInfo
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from open_algorithms.learning.artifact.folder import CHUNK, read_all
from open_algorithms.learning.job.errors import InputError

PARAMETERS, SYMBOL, ADDITIONAL = "mx-mod-0000.params", "mx-mod-symbol.json", "additional-params.json"
PACKED, ZIPPED = "model.tar.gz", "model_algo-1"
BEGINNINGS = {PARAMETERS, ZIPPED}  # of which a model has one at least
LIMITS = {PARAMETERS: 4 << 30, SYMBOL: 1 << 20, ADDITIONAL: 16 << 20}  # bytes of each file of a model
LARGEST_ZIP = sum(LIMITS.values()) + CHUNK
LARGEST_TAR = 2 * LARGEST_ZIP  # inflated: our own holds the files, and the zip beside them
MEMBERS = 4096
# RuntimeError is what an encrypted entry raises, the senseless are offsets and names.
SENSELESS = (OSError, ValueError, OverflowError, struct.error)
BROKEN_ZIP = (BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error, *SENSELESS)
WITHOUT_CONTENT = b"123456"  # types of members: links, devices, folders, pipes

Files = dict[str, bytearray]


def read_tar(stream: BinaryIO, room: int | None = None) -> Files:
    """Read a model's files from a gzipped tar, or from the original's zip inside it; missing files are left out."""
    folders: set[str] = set()
    try:
        files = read_members(Inflated(stream), room, "", folders)
        if not files.keys() & BEGINNINGS and (folder := choose_folder(folders, PACKED)):
            stream.seek(0)
            files = read_members(Inflated(stream), room, folder, set())
    except (TarError, OSError, EOFError, zlib.error) as error:
        raise InputError(f"{PACKED} cannot be read as a gzipped tar: {error}.") from error
    if ZIPPED not in files:
        return files
    return read_zip(io.BytesIO(bytes(files.pop(ZIPPED))), room)  # BytesIO shares bytes; it would copy a bytearray


def read_members(inflated: "Inflated", room: int | None, folder: str, others: set[str]) -> Files:
    """Read a model's files from one folder of the tar; the zip only where the parameter file is not there by itself.

    Other folders that seem to hold a model are added to `other_folders`.
    """
    files: Files = {}
    seen = set()
    limits = {**LIMITS, ZIPPED: LARGEST_ZIP}
    for member in members(inflated):
        where, name = part_name(member.name.removeprefix("./"))
        if member.type not in (REGTYPE, AREGTYPE) or name not in limits:
            continue
        if where != folder:
            others.update({where} if name in BEGINNINGS else ())
            continue
        if name in seen:
            raise InputError(f"{PACKED} holds {name} twice.")
        seen.add(name)
        if name == ZIPPED and PARAMETERS in files:
            continue
        if name == PARAMETERS:
            files.pop(ZIPPED, None)
        files[name] = read_all(inflated.member, limits[name], f"{name} in {PACKED}", room)
    return files


def part_name(name: str) -> tuple[str, str]:
    """Split the name of a file at the top level or one folder below into folder and file; ("", "") for any other."""
    folder, slash, file = name.rpartition("/")
    if slash and ("/" in folder or folder in ("", ".", "..")):
        return "", ""
    return folder, file


def choose_folder(folders: Collection[str], what: str) -> str:
    """Return the one folder that holds a model, empty where there is none; raise InputError where there are several."""
    if len(folders) > 1:
        raise InputError(f"{what} holds several models, in {', '.join(sorted(folders))}. Put one at the top.")
    return next(iter(folders), "")


def members(inflated: "Inflated") -> Iterator[TarInfo]:
    """Yield each member when its content is next in the stream, then read to gzip's checksum at the end."""
    for _ in range(MEMBERS):
        header = inflated.read(BLOCKSIZE)
        if not header.strip(NUL):
            while inflated.read(CHUNK):
                pass
            return
        member = TarInfo.frombuf(header, "utf-8", "surrogateescape")
        size = 0 if member.type in WITHOUT_CONTENT else member.size
        if size < 0:
            raise TarError(f"a member of {size} bytes")
        inflated.member = Part(inflated, size)
        yield member
        inflated.member.skip(-size % BLOCKSIZE)
    raise InputError(f"{PACKED} holds too many members: expected at most {MEMBERS}.")


class Inflated:
    """A gzip stream that inflates at most LARGEST_TAR bytes."""

    def __init__(self, stream: BinaryIO) -> None:
        """Start at the first byte."""
        self.stream = GzipFile(fileobj=stream)
        self.left = LARGEST_TAR
        self.member = Part(self, 0)

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, fewer only at the end."""
        content = self.stream.read(size)
        self.left -= len(content)
        if self.left < 0:
            raise InputError(f"{PACKED} is too large: expected at most {LARGEST_TAR} bytes once inflated.")
        return content


class Part:
    """The content of a tar member: the next `bytes_left` bytes of the stream, all of which must be there."""

    def __init__(self, stream: Inflated, left: int) -> None:
        """Start where the stream stands."""
        self.stream = stream
        self.left = left

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none once all are read."""
        content = self.stream.read(min(size, self.left))
        if not content and size and self.left:
            raise EOFError(f"it ends {self.left} bytes before a member's end")
        self.left -= len(content)
        return content

    def skip(self, padding: int) -> None:
        """Read and discard the remaining bytes and `padding` more."""
        self.left += padding
        while self.read(CHUNK):
            pass


def read_zip(stream: BinaryIO, room: int | None = None) -> Files:
    """Read a model's files from the original's zip; missing files are left out."""
    files: Files = {}
    try:
        with ZipFile(Sips(stream)) as archive:
            entries = [(*part_name(entry.filename), entry) for entry in archive.infolist()]
            folders = {where for where, name, _ in entries if name == PARAMETERS}
            folder = "" if "" in folders else choose_folder(folders, ZIPPED)
            for where, name, entry in entries:
                if where != folder or name not in LIMITS:
                    continue
                if name in files:
                    raise InputError(f"{ZIPPED} holds {name} twice.")
                if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                    raise InputError(f"{name} in {ZIPPED} is compressed by another method than deflate.")
                with archive.open(entry) as content:
                    files[name] = read_all(content, LIMITS[name], f"{name} in {ZIPPED}", room)
    except InputError:
        raise
    except BROKEN_ZIP as error:
        raise InputError(f"{ZIPPED} cannot be read as a zip: {error}.") from error
    return files


class Sips:
    """The file of a zip, limited to CHUNK bytes a read, so that a forged size cannot make zipfile allocate it."""

    def __init__(self, stream: BinaryIO) -> None:
        """Read from `stream`."""
        self.seek, self.tell, self.seekable = stream.seek, stream.tell, stream.seekable
        self.stream = stream

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, up to CHUNK where `size` is negative; raise BadZipFile for a larger size."""
        if size > CHUNK:
            raise BadZipFile(f"it announces a table of {size} bytes")
        return self.stream.read(CHUNK if size < 0 else size)
