"""Find the files of a model: loose in a folder, in an archive there, one folder down, or in a file by itself."""

import os
from pathlib import Path

from open_algorithms.learning.artifact.archives import (
    TAR_ARCHIVE,
    Layout,
    ModelFiles,
    choose_folder,
    read_tar,
    read_zip,
)
from open_algorithms.learning.artifact.folder import open_model_file, read_bounded
from open_algorithms.learning.job.errors import InputError

GZIP_MAGIC = b"\x1f\x8b"


def find_files(path: Path, layout: Layout, memory_limit: int | None = None) -> tuple[ModelFiles, str]:
    """Read a model's files from an archive or a folder; return them and the name of the place that has them.

    A folder is searched for loose files, then `model.tar.gz`, then the original's zip; where it holds none of these,
    its one subfolder that does is searched. Raises InputError that names what was looked for, and MemoryError where a
    file takes more than `memory_limit` bytes once unpacked.
    """
    if path.is_file():
        return read_archive(path, layout, memory_limit), path.name
    found = find_files_in(path, layout, memory_limit, "the model folder")
    if not found and (inner := choose_folder(list_model_folders(path, layout), "the model folder")):
        found = find_files_in(path / inner, layout, memory_limit, f"the folder {inner} in the model folder")
    if found:
        return found
    raise InputError(f"No model found: expected {describe_layout(layout)} in the model folder.")


def describe_layout(layout: Layout) -> str:
    """Name the files of which a model has some: all of its own where the original zips them, else the main one."""
    if not layout.zipped:
        return f"{layout.main} or {TAR_ARCHIVE}"
    others = " and ".join(name for name in layout.limits if name not in (layout.main, *layout.beside))
    return f"{layout.main} with {others}, {TAR_ARCHIVE} or {layout.zipped}"


def find_files_in(
    directory: Path, layout: Layout, memory_limit: int | None, where: str
) -> tuple[ModelFiles, str] | None:
    """Read the model's files from one folder, called `where` in messages; None where it has none."""
    if files := read_loose_files(directory, layout, memory_limit):
        return files, where
    for name, unpack in ((TAR_ARCHIVE, read_tar), (layout.zipped, read_zip)):
        if name and (stream := open_model_file(directory, name)):
            with stream:
                files = unpack(stream, layout, memory_limit)
            return files if name == TAR_ARCHIVE else files | read_beside(directory, layout, memory_limit), name
    return None


def read_beside(directory: Path, layout: Layout, memory_limit: int | None) -> ModelFiles:
    """Read the files that lie beside the zip; those that are not there are left out."""
    files: ModelFiles = {}
    for name in layout.beside:
        if stream := open_model_file(directory, name):
            with stream:
                files[name] = read_bounded(stream, layout.limits[name], name, memory_limit)
    return files


def list_model_folders(directory: Path, layout: Layout) -> list[str]:
    """Return the subfolders that seem to hold a model; links and hidden folders do not count."""
    try:
        with os.scandir(directory) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    kinds = {*layout.markers, TAR_ARCHIVE}
    return [n for n in names if n[0] != "." and any(os.path.lexists(directory / n / kind) for kind in kinds)]


def read_archive(file: Path, layout: Layout, memory_limit: int | None) -> ModelFiles:
    """Read the files in an archive, whatever its name: by its first bytes a gzipped tar, else a zip, or the main file.

    The latter where models of this layout have no zip.
    """
    with file.open("rb") as stream:
        is_tar = stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        stream.seek(0)
        if is_tar:
            return read_tar(stream, layout, memory_limit)
        if layout.zipped:
            return read_zip(stream, layout, memory_limit)
        return {layout.main: read_bounded(stream, layout.limits[layout.main], file.name, memory_limit)}


def read_loose_files(directory: Path, layout: Layout, memory_limit: int | None) -> ModelFiles:
    """Read the loose files of a model; empty where there is no main file, which comes first."""
    files: ModelFiles = {}
    for name, limit in layout.limits.items():
        stream = open_model_file(directory, name)
        if stream is None and name == layout.main:
            break
        if stream is not None:
            with stream:
                files[name] = read_bounded(stream, limit, name, memory_limit)
    return files
