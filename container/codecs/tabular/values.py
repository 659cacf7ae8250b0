"""Arrow arrays of any type as those of a table: float64, or texts.

Tests: tests/container/codecs/test_parquet_table.py.
"""

from typing import Any

NESTED = ("list", "large_list", "fixed_size_list", "struct", "map")
_NUMBERS = ("int", "uint", "halffloat", "float", "double", "decimal")


def read_values(values: Any, as_text: bool = False) -> Any:
    """Return an arrow array (n,) of any type as float64 if it holds numbers, else as a dictionary array of texts."""
    import pyarrow
    from pyarrow import compute

    if isinstance(values, pyarrow.DictionaryArray):
        values = values.dictionary_decode() if not _is_text(values.type.value_type) else values
    kind = str(values.type)
    if kind.startswith(_NUMBERS) and not as_text:
        if kind.startswith(("decimal", "halffloat")):
            values = values.cast(pyarrow.float64() if kind.startswith("decimal") else pyarrow.float32())
        return compute.cast(values, pyarrow.float64(), safe=False)
    if kind.startswith(NESTED) or kind == "null":
        return pyarrow.nulls(len(values), pyarrow.float64())
    if kind.startswith("duration"):
        seconds = compute.cast(values, pyarrow.duration("us"), safe=False).cast(pyarrow.int64())
        return compute.divide(compute.cast(seconds, pyarrow.float64(), safe=False), 1e6)
    texts = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
    if isinstance(values, pyarrow.DictionaryArray):
        return values.cast(texts)
    if kind.startswith("timestamp"):
        clock = values if values.type.tz is None else compute.local_timestamp(values)  # as it is written in text
        values = compute.cast(clock, pyarrow.timestamp("us"), safe=False)
    return compute.dictionary_encode(compute.cast(values, pyarrow.string()))


def _is_text(kind: Any) -> bool:
    return str(kind) in ("string", "large_string", "string_view")
