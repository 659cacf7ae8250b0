"""A channel: the files of a folder, read as blocks of labelled rows, once an epoch."""

import os
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

from container.codecs import CODECS, TRAINING_TYPES
from container.codecs.blocks import Block
from container.codecs.media import parse
from container.environment import ChannelConfig
from container.errors import ClientError, DecodeError

DEFAULT_TYPE = "application/x-recordio-protobuf"


class Channel:
    """The data of a channel; each iteration is one epoch, in the order of the files' names.

    Yields blocks (X, y): features (n, d) and labels (n,), float32. Faults of the data are raised as ClientError with
    channel, file and place.
    """

    def __init__(self, config: ChannelConfig, directory: Path) -> None:
        self.name = config.name
        self._directory = directory
        self._media = parse(config.content_type or DEFAULT_TYPE)
        codec = CODECS.get(self._media.name)
        if codec is None or codec.decode_blocks is None:
            raise ClientError(
                f"channel {self.name!r}: expected a ContentType of {' or '.join(TRAINING_TYPES)}, "
                f"found {config.content_type!r}."
            )
        if self._media.parameters.get("label_size") == "0":
            raise ClientError(
                f"channel {self.name!r}: the ContentType says label_size=0, but every row needs a label. "
                "Put the label first and say label_size=1."
            )
        self._decode = codec.decode_blocks
        self._files = self._find_files()
        self._first_rows: list[int] = []

    def place(self, row: int) -> str:
        """Say in which file row `row` of the channel, counted from 1, was last read, and which row it is there."""
        index = bisect_left(self._first_rows, row) - 1
        file = self._files[index].relative_to(self._directory).as_posix()
        return f"row {row - self._first_rows[index]} of file {file!r}"

    def __iter__(self) -> Iterator[Block]:
        features = None
        rows = 0
        self._first_rows = []
        for file in self._files:
            self._first_rows.append(rows)
            try:
                with file.open("rb", buffering=0) as stream:
                    for X, y in self._decode(stream, self._media.parameters, features):
                        features = X.shape[1]
                        rows += len(y)
                        yield X, y
            except DecodeError as error:
                relative = file.relative_to(self._directory).as_posix()
                raise ClientError(error.within(f"channel {self.name!r}", f"file {relative!r}") + ".") from None
            except (FileNotFoundError, PermissionError) as error:
                raise ClientError(f"channel {self.name!r}: {file} cannot be read: {error.strerror}.") from None
        if features is None:
            raise ClientError(f"channel {self.name!r}: none of the {len(self._files)} files has a row.")

    def _find_files(self) -> list[Path]:
        if not self._directory.is_dir():
            raise ClientError(
                f"channel {self.name!r}: the folder {self._directory} does not exist. "
                "Put the data there, or take the channel out of inputdataconfig.json."
            )
        files: list[Path] = []
        for folder, folders, names in os.walk(self._directory):
            folders[:] = filter(_counts, folders)
            files += [Path(folder, name) for name in names if _counts(name)]
        if not files:
            raise ClientError(f"channel {self.name!r}: no files in {self._directory}.")
        return sorted(files, key=lambda file: file.relative_to(self._directory).as_posix())


def _counts(name: str) -> bool:
    return not name.startswith((".", "_"))
