"""The words of the command line, as values."""
