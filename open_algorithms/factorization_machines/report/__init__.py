"""The report of a training job."""
