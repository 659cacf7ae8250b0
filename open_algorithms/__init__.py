"""Open algorithms for tables: the command line, and what they share."""

VERSION = "0.1.0"
