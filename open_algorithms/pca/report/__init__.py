"""The report of a job."""
