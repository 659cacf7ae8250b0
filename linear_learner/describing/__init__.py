"""A model described for people: its facts, its portrait, and what it makes of one row."""
