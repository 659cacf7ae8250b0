"""A training within the caller's process."""
