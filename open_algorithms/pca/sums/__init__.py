"""Sums over rows that components follow from, in float64."""
