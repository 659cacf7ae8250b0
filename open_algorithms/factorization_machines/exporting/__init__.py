"""A factorization machine in the formats of other programs."""
