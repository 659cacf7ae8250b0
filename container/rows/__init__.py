"""Blocks of rows and the columns that they have."""
