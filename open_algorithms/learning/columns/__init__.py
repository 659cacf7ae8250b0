"""Columns of a table as people write them, and how each becomes features."""
