"""CSV: its header, its rows, and what is wrong with a line."""
