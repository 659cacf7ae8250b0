"""A model described for people."""
