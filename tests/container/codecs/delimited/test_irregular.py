"""Lines with quotes or blanks are read like all others, to the digit, and refused like all others."""

from io import BytesIO

import numpy as np
import pytest

from container.codecs import csv
from container.contract.errors import DecodeError
from container.rows.blocks import DecodeOptions

BY_NAME = DecodeOptions(lambda names: [names.index("y"), names.index("b")])


@pytest.mark.parametrize("row", [b"1,2,3", b'"1",2,3', b"1,2,3,4,5", b'"1",2,3,4,5'])
def test_a_row_of_another_width_is_refused_although_the_fields_that_are_read_are_there(row: bytes) -> None:
    count = row.count(b",") + 1
    with pytest.raises(DecodeError, match=rf"row 3: expected 4 \(a label and 3 features\) columns, found {count}"):
        list(csv.decode_blocks(BytesIO(b"y,a,b,c\n1,2,3,4\n" + row + b"\n"), {"header": "present"}, None, BY_NAME))


@pytest.mark.parametrize("body", [b"0.1,16777217\n", b'"0.1",16777217\n'])
def test_a_request_that_is_kept_in_float64_loses_no_digit(body: bytes) -> None:
    for keep, dtype in ((True, np.float64), (False, np.float32)):
        (X,) = csv.decode_records(BytesIO(body), {}, 2, DecodeOptions(keep_float64=keep))
        assert X.dtype == dtype
        assert X.tolist() == [[float(dtype(0.1)), float(dtype(16777217))]]
