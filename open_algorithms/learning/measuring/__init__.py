"""How good scores are: thresholds, tallies of rows, metrics, and how far probabilities are off."""
