"""Time an epoch through a FIFO against one from the file of the same bytes, to a matrix in memory, in the same run.

The writer, a process of its own, moves the file's pages into the FIFO without copying them, so that it takes next to
nothing from the machine that is timed.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import Figure, run_benchmark
from container.channels.channel import Channel
from container.channels.fifos import next_fifo_path
from container.codecs.recordio import encode_records
from container.contract.environment import ChannelConfig

RECORDIO, CSV = "application/x-recordio-protobuf", "text/csv"
WRITER = """
import os, sys
source, sink = os.open(sys.argv[1], os.O_RDONLY), os.open(sys.argv[2], os.O_WRONLY)
while os.splice(source, sink, 1 << 20):
    pass
"""
TIMES = {RECORDIO: 7, CSV: 3}
START_SECONDS = 0.2
CHUNK_ROWS = 10_000


def write_file(file: Path, content_type: str, rows: int, columns: int) -> None:
    """Write a file of `rows` rows of a label and features."""
    table = np.random.default_rng(0).standard_normal((CHUNK_ROWS, columns), np.float32)
    if content_type == RECORDIO:
        chunk = encode_records(table[:, 1:], table[:, 0])
    else:
        chunk = "".join(",".join(map(repr, row)) + "\n" for row in table.astype(float).round(6).tolist()).encode()
    with file.open("wb") as output:
        for _ in range(rows // CHUNK_ROWS):
            output.write(chunk)


def read_epoch(channel: Channel, X: NDArray[np.float32]) -> float:
    """Read an epoch into the matrix (n, d); return the seconds."""
    began = time.perf_counter()
    row = 0
    for block, y in channel:
        X[row : row + len(y)] = block
        row += len(y)
    assert row == len(X)
    return time.perf_counter() - began


def read_piped_epoch(channel: Channel, X: NDArray[np.float32], file: Path) -> float:
    """Read an epoch that another process pipes from `file`; return the seconds."""
    fifo = next_fifo_path(file.parent)
    os.mkfifo(fifo)
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(file), str(fifo)])
    time.sleep(START_SECONDS)
    seconds = read_epoch(channel, X)
    writer.wait()
    fifo.unlink()
    return seconds


def figures() -> Iterator[Figure]:
    """Measure format after format."""
    for content_type, rows, columns in ((RECORDIO, 250_000, 785), (CSV, 400_000, 61)):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "train", "part")
            file.parent.mkdir()
            write_file(file, content_type, rows, columns)
            X = np.zeros((rows, columns - 1), np.float32)
            pairs = [
                (
                    read_epoch(Channel(ChannelConfig("train", content_type), file.parent), X),
                    read_piped_epoch(Channel(ChannelConfig("train", content_type, "Pipe"), file.parent), X, file),
                )
                for _ in range(TIMES[content_type])
            ]
            whole, piped = (min(times) for times in zip(*pairs, strict=True))
            size = file.stat().st_size
        subject = f"{content_type}, {size / 1e6:,.0f} MB"
        yield Figure(subject, "File", size / whole / 1e9, "GB/s")
        yield Figure(subject, "Pipe", size / piped / 1e9, "GB/s")
        yield Figure(subject, "Pipe's speed of File's", whole / piped, least=0.8)


if __name__ == "__main__":
    run_benchmark("How fast is an epoch through a FIFO?", figures())
