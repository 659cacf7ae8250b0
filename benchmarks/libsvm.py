"""Time libsvm text to a sparse matrix against scikit-learn's reader, which reads the same bytes in the same run."""

from collections.abc import Iterator
from functools import partial
from io import BytesIO

import numpy as np
from sklearn.datasets import load_svmlight_file

from benchmarks.measure import Figure, run_benchmark, shortest_times
from container.codecs import libsvm

REPEATS = 5
SHAPES = (
    ("14 ones of 123", 100_000, 14, 123, "1"),
    ("50 of 1e6, six digits", 20_000, 50, 10**6, "{:.6g}"),
    ("50 of 1e6, all digits", 20_000, 50, 10**6, "{:.16g}"),
)


def make_text(rows: int, values: int, features: int, spelling: str) -> bytes:
    """Draw rows with so many values each, in columns that rise."""
    generator = np.random.default_rng(0)
    indices = np.sort(generator.integers(0, features - values, (rows, values)), axis=1) + np.arange(1, values + 1)
    numbers = generator.standard_normal((rows, values))
    lines = (
        f"{row % 2} " + " ".join(f"{index}:{spelling.format(number)}" for index, number in zip(*pair, strict=True))
        for row, pair in enumerate(zip(indices.tolist(), numbers.tolist(), strict=True))
    )
    return ("\n".join(lines) + "\n").encode()


def read_ours(text: bytes) -> int:
    """Read all blocks; return the number of values."""
    return sum(len(X.data) for X, _ in libsvm.decode_blocks(BytesIO(text), {}, None) if not isinstance(X, np.ndarray))


def read_theirs(text: bytes) -> int:
    """Read with scikit-learn; return the number of values."""
    return int(load_svmlight_file(BytesIO(text), dtype=np.float32, zero_based=False)[0].nnz)


def figures() -> Iterator[Figure]:
    """Measure shape after shape."""
    for name, rows, values, features, spelling in SHAPES:
        text = make_text(rows, values, features, spelling)
        assert read_ours(text) == read_theirs(text)
        best = shortest_times({"ours": partial(read_ours, text), "scikit-learn": partial(read_theirs, text)}, REPEATS)
        subject = f"{name}, {len(text) / 1e6:.0f} MB"
        for who, taken in best.items():
            yield Figure(subject, who, len(text) / 1e6 / taken, "MB/s")
        yield Figure(subject, "our speed of scikit-learn's", best["scikit-learn"] / best["ours"])


if __name__ == "__main__":
    run_benchmark("How fast is libsvm text read?", figures())
