"""The losses and scores in a log."""

import json
import re
from typing import Any

Figures = dict[tuple[Any, ...], float]


def read_figures(log: str) -> Figures:
    """Take every loss and score from a log, by what it is of."""
    found: Figures = {}
    for line in log.splitlines():
        if line.startswith("#metrics "):
            document = json.loads(line.removeprefix("#metrics "))
            where = document["Dimensions"]
            if "model" in where:
                found |= {
                    (where["epoch"], where["model"], name): metric["sum"]
                    for name, metric in document["Metrics"].items()
                }
        elif quality := re.search(r"#quality_metric: host=[^,]+,(?: epoch=(\d+),)? (.*)=(\S+)$", line):
            found[quality[1], quality[2]] = float(quality[3])
    return found
