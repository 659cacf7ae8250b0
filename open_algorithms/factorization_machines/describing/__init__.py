"""A model told to people: facts, pairs, shares."""
