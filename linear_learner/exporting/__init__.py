"""A model in the form of other programs."""
