"""Train a bank of linear models at once, choose the best and calibrate it."""

from open_algorithms import VERSION as __version__

__all__ = ["__version__"]
