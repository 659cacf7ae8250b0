"""Whole requests, read by a codec as the server reads them."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np

from container.codecs.registry import REQUEST_DECODERS
from container.rows.blocks import Features
from open_algorithms.learning.rows.csr import Csr, compress_matrix


def decode_body(kind: str, body: bytes, parameters: Mapping[str, str], features: int) -> Any:
    """Read a body and put its pieces under one another, sparse if one of them is."""
    return stack_rows(list(REQUEST_DECODERS[kind](BytesIO(body), parameters, features)), features)


def stack_rows(parts: list[Features], features: int) -> Features:
    """Put rows under one another."""
    if not any(isinstance(part, Csr) for part in parts):
        return np.concatenate([np.empty((0, features), np.float32), *parts])
    rows = [part if isinstance(part, Csr) else compress_matrix(part) for part in parts]
    indptr = np.cumsum(np.concatenate([[0], *(np.diff(part.indptr) for part in rows)]))
    data, indices = np.concatenate([part.data for part in rows]), np.concatenate([part.indices for part in rows])
    return Csr(data, indices, indptr, (len(indptr) - 1, features))
