"""Names of array types that tell what an array holds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]  # either of the two
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Ints = NDArray[np.integer[Any]]  # of any size
Bools = NDArray[np.bool_]
Numbers = NDArray[np.integer[Any] | np.floating[Any]]
AnyArray = NDArray[Any]  # texts, too, as in a checkpoint
