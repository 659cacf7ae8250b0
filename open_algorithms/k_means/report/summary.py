"""What report.json says of a job in a few lines, for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any


def describe_report(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield lines about the clusters and their distances, from the content of report.json."""
    tried = [entry["k"] for entry in report["counts"]]
    chosen = next(entry for entry in report["counts"] if entry["k"] == report["k"])
    told = f"clusters: {report['k']:,}"
    if len(tried) > 1:
        several = f"{len(tried)} numbers from {tried[0]:,} to {tried[-1]:,}"
        told += f", as was asked for, among {several}" if report["asked"] else f", the clearest of {several}"
    if report["k"] > 1:
        told += f"; silhouette {chosen['silhouette']:.3f}"
    yield f"{told}; from {chosen['smallest']:,} to {chosen['largest']:,} rows"
    distances = (f"{name} {found['msd']:.6g}" for name, found in report["data"]["channels"].items())
    explained = report["sample"]["explained"]
    part = "" if explained is None or report["k"] == 1 else f"; {explained:.1%} of the variance of rows explained"
    yield f"mean squared distance: {', '.join(distances)}{part}"
