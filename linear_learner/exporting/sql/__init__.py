"""Expressions of SQL over raw columns."""
