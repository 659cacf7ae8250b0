"""Rows of a table in a request, by column: CSV, JSON and Parquet."""
