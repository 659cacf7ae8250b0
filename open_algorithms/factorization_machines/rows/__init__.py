"""Rows as machines learn from them: read, in their units, in whole mini-batches."""
