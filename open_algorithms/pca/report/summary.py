"""What report.json says of a job in a few lines, for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any


def describe_report(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield lines about the variance that components explain, from the content of report.json."""
    shares = [f"{name} {found['explained_variance_ratio']:.2%}" for name, found in report["data"]["channels"].items()]
    yield "explained variance: " + ", ".join(shares)
    needed = [
        f"{one['components']} for {one['share']:.0%}" for one in report["needed"] if one["components"] is not None
    ]
    if needed:
        yield f"components: {len(report['components'])}; it takes " + ", ".join(needed) + " of the variance"
