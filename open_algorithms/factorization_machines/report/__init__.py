"""The report of a job: dataclasses, written as report.json and as a page."""
