"""The archives of an artifact, gzipped tar and zip: read as a stream with bounded sizes, never unpacked to disk.

Files are matched by exact name, at the top level or in the one top-level folder that holds a model, so that no path is
ever built from a name in the archive.
"""

import io
import struct
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from gzip import GzipFile
from tarfile import AREGTYPE, BLOCKSIZE, NUL, REGTYPE, TarError, TarInfo
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from open_algorithms.learning.artifact.folder import CHUNK, read_bounded
from open_algorithms.learning.job.errors import InputError

PARAMETERS_FILE, SYMBOL_FILE, ADDITIONAL_FILE = "mx-mod-0000.params", "mx-mod-symbol.json", "additional-params.json"
NETWORK_PARAMETERS, NETWORK_SYMBOL, NETWORK_SETTINGS = "params", "symbol.json", "meta.json"
SEEN_FILE = "seen-pairs.bin"
TAR_ARCHIVE, ORIGINAL_FILE = "model.tar.gz", "model_algo-1"  # the original's one file: a zip, or arrays


@dataclass(frozen=True)
class Layout:
    """The files of a model: of each the most bytes; `main` is the one that every model has.

    `zipped` is the name of the zip in which the original keeps the same files; empty where it has none. Those of
    the files in `beside` lie beside the zip and not in it.
    """

    limits: Mapping[str, int]
    main: str
    zipped: str = ""
    beside: tuple[str, ...] = ()

    @property
    def markers(self) -> set[str]:
        """The files of which a model has one at least."""
        return {self.main, self.zipped} - {""}

    @property
    def largest_zip(self) -> int:
        """The most bytes of the zip."""
        return sum(self.limits.values()) + CHUNK

    @property
    def largest_tar(self) -> int:
        """The most bytes of a tar once it is inflated: our own holds the files, and the zip beside them."""
        return 2 * self.largest_zip


MODULE_FILES = Layout(
    {PARAMETERS_FILE: 4 << 30, SYMBOL_FILE: 1 << 20, ADDITIONAL_FILE: 16 << 20}, PARAMETERS_FILE, ORIGINAL_FILE
)
ARRAY_FILES = Layout({ORIGINAL_FILE: 4 << 30, ADDITIONAL_FILE: 256 << 20}, ORIGINAL_FILE)
NETWORK_FILES = Layout(
    {
        NETWORK_PARAMETERS: 4 << 30,
        NETWORK_SYMBOL: 1 << 20,
        NETWORK_SETTINGS: 1 << 20,
        ADDITIONAL_FILE: 256 << 20,
        SEEN_FILE: 256 << 20,
    },
    NETWORK_PARAMETERS,
    ORIGINAL_FILE,
    (ADDITIONAL_FILE, SEEN_FILE),
)
MAX_MEMBERS = 4096
# RuntimeError is what an encrypted entry raises, the senseless are offsets and names.
OFFSET_ERRORS = (OSError, ValueError, OverflowError, struct.error)
ZIP_ERRORS = (BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error, *OFFSET_ERRORS)
CONTENTLESS_TYPES = b"123456"  # types of members: links, devices, folders, pipes

ModelFiles = dict[str, bytearray]


def read_tar(stream: BinaryIO, layout: Layout, memory_limit: int | None = None) -> ModelFiles:
    """Read a model's files from a gzipped tar, or from the original's zip inside it; missing files are left out."""
    folders: set[str] = set()
    try:
        files = read_member_files(BoundedGzip(stream, layout.largest_tar), layout, memory_limit, "", folders)
        if not files.keys() & layout.markers and (folder := choose_folder(folders, TAR_ARCHIVE)):
            stream.seek(0)
            files = read_member_files(BoundedGzip(stream, layout.largest_tar), layout, memory_limit, folder, set())
    except (TarError, OSError, EOFError, zlib.error) as error:
        raise InputError(f"{TAR_ARCHIVE} cannot be read as a gzipped tar: {error}.") from error
    if layout.zipped not in files:
        return files
    zipped = io.BytesIO(bytes(files.pop(layout.zipped)))  # BytesIO shares bytes; it would copy a bytearray
    return read_zip(zipped, layout, memory_limit) | {name: files[name] for name in files if name in layout.beside}


