"""The model: what it answers, and how it is written and read."""
