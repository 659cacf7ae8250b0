"""A training job: from channels to a result."""
