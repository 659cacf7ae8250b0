"""Time recordIO to float32, dense against a copy and Amazon's reader, sparse against protobuf, in the same run."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import CHECKOUT, Figure, run_benchmark, shortest_times
from container.channels.channel import Channel
from container.codecs.recordio import decode_blocks, encode_records, encode_sparse_records
from container.codecs.records.framing import read_frame
from container.codecs.records.layout import FEATURES_FIELD, TENSOR_NAME, Layout, find_layout
from container.codecs.records.record_pb2 import Record
from container.contract.environment import ChannelConfig
from open_algorithms.learning.rows.csr import Csr

SDK = CHECKOUT / ".venv" / "sdk" / "bin" / "python"
ROWS, COLUMNS = 250_000, 784
SPARSE_ROWS, SPARSE_COLUMNS, VALUES = 100_000, 1_000_000, 100
CHUNK_ROWS = 10_000
BUFFER_ROWS = 100  # a third of a megabyte
FLOOR = "read(2) into one buffer and from there to the matrix, unchecked"
REPEATS, SPARSE_REPEATS = 15, 5
READ_BY_SDK = """
import sys, time
import numpy as np
from sagemaker.amazon.common import read_records

began = time.perf_counter()
with open(sys.argv[1], "rb") as file:
    records = read_records(file)
X = np.array([record.features["values"].float32_tensor.values for record in records], np.float32)
y = np.array([record.label["values"].float32_tensor.values[0] for record in records], np.float32)
print(time.perf_counter() - began)
"""


def read_into(folder: Path, X: NDArray[np.float32]) -> None:
    """Read a channel into the matrix (n, d)."""
    row = 0
    for block, y in Channel(ChannelConfig("train"), folder):
        X[row : row + len(y)] = block
        row += len(y)
    assert row == len(X)


def read_unchecked(file: Path, layout: Layout, X: NDArray[np.float32]) -> None:
    """Read records of one layout into a small buffer that stays the same, and copy the features (n, d) from there.

    The least that one thread does which reads by read(2).
    """
    buffer = np.empty((BUFFER_ROWS, len(layout.template)), np.uint8)
    features = buffer[:, layout.number_slices[FEATURES_FIELD, TENSOR_NAME]].view(np.float32)
    row = 0
    with file.open("rb", buffering=0) as stream:
        while size := stream.readinto(buffer.data):
            count = size // len(layout.template)
            X[row : row + count] = features[:count]
            row += count
    assert row == len(X)


def decode_file(file: Path) -> None:
    """Read a file and let go of its blocks."""
    with file.open("rb", buffering=0) as stream:
        for _ in decode_blocks(stream, {}, None):
            pass


def read_by_sdk(file: Path) -> float:
    """Read a file by Amazon's reader; return the seconds."""
    result = subprocess.run([SDK, "-c", READ_BY_SDK, file], capture_output=True, text=True, check=True)
    return float(result.stdout.split()[-1])


