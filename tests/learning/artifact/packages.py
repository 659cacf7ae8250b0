"""Packages whose members have any names and sizes, true or not."""

import io
import tarfile
import zipfile


def pack_tar(files: list[tuple[str | tarfile.TarInfo, bytes]], format: int = tarfile.PAX_FORMAT) -> bytes:
    """Put members into a gzipped tar, in this order and whatever their names."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", format=format) as tar:
        for name, content in files:
            member = tarfile.TarInfo(name) if isinstance(name, str) else name
            member.size = member.size or len(content)
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def pack_zip(files: list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    """Put entries into a zip, in this order and whatever their names."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return stream.getvalue()
