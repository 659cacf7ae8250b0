"""The model, and its files."""
