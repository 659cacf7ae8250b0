"""A summary of a finished job in a few lines, from the report beside its model."""

import json
import shlex
from pathlib import Path

from linear_learner.report.summary import describe_report
from open_algorithms.commands.telling.say import program_name

REPORT, REPORT_PAGE = "report.json", "report.html"


def summarize_job(out: Path, data: Path, stated_type: str | None) -> list[str]:
    """Return lines that tell the model's scores, the winner, the output files, and the next commands to run on `data`.

    Without a report, only the last two are known.
    """
    folder = shlex.quote(str(out))
    if (out / REPORT).exists():
        lines = list(describe_report(json.loads((out / REPORT).read_text(encoding="utf-8"))))
        where = f"model: {out}; report: {out / REPORT_PAGE}"
    else:
        lines, where = [], f"model: {out}; there is no report"
    rows = shlex.quote(str(data)) + (f" --content-type {shlex.quote(stated_type)}" if stated_type else "")
    following = f"{program_name()} evaluate {folder} {rows}, or {program_name()} serve {folder}"
    return [*lines, where, f"next: {following}"]
