"""Time CSV, from a channel to a float32 matrix and its labels, against pyarrow, polars and numpy in the same run."""

import tempfile
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow

from benchmarks.measure import Figure, run_benchmark, shortest_times
from container.channels.channel import Channel
from container.contract.environment import ChannelConfig

ROWS, COLUMNS = 1_000_000, 31
TENTH = 10
REPEATS = 7
NAMES = [f"c{i}" for i in range(COLUMNS)]

Table = tuple[np.ndarray[tuple[int, int], np.dtype[np.float32]], np.ndarray[tuple[int], np.dtype[np.float32]]]


def write_file(file: Path) -> None:
    """Write a label of 0 or 1 and numbers of different sizes, six digits after the point."""
    generator = np.random.default_rng(0)
    features = generator.standard_normal((COLUMNS - 1, ROWS)) * np.geomspace(0.01, 100, COLUMNS - 1)[:, None]
    columns = [generator.integers(0, 2, ROWS), *features.round(6)]
    arrow.write_csv(pa.table(columns, NAMES), file, arrow.WriteOptions(include_header=False))


def ours(file: Path) -> Table:
    """Read through the channel, as a job does."""
    X, y = np.empty((ROWS, COLUMNS - 1), np.float32), np.empty(ROWS, np.float32)
    row = 0
    for block, labels in Channel(ChannelConfig("train", "text/csv"), file.parent):
        X[row : row + len(labels)], y[row : row + len(labels)] = block, labels
        row += len(labels)
    return X, y


def by_pyarrow(file: Path) -> Table:
    """Read with all of pyarrow's threads, as float32 from the start."""
    X, y = np.empty((ROWS, COLUMNS - 1), np.float32), np.empty(ROWS, np.float32)
    table = arrow.read_csv(
        file,
        arrow.ReadOptions(column_names=NAMES),
        convert_options=arrow.ConvertOptions(default_column_type=pa.float32()),
    )
    row = 0
    for batch in table.to_batches():
        y[row : row + len(batch)] = batch.column(0)
        X[row : row + len(batch)] = batch.select(NAMES[1:]).to_tensor().to_numpy()
        row += len(batch)
    return X, y


def by_polars(file: Path) -> Table:
    """Read with all of polars' threads, as float32 from the start."""
    import polars

    frame = polars.read_csv(file, has_header=False, schema=dict.fromkeys(NAMES, polars.Float32))
    return frame[:, 1:].to_numpy(order="c"), frame[:, 0].to_numpy()


def by_numpy(file: Path) -> Table:
    """Read a tenth of the rows."""
    table = np.loadtxt(file, np.float32, delimiter=",", max_rows=ROWS // TENTH)
    return np.ascontiguousarray(table[:, 1:]), table[:, 0].copy()


def figures() -> Iterator[Figure]:
    """Measure each reader, then the ratio to the fastest peer."""
    readers = [ours, by_pyarrow, by_numpy]
    if find_spec("polars"):
        readers.append(by_polars)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "rows.csv")
        write_file(file)
        size = file.stat().st_size / 1e6
        tables = {reader: reader(file) for reader in readers}
        for X, y in tables.values():
            assert np.allclose(X, tables[ours][0][: len(X)], rtol=1e-6, atol=0)
            assert np.array_equal(y, tables[ours][1][: len(y)])
        tables.clear()
        best = shortest_times({reader.__name__: partial(reader, file) for reader in readers}, REPEATS)
    best["by_numpy"] *= TENTH
    subject = f"{ROWS:,} x {COLUMNS}, {size:.0f} MB, to a float32 matrix and its labels"
    for name, taken in best.items():
        yield Figure(subject, name.replace("_", " "), size / taken, "MB/s")
    fastest = min(taken for name, taken in best.items() if name != "ours")
    yield Figure(subject, "our speed of the fastest peer's", fastest / best["ours"], least=0.9)


if __name__ == "__main__":
    run_benchmark("How fast is CSV read?", figures())
