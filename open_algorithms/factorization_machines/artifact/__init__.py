"""A factorization machine, as a file and as an answer."""
