"""Records as protobuf has them, for the tests of what is read out of them."""

from typing import Any

from container.codecs.records.record_pb2 import Record


def record(values: Any = (1, 2), label: Any = (1,), kind: str = "float32_tensor", **tensor: Any) -> Record:
    """Make a record of one tensor, whose keys and shape may be given; a label None is none."""
    made = Record()
    getattr(made.features["values"], kind).values.extend(values)
    for name, content in tensor.items():
        getattr(getattr(made.features["values"], kind), name).extend(content)
    if label is not None:
        made.label["values"].float32_tensor.values.extend(label)
    return made
