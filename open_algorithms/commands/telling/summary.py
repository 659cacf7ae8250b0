"""A summary of a finished job in a few lines, from the report beside its model.

Tests: tests/commands/test_train.py.
"""

import json
import shlex
from pathlib import Path

from open_algorithms.commands.telling.say import program_name
from open_algorithms.doors.algorithms import Algorithm

REPORT, REPORT_PAGE = "report.json", "report.html"


def summarize_job(algorithm: Algorithm, out: Path, data: Path, stated_type: str | None) -> list[str]:
    """Return lines that tell what the algorithm says of the report, the output files, and what to run next on `data`.

    Without a report, only the last two are known.
    """
    folder = shlex.quote(str(out))
    lines, where = [], f"model: {out}; there is no report"
    if (out / REPORT).exists():
        describe_report = algorithm.offered("describe_report") or (lambda report: ())
        lines = list(describe_report(json.loads((out / REPORT).read_text(encoding="utf-8"))))
        where = f"model: {out}; report: {out / (REPORT_PAGE if (out / REPORT_PAGE).exists() else REPORT)}"
    following = f"{program_name()} serve {folder}"
    rows = shlex.quote(str(data)) + (f" --content-type {shlex.quote(stated_type)}" if stated_type else "")
    if not algorithm.card.channels[0].labelled:
        following = f"{following}, or {program_name()} predict {folder} {rows} --out FILE"
    elif algorithm.evaluate is not None:
        following = f"{program_name()} evaluate {folder} {rows}, or {following}"
    return [*lines, where, f"next: {following}"]
