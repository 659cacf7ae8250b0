"""Requests against the service's own model."""

import math
import re
from collections.abc import Iterator
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

PRINTABLE = r"[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]"  # every character but those of control, says Unicode


def create_algorithm_shape() -> Any:
    """What the service takes as CreateAlgorithm."""
    service = botocore.session.get_session().get_service_model("sagemaker")
    return service.operation_model("CreateAlgorithm").input_shape


def breaches(value: Any, shape: Any, place: str = "") -> Iterator[str]:
    """Name what breaks the bounds that botocore's own validator passes over: max, pattern and enum."""
    metadata = shape.metadata
    size = len(value) if isinstance(value, str | list | dict) else value
    if size > metadata.get("max", math.inf):
        yield f"{place}: {size} > {metadata['max']}"
    match shape.type_name:
        case "structure":
            for name, member in value.items():
                yield from breaches(member, shape.members[name], f"{place}.{name}")
        case "list":
            for i, member in enumerate(value):
                yield from breaches(member, shape.member, f"{place}[{i}]")
        case "map":
            for name, member in value.items():
                yield from breaches(name, shape.key, f"{place} {name}")
                yield from breaches(member, shape.value, f"{place}.{name}")
        case "string":
            pattern = metadata.get("pattern", "(?s:.*)").replace(PRINTABLE, r"[^\x00-\x1f\x7f-\x9f]")
            if not re.fullmatch(pattern, value):
                yield f"{place}: {value!r} is not {pattern}"
            if shape.enum and value not in shape.enum:
                yield f"{place}: {value!r} is none of {shape.enum}"


def faults(asked: dict[str, Any], shape: Any) -> list[str]:
    report = ParamValidator().validate(asked, shape).generate_report()
    return [*report.splitlines(), *([] if report else breaches(asked, shape))]