def read_member_files(
    inflated: "BoundedGzip", layout: Layout, memory_limit: int | None, folder: str, other_folders: set[str]
) -> ModelFiles:
    """Read a model's files from one folder of the tar; the zip only where the main file is not there by itself.

    Other folders that seem to hold a model are added to `other_folders`.
    """
    files: ModelFiles = {}
    seen = set()
    limits = {layout.zipped: layout.largest_zip, **layout.limits}
    for member in tar_members(inflated):
        where, name = split_name(member.name.removeprefix("./"))
        if member.type not in (REGTYPE, AREGTYPE) or not name or name not in limits:
            continue
        if where != folder:
            other_folders.update({where} if name in layout.markers else ())
            continue
        if name in seen:
            raise InputError(f"{TAR_ARCHIVE} holds {name} twice.")
        seen.add(name)
        if name == layout.zipped and layout.main in files:
            continue
        if name == layout.main:
            files.pop(layout.zipped, None)
        files[name] = read_bounded(inflated.member, limits[name], f"{name} in {TAR_ARCHIVE}", memory_limit)
    return files


def split_name(name: str) -> tuple[str, str]:
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


def tar_members(inflated: "BoundedGzip") -> Iterator[TarInfo]:
    """Yield each member when its content is next in the stream, then read to gzip's checksum at the end."""
    for _ in range(MAX_MEMBERS):
        header = inflated.read(BLOCKSIZE)
        if not header.strip(NUL):
            while inflated.read(CHUNK):
                pass
            return
        member = TarInfo.frombuf(header, "utf-8", "surrogateescape")
        size = 0 if member.type in CONTENTLESS_TYPES else member.size
        if size < 0:
            raise TarError(f"a member of {size} bytes")
        inflated.member = MemberContent(inflated, size)
        yield member
        inflated.member.skip_rest(-size % BLOCKSIZE)
    raise InputError(f"{TAR_ARCHIVE} holds too many members: expected at most {MAX_MEMBERS}.")


class BoundedGzip:
    """A gzip stream that inflates at most `limit` bytes."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        """Start at the first byte."""
        self.stream = GzipFile(fileobj=stream)
        self.limit = self.bytes_left = limit
        self.member = MemberContent(self, 0)

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, fewer only at the end."""
        content = self.stream.read(size)
        self.bytes_left -= len(content)
        if self.bytes_left < 0:
            raise InputError(f"{TAR_ARCHIVE} is too large: expected at most {self.limit} bytes once inflated.")
        return content


class MemberContent:
    """The content of a tar member: the next `bytes_left` bytes of the stream, all of which must be there."""

    def __init__(self, stream: BoundedGzip, left: int) -> None:
        """Start where the stream stands."""
        self.stream = stream
        self.bytes_left = left

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none once all are read."""
        content = self.stream.read(min(size, self.bytes_left))
        if not content and size and self.bytes_left:
            raise EOFError(f"it ends {self.bytes_left} bytes before a member's end")
        self.bytes_left -= len(content)
        return content

    def skip_rest(self, padding: int) -> None:
        """Read and discard the remaining bytes and `padding` more."""
        self.bytes_left += padding
        while self.read(CHUNK):
            pass


def read_zip(stream: BinaryIO, layout: Layout, memory_limit: int | None = None) -> ModelFiles:
    """Read a model's files from the original's zip; missing files are left out, and what lies beside the zip."""
    files: ModelFiles = {}
    try:
        with ZipFile(CappedReader(stream)) as archive:
            entries = [(*split_name(entry.filename), entry) for entry in archive.infolist()]
            folders = {where for where, name, _ in entries if name == layout.main}
            folder = "" if "" in folders else choose_folder(folders, layout.zipped)
            for where, name, entry in entries:
                if where != folder or name not in layout.limits or name in layout.beside:
                    continue
                if name in files:
                    raise InputError(f"{layout.zipped} holds {name} twice.")
                if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                    raise InputError(f"{name} in {layout.zipped} is compressed by another method than deflate.")
                with archive.open(entry) as content:
                    files[name] = read_bounded(content, layout.limits[name], f"{name} in {layout.zipped}", memory_limit)
    except InputError:
        raise
    except ZIP_ERRORS as error:
        raise InputError(f"{layout.zipped} cannot be read as a zip: {error}.") from error
    return files


class CappedReader:
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
