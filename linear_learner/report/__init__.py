"""The report of a job, as data and as a page."""
