"""Hyperparameters, and the candidates that follow from them."""
