"""What users give, X, y and weights, as what is learned from."""
