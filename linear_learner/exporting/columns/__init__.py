"""The raw columns of a table in what is exported."""
