"""Rows without a label on their way to a file of predictions."""
