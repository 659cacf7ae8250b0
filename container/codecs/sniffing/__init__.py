"""Guesses of a format from the first bytes."""
