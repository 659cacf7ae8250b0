"""Algorithms as estimators of scikit-learn: in the memory of the caller's process."""
