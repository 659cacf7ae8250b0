"""How much of the variance components keep."""
