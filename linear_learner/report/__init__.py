"""The report of a job: dataclasses, written as report.json and as a page; and a model described for people."""