def measure_dense(folder: Path) -> Iterator[Figure]:
    """Measure what dense records take."""
    table = np.random.default_rng(0).standard_normal((CHUNK_ROWS, COLUMNS + 1), np.float32)
    chunk = encode_records(table[:, 1:], table[:, 0])
    file = folder / "train" / "part"
    file.parent.mkdir()
    with file.open("wb") as output:
        for _ in range(ROWS // CHUNK_ROWS):
            output.write(chunk)
    layout = find_layout(chunk[: len(chunk) // CHUNK_ROWS])
    assert layout is not None
    X = np.zeros((ROWS, COLUMNS), np.float32)
    source = np.ones_like(X)
    works = {
        "copy": lambda: np.copyto(X, source),
        "channel to matrix": lambda: read_into(file.parent, X),
        "decoding alone": lambda: decode_file(file),
        FLOOR: lambda: read_unchecked(file, layout, X),
    }
    best = shortest_times(works, REPEATS)
    subject = f"dense, {ROWS:,} x {COLUMNS}"
    for name, taken in best.items():
        yield Figure(subject, name, X.nbytes / taken / 1e9, "GB/s")
    yield Figure(subject, "channel to matrix, of a copy", best["copy"] / best["channel to matrix"], least=0.4)
    yield Figure(subject, f"{FLOOR}, of a copy", best["copy"] / best[FLOOR])
    if not SDK.exists():
        print("    skipped: sagemaker's read_records; make .venv/sdk/ready builds its environment")
        return
    part = folder / "part"
    part.write_bytes(chunk)
    ratio = read_by_sdk(part) * (ROWS // CHUNK_ROWS) / best["channel to matrix"]
    yield Figure(subject, "our speed of sagemaker's read_records and numpy", ratio, least=50)


def parse_each(file: Path) -> Csr:
    """Read sparse records by protobuf's parser, one by one."""
    data, at = memoryview(file.read_bytes()), 0
    values, keys, labels = [], [], []
    while at < len(data):
        frame = read_frame(data, at, has_ended=True)
        assert frame is not None
        payload, at = frame
        record = Record.FromString(payload)
        tensor = record.features["values"].float32_tensor
        values.append(np.array(tensor.values, np.float32))
        keys.append(np.array(tensor.keys, np.int32))
        labels.append(record.label["values"].float32_tensor.values[0])
    indptr = np.cumsum([0, *map(len, keys)])
    return Csr(np.concatenate(values), np.concatenate(keys), indptr, (len(labels), SPARSE_COLUMNS))


def decode_sparse(file: Path) -> Csr:
    """Read sparse records into one matrix."""
    with file.open("rb", buffering=0) as stream:
        blocks = [X for X, _ in decode_blocks(stream, {}, None) if isinstance(X, Csr)]
    counts = np.concatenate([[0], *(np.diff(X.indptr) for X in blocks)])
    data, indices = np.concatenate([X.data for X in blocks]), np.concatenate([X.indices for X in blocks])
    return Csr(data, indices, np.cumsum(counts), (len(counts) - 1, SPARSE_COLUMNS))


def measure_sparse(folder: Path) -> Iterator[Figure]:
    """Measure what sparse records take."""
    generator = np.random.default_rng(0)
    keys = np.sort(generator.integers(0, SPARSE_COLUMNS - VALUES, (SPARSE_ROWS, VALUES))) + np.arange(VALUES)
    values = generator.standard_normal(keys.size, np.float32)
    indptr = np.arange(SPARSE_ROWS + 1) * VALUES
    X = Csr(values, keys.astype(np.int32).ravel(), indptr, (SPARSE_ROWS, SPARSE_COLUMNS))
    file = folder / "sparse"
    file.write_bytes(encode_sparse_records(X, np.ones(SPARSE_ROWS, np.float32)))
    for read in (decode_sparse, parse_each):
        found = read(file)
        assert np.array_equal(found.data, X.data)
        assert np.array_equal(found.indices, X.indices)
        assert np.array_equal(found.indptr, X.indptr)
    best = shortest_times({"ours": lambda: decode_sparse(file), "each": lambda: parse_each(file)}, SPARSE_REPEATS)
    subject = f"sparse, {SPARSE_ROWS:,} x {SPARSE_COLUMNS:,} with {VALUES} non-zeros a row"
    yield Figure(subject, "to CSR", SPARSE_ROWS / best["ours"], "rows/s")
    yield Figure(subject, "our speed of protobuf's, record by record", best["each"] / best["ours"], least=10)


def figures() -> Iterator[Figure]:
    """Measure both."""
    with tempfile.TemporaryDirectory() as folder:
        yield from measure_dense(Path(folder))
        yield from measure_sparse(Path(folder))


if __name__ == "__main__":
    run_benchmark("How fast is recordIO read?", figures())
