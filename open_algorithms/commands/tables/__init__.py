"""The tables that a command is given."""
