"""Declared hyperparameters."""
