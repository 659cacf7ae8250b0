"""Write arrays in MXNet's own file format.

Tests: tests/linear_learner/artifact/test_write.py.
"""

import errno
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from open_algorithms.learning.engine.mxnet import mx
from open_algorithms.learning.types.arrays import Floats


def save_arrays(file: Path, arrays: Mapping[str, Floats]) -> None:
    """Write arrays by name, as float32; raise OSError ENOSPC where MXNet only reports an incomplete write."""
    copies = {name: mx.nd.from_numpy(np.array(array, np.float32, order="C")) for name, array in arrays.items()}
    try:
        mx.nd.save(str(file), copies)
    except mx.MXNetError as error:
        if "Write incomplete" not in str(error):
            raise
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file)) from None
