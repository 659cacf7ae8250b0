"""The formats of data, and rows written in two of them."""

from io import BytesIO
from typing import Any

import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet as pq

CSV, RECORDIO, PARQUET, LIBSVM = "text/csv", "application/x-recordio-protobuf", "application/x-parquet", "text/libsvm"
JSON, JSONLINES = "application/json", "application/jsonlines"


def encode_parquet(X: NDArray[Any], y: NDArray[Any]) -> bytes:
    """Write the label and each feature as a column."""
    columns = {"label": y} | {f"feature {i}": column for i, column in enumerate(X.T)}
    file = BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def encode_libsvm(X: NDArray[Any], y: NDArray[Any]) -> bytes:
    """Write the values that are not zero with their indices from 1."""
    rows = ([f"{i}:{value}" for i, value in enumerate(row, 1) if value] for row in X.tolist())
    return "".join(f"{label:g} {' '.join(row)}\n" for label, row in zip(y, rows, strict=True)).encode()
